"""From specs and a split to results."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from models.train import Recipe
from search.binarize import greyscale_table
from search.command import BadInput
from search.data.split import Split
from search.objective import TrialSpec, choose_device, make_objective, standard_error
from search.protocol import Protocol

RECIPE = Recipe(width=4, epochs=1, batch_size=16)


def protocol(**changes):
    return replace(Protocol("toy", "", "", 0, RECIPE, seed=0), **changes)


def evaluate(split, variants=0, seed=0):
    objective = make_objective(split, protocol(variants=variants, seed=seed), torch.device("cpu"))
    return objective([TrialSpec(greyscale_table(), seed)], lambda *_: False, lambda: None)[0]


def test_the_value_is_the_last_epochs_validation_accuracy(toy_split):
    result = evaluate(toy_split)
    assert result.value == result.steps[-1]
    assert 0 <= result.standard_error < 0.5
    assert not result.diverged


def test_the_test_set_has_no_influence(toy_split):
    class Unreadable:
        def __getattribute__(self, name):
            raise AssertionError("the test set was read")

    without = Split(
        toy_split.pictures,
        toy_split.folds,
        toy_split.development,
        Unreadable(),
        toy_split.data_fingerprint,
        toy_split.split_fingerprint,
    )
    assert evaluate(without).value == evaluate(toy_split).value


def test_a_pruned_lane_has_no_value(toy_split):
    two_epochs = Recipe(width=4, epochs=2, batch_size=16)
    objective = make_objective(toy_split, protocol(recipe=two_epochs), torch.device("cpu"))
    (result,) = objective([TrialSpec(greyscale_table(), 0)], lambda *_: True, lambda: None)
    assert (result.value, result.standard_error, len(result.steps)) == (None, None, 1)


def test_the_standard_error_counts_photos_and_not_pictures():
    rng = np.random.default_rng(0)
    photos = rng.random(300) < 0.8
    once, often = photos, np.repeat(photos, 21)
    single = standard_error(once, np.arange(300), np.ones(300))
    assert single == pytest.approx(np.sqrt(photos.var(ddof=1) / 300))
    assert standard_error(often, np.repeat(np.arange(300), 21), np.ones(len(often))) == pytest.approx(single)
    naive = np.sqrt(often.var() / len(often))
    assert single > 4 * naive


def test_the_standard_error_is_the_spread_of_repeated_draws():
    """Photos of different sizes, drawn again and again: the estimate against the truth."""
    rng = np.random.default_rng(0)
    means, estimates = [], []
    for _ in range(800):
        sizes = rng.integers(1, 22, 120)
        groups = np.repeat(np.arange(120), sizes)
        correct = rng.random(len(groups)) < np.repeat(rng.beta(8, 1, 120), sizes)
        means.append(correct.mean())
        estimates.append(standard_error(correct, groups, np.ones(len(groups))))
    assert np.mean(estimates) == pytest.approx(np.std(means), rel=0.1)


def test_cuda_that_is_not_there_is_refused():
    assert choose_device("cpu").type == "cpu"
    assert choose_device("auto").type == ("cuda" if torch.cuda.is_available() else "cpu")
    if not torch.cuda.is_available():
        with pytest.raises(BadInput, match="no CUDA device"):
            choose_device("cuda")
