"""Which candidate is picked: properties that hold for any candidates, and worked examples."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from search.binarization.binarization import Binarization
from search.binarization.cut_points import CutPoints
from search.deploy.picks import PICKS
from search.deploy.ties import Candidate, tied
from storage.candidates import best_by_cuts, candidates_frame, pareto_front
from storage.scores import Scores
from tests.confirmed import PROTOCOL

values = st.floats(0.0, 1.0).map(lambda x: round(x, 3))  # coarse, so that ties happen
trial = st.tuples(st.integers(1, 6), st.sampled_from(["range", "thermometer"]), values, st.floats(0, 0.1))
trials = st.lists(trial, min_size=1, max_size=25)
metrics = st.sampled_from(["accuracy", "log-loss"])


def study(trials, metric="accuracy"):
    """Results as picks see them. trials: number of cut points, encoding, value, standard error; no cuts twice."""
    rows = [
        {
            "number": number,
            "state": "COMPLETE",
            "value": value,
            "cut_points": tuple(range(1 + number, 1 + number + k)),
            "threshold_ranges": "",
            "levels": None,
            "key": Binarization(CutPoints(tuple(range(1 + number, 1 + number + k))), encoding).key,
            "encoding": encoding,
            "weights": "real",
            "activations": "real",
            "channels": k + (encoding == "range"),
            "reference": None,
            "standard_error": error,
            "low": value - 1.96 * error,
            "high": value + 1.96 * error,
        }
        for number, (k, encoding, value, error) in enumerate(trials)
    ]
    table = pd.DataFrame(rows)
    candidates = candidates_frame(table, metric != "log-loss")
    return SimpleNamespace(
        candidates=candidates,
        by_cuts=best_by_cuts(candidates),
        protocol=replace(PROTOCOL, metric=metric).as_dict(),
        trials=table,
        scores={},
    )


def better(a, b, metric):
    return a < b if metric == "log-loss" else a > b


def dominates(a, b, metric):
    """Whether a is as good in both and better in one."""
    no_worse = not better(b["value"], a["value"], metric) and a["channels"] <= b["channels"]
    return no_worse and (a["value"] != b["value"] or a["channels"] != b["channels"])


@settings(max_examples=40)
@given(trials, metrics)
def test_the_front_is_what_nothing_dominates_each_point_once(made, metric):
    candidates = study(made, metric).candidates
    rows = candidates.to_dict("records")
    wanted = {
        (row["value"], row["channels"]) for row in rows if not any(dominates(other, row, metric) for other in rows)
    }
    front = pareto_front(candidates)
    assert len(front) == len(wanted)
    assert set(zip(front["value"], front["channels"], strict=True)) == wanted
    assert front["channels"].is_monotonic_decreasing


@settings(max_examples=40)
@given(trials, metrics)
def test_best_and_knee_lie_on_the_front(made, metric):
    results = study(made, metric)
    front = pareto_front(results.candidates)
    for name in ("best", "knee"):
        assert PICKS[name](results).name in front.index
    best = PICKS["best"](results)
    assert not any(better(value, best["value"], metric) for value in results.candidates["value"])


@settings(max_examples=40)
@given(trials, metrics)
def test_the_knee_lies_above_the_line_between_the_ends_or_is_the_best(made, metric):
    results = study(made, metric)
    best, least, knee = results.candidates.iloc[0], pareto_front(results.candidates).iloc[-1], PICKS["knee"](results)
    if knee.name == best.name:
        return
    sign = -1 if metric == "log-loss" else 1
    share = (knee["channels"] - least["channels"]) / (best["channels"] - least["channels"])
    on_the_line = least["value"] + share * (best["value"] - least["value"])
    assert sign * (knee["value"] - on_the_line) > -1e-9


@settings(max_examples=40)
@given(trials, metrics)
def test_smallest_tied_costs_no_more_than_the_best_and_nothing_smaller_is_tied(made, metric):
    results = study(made, metric)
    best, smallest = PICKS["best"](results), PICKS["smallest-tied"](results)
    assert smallest["cuts"] <= best["cuts"]
    assert smallest["channels"] <= best["channels"]

    rows = [row for _, row in results.candidates.iterrows()]
    found = tied([Candidate(row["value"], [row["value"]], row["standard_error"]) for row in rows], metric == "accuracy")
    assert found[smallest.name]
    for row in rows:
        cheaper = (row["cuts"], row["channels"]) < (smallest["cuts"], smallest["channels"])
        as_cheap = (row["cuts"], row["channels"]) == (smallest["cuts"], smallest["channels"])
        assert not (cheaper and found[row.name])
        assert not (as_cheap and better(row["value"], smallest["value"], metric))


@settings(max_examples=40)
@given(trials, st.permutations(range(25)))
def test_best_and_knee_do_not_depend_on_the_order_of_trials(made, order):
    shuffled = [made[i] for i in order if i < len(made)]
    for name in ("best", "knee"):
        first, again = PICKS[name](study(made)), PICKS[name](study(shuffled))
        assert (first["value"], first["channels"]) == (again["value"], again["channels"]), name


@pytest.mark.parametrize(("metric", "turn"), [("accuracy", lambda v: v), ("log-loss", lambda v: 1 - v)])
def test_a_worked_example(metric, turn):
    """One cut point 0.70, two 0.90, then little more: the knee is at two; 0.94 is within the noise of 0.96."""
    by_k = {1: 0.70, 2: 0.90, 3: 0.94, 4: 0.95, 6: 0.96}
    results = study([(k, "thermometer", turn(value), 0.012) for k, value in by_k.items()], metric)
    picked = {name: pick(results)["cuts"] for name, pick in PICKS.items()}
    assert picked == {"best": 6, "knee": 2, "smallest-tied": 3}


def test_ends_of_a_front_of_two_points_have_no_knee():
    results = study([(1, "thermometer", 0.5, 0.01), (4, "thermometer", 0.9, 0.01)])
    assert PICKS["knee"](results)["cuts"] == 4


def test_where_each_bit_gains_more_than_the_one_before_the_knee_is_the_best():
    results = study([(k, "thermometer", value, 0.001) for k, value in ((1, 0.5), (2, 0.52), (3, 0.6), (4, 0.9))])
    assert PICKS["knee"](results)["cuts"] == 4


def test_of_as_many_cut_points_the_encoding_with_fewer_bits_is_the_smallest():
    results = study([(2, "range", 0.9, 0.02), (2, "thermometer", 0.89, 0.02)])
    assert PICKS["smallest-tied"](results)["encoding"] == "thermometer"


def test_on_the_same_photos_a_small_difference_may_be_told_and_a_large_one_not():
    """Two cut points miss ten photos that six get right; three cut points miss as many as they gain."""
    values = ((6, 54 / 60), (2, 44 / 60), (3, 54 / 60))
    results = study([(cuts, "thermometer", value, 0.1) for cuts, value in values])
    right = np.ones(60)
    right[:6] = 0
    fewer, exchanged = right.copy(), right.copy()
    fewer[10:20] = 0
    exchanged[[0, 1, 2, 30, 31, 32]] = [1, 1, 1, 0, 0, 0]
    photos = [Scores(each / 60, np.full(60, 1 / 60)) for each in (right, fewer, exchanged)]
    assert PICKS["smallest-tied"](results)["cuts"] == 2  # without scores by photo
    results.scores = dict(enumerate(photos))
    assert PICKS["smallest-tied"](results)["cuts"] == 3


def test_scores_by_photo_are_the_mean_over_a_candidates_trials_or_not_used():
    results = study([(6, "thermometer", 0.90, 0.02), (2, "thermometer", 0.85, 0.02)])
    results.scores = {0: Scores(np.full(10, 0.09), np.full(10, 0.1))}
    assert PICKS["smallest-tied"](results)["cuts"] == 2
