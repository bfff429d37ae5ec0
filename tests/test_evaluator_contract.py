"""What every evaluator promises to the loop, checked on the formula of the tests and on real training.

An evaluator takes specs, a report and a check, and returns results: see search.evaluation.objective.Evaluate.
"""

import math
from dataclasses import replace

import pytest
import torch

from models.recipe import Recipe
from search.binarization.binarization import Binarization, Greyscale
from search.binarization.cut_points import CutPoints
from search.data.load import load_pictures
from search.data.source import Source
from search.data.split import split_pictures
from search.evaluation.metrics import METRICS
from search.evaluation.objective import TrialSpec, make_objective
from search.evaluation.protocol import Protocol
from tests.formula import make_formula

EVALUATORS = {"formula": make_formula, "training": make_objective}
SPECS = [
    TrialSpec(Binarization(CutPoints((100,)), "range"), 0),
    TrialSpec(Binarization(CutPoints((60, 190)), "thermometer"), 3),
    TrialSpec(Greyscale(), 1),
]
EPOCHS = 2


@pytest.fixture(scope="module")
def split():
    pictures, _ = load_pictures(Source("digits"))
    return split_pictures(pictures, 0)


@pytest.fixture(params=EVALUATORS)
def make(request, split):
    """A metric to an evaluator of it."""
    recipe = Recipe(width=4, epochs=EPOCHS, batch_size=64)
    protocol = Protocol("", "", 0, recipe, seed=0)
    return lambda metric="accuracy": EVALUATORS[request.param](
        split, replace(protocol, metric=metric), torch.device("cpu")
    )


def never(*_):
    """A report that prunes nothing."""
    return False


def nothing():
    """A check that ends nothing."""


def comparable(result):
    """All of a result but the time that it took."""
    return result.value, result.standard_error, result.interval, result.steps, result.diverged


def test_there_is_one_result_for_each_spec_in_order(make):
    evaluate = make()
    together = [comparable(each) for each in evaluate(SPECS, never, nothing)]
    assert together == [comparable(evaluate([spec], never, nothing)[0]) for spec in SPECS]
    assert len(set(together)) == len(SPECS)
    assert evaluate([], never, nothing) == []


@pytest.mark.parametrize("metric", METRICS)
def test_values_are_finite_and_within_their_intervals(make, metric):
    for result in make(metric)(SPECS, never, nothing):
        assert all(map(math.isfinite, (result.value, result.standard_error, *result.interval, *result.steps)))
        assert result.interval[0] <= result.value <= result.interval[1]
        assert result.standard_error >= 0
        assert result.seconds >= 0
        assert not result.diverged


@pytest.mark.parametrize("metric", METRICS)
def test_scores_of_photos_add_up_to_the_value(make, metric):
    for result in make(metric)(SPECS, never, nothing):
        assert result.photos.by_photo.shape == result.photos.weights.shape
        assert result.photos.weights.sum() == pytest.approx(1)
        assert result.photos.value == pytest.approx(result.value)


def test_each_step_is_reported_with_its_lane_and_value_in_order(make):
    reported = []
    results = make()(SPECS, lambda *step: bool(reported.append(step)), nothing)
    for lane, result in enumerate(results):
        assert [(step, value) for each, step, value in reported if each == lane] == list(enumerate(result.steps))
        assert len(result.steps) == EPOCHS
        assert result.value == pytest.approx(result.steps[-1])


def test_a_report_that_is_true_prunes_its_lane_and_no_other(make):
    whole = make()(SPECS, never, nothing)
    results = make()(SPECS, lambda lane, step, value: lane == 1, nothing)
    pruned = results[1]
    assert (pruned.value, pruned.standard_error, pruned.interval, pruned.photos) == (None, None, None, None)
    assert (pruned.steps, pruned.diverged) == (whole[1].steps[:1], False)
    assert [comparable(results[i]) for i in (0, 2)] == [comparable(whole[i]) for i in (0, 2)]


def test_a_report_that_is_true_after_the_last_step_prunes_nothing(make):
    results = make()(SPECS, lambda lane, step, value: step == EPOCHS - 1, nothing)
    assert [comparable(each) for each in results] == [comparable(each) for each in make()(SPECS, never, nothing)]


def test_a_check_that_raises_ends_the_evaluation(make):
    calls, reported = [], []

    def check():
        calls.append(None)
        if len(calls) == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        make()(SPECS, lambda *step: bool(reported.append(step)), check)
    assert len(calls) == 2
    assert len(reported) < EPOCHS * len(SPECS)


def test_equal_specs_have_equal_results(make):
    first = make()(SPECS[:1] * 2, never, nothing)
    assert comparable(first[0]) == comparable(first[1]) == comparable(make()(SPECS[:1], never, nothing)[0])
