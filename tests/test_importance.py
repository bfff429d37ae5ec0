"""Importance of properties, with formulas whose important property is known."""

import numpy as np
import optuna
import pytest

from dashboards.importance import FEWEST, importance, importance_figure, properties
from search.evaluation.objective import Result
from search.references.catalogue import references
from search.references.pixels import Pixels
from search.sampling.samplers import SeededByRank
from search.sampling.space import Space, pixel_scale
from search.trials.lifecycle import ask, tell
from search.trials.queue import enqueue
from storage.candidates import candidates_frame
from storage.records import trials_frame
from tests.conftest import toy_pictures

NOISE = 0.005
BOTH = ("range", "thermometer")


def low(part):
    return -0.001 * abs(part.values[0] - 60)


# For each property, a formula for the value that depends on this property only.
FORMULAS = {
    "number of cut points": lambda b: 0.9 - 0.02 * abs(len(b.cut_points) - 5),
    "lowest cut point": lambda b: 0.9 - 0.001 * abs(b.cut_points.values[0] - 60),
    "middle cut point": lambda b: 0.9 - 0.001 * abs(np.median(b.cut_points.values) - 120),
    "highest cut point": lambda b: 0.9 - 0.001 * abs(b.cut_points.values[-1] - 180),
    "encoding": lambda b: 0.9 - 0.05 * (b.encoding == "range"),
    "weights": lambda b: 0.9 - 0.05 * (b.arithmetic.weights == "binary"),
}


def candidates(value, sampler="local", trials=40, which="auto", seed=0, colors=1, maximize=True, **space):
    """Candidates of a study that evaluates a noisy function of the binarization instead of training."""
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    part = toy_pictures().train
    pixels = [Pixels.of(part.images, part.labels)] * colors
    edges = [pixel_scale(each.histogram) for each in pixels]
    within = Space(**{"max_cuts": 8, "encodings": BOTH} | space, edges=edges[0] if colors == 1 else np.stack(edges))
    sampling = SeededByRank(sampler, seed, within)
    study = optuna.create_study(direction="maximize" if maximize else "minimize", sampler=sampling)
    enqueue(study, within, references(which, lambda _: pixels, within, False, 28), trials)
    rng = np.random.default_rng(seed)
    for _ in range(trials):
        asked = ask(study, within, seed)
        seen = float((1 if maximize else -1) * (value(asked.binarization) + NOISE * rng.normal()))
        tell(study, asked, Result(seen, 0.0, (seen,), 0.0, False, interval=(seen, seen)))
    return candidates_frame(trials_frame(study), maximize)


@pytest.mark.parametrize("sampler", ["local", "random"])
@pytest.mark.parametrize("decides", FORMULAS)
def test_the_only_relevant_property_is_the_most_important(decides, sampler):
    weights = ("real", "binary") if decides == "weights" else ("real",)
    found = importance(candidates(FORMULAS[decides], sampler, weights=weights))
    assert found.shares["property"].iloc[0] == decides
    assert found.shares["importance"].iloc[0] > 0.6


@pytest.mark.parametrize("which", ["auto", "none"])
@pytest.mark.parametrize("decides", ["number of cut points", "lowest cut point"])
def test_references_do_not_change_the_importance(decides, which):
    """Either half of the trials are references, whose cut points are not random, or none is."""
    found = candidates(FORMULAS[decides], "random", which=which, seed=1)
    assert (found["reference"].notna().mean() > 0.4) == (which == "auto")
    assert importance(found).shares["property"].iloc[0] == decides


def test_a_property_that_references_share_is_not_important():
    """Here all references have the encoding `range`, but only the number of cut points matters."""
    found = candidates(FORMULAS["number of cut points"], "random", seed=2)
    is_reference = found["reference"].notna()
    found.loc[is_reference, "encoding"] = "range"
    assert importance(found).shares["property"].iloc[0] == "number of cut points"


def test_a_loss_that_is_minimized_has_the_same_importance():
    loss = importance(candidates(FORMULAS["encoding"], "random", maximize=False))
    assert loss.shares["property"].iloc[0] == "encoding"


def test_each_color_has_its_properties():
    """Only the lowest cut point of green matters."""
    found = importance(
        candidates(
            lambda b: 0.9 + low(b.cut_points.parts[1]), "random", trials=60, colors=3, encodings=("thermometer",)
        )
    )
    assert set(found.shares["property"]) == {
        f"{what}, {color}"
        for what in ("number of cut points", "lowest cut point", "middle cut point", "highest cut point")
        for color in ("red", "green", "blue")
    }
    assert found.shares["property"].iloc[0] == "lowest cut point, green"


@pytest.mark.parametrize("seed", range(3))
def test_values_that_depend_on_nothing_have_no_importance(seed):
    assert importance(candidates(lambda _: 0.9, "random", seed=seed)) is None


def test_too_few_candidates_have_no_importance():
    found = candidates(FORMULAS["encoding"], "random", which="none", trials=FEWEST)
    assert importance(found) is not None
    assert importance(found.head(FEWEST - 1)) is None
    assert importance(found.head(0)) is None


def test_constant_and_duplicate_properties_are_dropped():
    found = properties(candidates(FORMULAS["encoding"], "random", max_cuts=1, encodings=("range",)))
    assert list(found) == ["lowest cut point"]


def test_the_figure_has_a_bar_for_each_property_sorted_by_importance():
    found = importance(candidates(FORMULAS["encoding"], "random"))
    figure = importance_figure(found)
    assert list(figure.data[0].y) == list(found.shares["property"])
    assert figure.data[0].y[0] == "encoding"
    assert figure.layout.yaxis.autorange == "reversed"
