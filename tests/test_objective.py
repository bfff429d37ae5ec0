"""The objective: from trial specs and a split to results."""

import tracemalloc
from dataclasses import replace

import numpy as np
import pytest
import torch

from models.recipe import Recipe
from models.train import Outcome
from search.binarization.binarization import Greyscale
from search.data.pictures import Part, Pictures
from search.data.split import Split, split_pictures
from search.errors import BadInput
from search.evaluation import objective
from search.evaluation.device import choose_device
from search.evaluation.metrics import METRICS
from search.evaluation.objective import TrialSpec, make_objective, standard_error
from search.evaluation.protocol import Protocol
from tests.conftest import toy_pictures

RECIPE = Recipe(width=4, epochs=1, batch_size=16)


def protocol(**changes):
    return replace(Protocol("", "", 0, RECIPE, seed=0), **changes)


def evaluate(split, variants=0, seed=0):
    run = make_objective(split, protocol(variants=variants, seed=seed), torch.device("cpu"))
    return run([TrialSpec(Greyscale(), seed)], lambda *_: False, lambda: None)[0]


def test_the_value_is_the_validation_accuracy_after_the_last_epoch(toy_split):
    result = evaluate(toy_split)
    assert result.value == result.steps[-1]
    assert 0 <= result.standard_error < 0.5
    assert not result.diverged


def test_the_value_does_not_depend_on_the_test_set(toy_split):
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


def test_a_pruned_trial_has_no_value(toy_split):
    two_epochs = Recipe(width=4, epochs=2, batch_size=16)
    run = make_objective(toy_split, protocol(recipe=two_epochs), torch.device("cpu"))
    (result,) = run([TrialSpec(Greyscale(), 0)], lambda *_: True, lambda: None)
    assert (result.value, result.standard_error, len(result.steps)) == (None, None, 1)


def test_the_standard_error_is_over_photos_and_not_images():
    rng = np.random.default_rng(0)
    photos = rng.random(300) < 0.8
    once, often = photos, np.repeat(photos, 21)
    single = standard_error(once, np.arange(300), np.ones(300))
    assert single == pytest.approx(np.sqrt(photos.var(ddof=1) / 300))
    assert standard_error(often, np.repeat(np.arange(300), 21), np.ones(len(often))) == pytest.approx(single)
    naive = np.sqrt(often.var() / len(often))
    assert single > 4 * naive


def test_the_standard_error_is_the_standard_deviation_over_repeated_draws():
    """Compares the estimate with the spread over many draws of photos of different sizes."""
    rng = np.random.default_rng(0)
    means, estimates = [], []
    for _ in range(800):
        sizes = rng.integers(1, 22, 120)
        groups = np.repeat(np.arange(120), sizes)
        correct = rng.random(len(groups)) < np.repeat(rng.beta(8, 1, 120), sizes)
        means.append(correct.mean())
        estimates.append(standard_error(correct, groups, np.ones(len(groups))))
    assert np.mean(estimates) == pytest.approx(np.std(means), rel=0.1)


def test_device_cuda_is_refused_if_cuda_is_not_available():
    assert choose_device("cpu").type == "cpu"
    assert choose_device("auto").type == ("cuda" if torch.cuda.is_available() else "cpu")
    if not torch.cuda.is_available():
        with pytest.raises(BadInput, match="no CUDA device"):
            choose_device("cuda")


class FakeTraining:
    """Replaces models.train.train: random logits by seed and fold; records every call."""

    def __init__(self, diverges=lambda seed: False):
        self.calls, self.diverges = [], diverges

    def __call__(self, lanes, training, validation_u8, classes, recipe, report, check):
        self.calls.append(([lane.seed for lane in lanes], training, validation_u8, report))
        return [self.outcome(lane.seed, validation_u8, classes) for lane in lanes]

    def outcome(self, seed, validation_u8, classes):
        if self.diverges(seed):
            return Outcome(seconds=1.0, diverged=True)
        rng = np.random.default_rng([seed, int(validation_u8.sum())])
        return Outcome(rng.normal(size=(len(validation_u8), classes)).astype(np.float32), seconds=1.0)


@pytest.fixture
def folded():
    """Folds of different sizes: photos have 1 to 4 variants."""
    pictures = toy_pictures(photos=14, variants=4)
    kept = np.random.default_rng(0).random(len(pictures.train)) < 0.6
    kept[::4] = True
    return split_pictures(replace(pictures, train=pictures.train[kept]), 0, folds=3)


def test_the_device_holds_only_training_and_validation_images():
    """As docs/data.md says: the training images of each fold, and all validation photos once."""
    images = np.random.default_rng(0).integers(0, 256, (3000, 40, 40), np.uint8)
    part = Part(images, np.arange(3000) % 3, np.arange(3000) // 6)
    tracemalloc.start()
    split = split_pictures(Pictures("toy", "toy", ("A", "B", "C"), part, None), 0, 8)
    per_fold = protocol(folds=8, variants=1)
    make_objective(split, per_fold, torch.device("cpu"))
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    trained = sum(len(per_fold.chosen(fold.train)) for fold in split.folds)
    held = (trained + len(split.development)) * images[0].size
    assert held <= most < held + images.size / 5


def run_fake(monkeypatch, split, specs=(), report=lambda *_: False, **changes):
    fake = FakeTraining(changes.pop("diverges", lambda seed: False))
    monkeypatch.setattr(objective, "train", fake)
    run = make_objective(split, protocol(**{"folds": 3} | changes), torch.device("cpu"))
    return run(list(specs) or [TrialSpec(Greyscale(), 0)], report, lambda: None), fake


def test_a_trial_whose_value_is_not_finite_is_diverged(monkeypatch, folded):
    """Finite logits can have an infinite log-loss: a probability of 0 for the correct class."""

    class Certain(FakeTraining):
        def outcome(self, seed, validation_u8, classes):
            logits = np.zeros((len(validation_u8), classes), np.float32)
            logits[:, 0] = np.finfo(np.float32).max
            logits[:, 1] = -np.inf
            return Outcome(logits, seconds=1.0)

    monkeypatch.setattr(objective, "train", Certain())
    run = make_objective(folded, protocol(folds=3, metric="log-loss"), torch.device("cpu"))
    (result,) = run([TrialSpec(Greyscale(), 0)], lambda *_: False, lambda: None)
    assert result.diverged
    assert (result.value, result.interval) == (None, None)


@pytest.mark.parametrize("metric", METRICS)
def test_the_value_of_several_folds_is_the_mean_over_their_images(monkeypatch, folded, metric):
    (result,), _ = run_fake(monkeypatch, folded, metric=metric, repeats=2)
    sizes = [len(fold.validation) for fold in folded.folds]
    assert len(set(sizes)) > 1
    assert len(result.steps) == 6
    by_class = metric == "balanced-accuracy"  # classes have equal weights, so folds do too
    assert result.value == pytest.approx(np.average(result.steps, weights=None if by_class else sizes * 2))
    assert result.seconds == 6


def test_each_training_has_its_own_fold_and_each_repeat_its_own_seed(monkeypatch, folded):
    specs = [TrialSpec(Greyscale(), seed) for seed in (0, 1, 7)]
    _, fake = run_fake(monkeypatch, folded, specs, repeats=2)
    assert [seeds for seeds, *_ in fake.calls] == [[0, 2, 14]] * 3 + [[1, 3, 15]] * 3
    for number, (_, training, validation_u8, report) in enumerate(fake.calls):
        fold = folded.folds[number % 3]
        assert np.array_equal(validation_u8.numpy(), fold.validation.images)
        assert np.array_equal(training.images_u8.numpy(), fold.train.images)
        assert report is None  # steps are trainings, not epochs


def test_every_trial_reports_its_trainings_in_the_same_order(monkeypatch, folded):
    seen = []
    specs = [TrialSpec(Greyscale(), seed) for seed in (0, 1)]
    results, _ = run_fake(monkeypatch, folded, specs, lambda *args: bool(seen.append(args)), repeats=2)
    for lane, result in enumerate(results):
        assert [(step, value) for each, step, value in seen if each == lane] == list(enumerate(result.steps))
    assert [step for _, step, _ in seen] == sorted(step for _, step, _ in seen)


def test_a_trial_pruned_between_trainings_stops_and_other_trials_continue(monkeypatch, folded):
    specs = [TrialSpec(Greyscale(), seed) for seed in (0, 1)]
    results, fake = run_fake(monkeypatch, folded, specs, lambda lane, step, value: (lane, step) == (0, 1))
    assert [seeds for seeds, *_ in fake.calls] == [[0, 1], [0, 1], [1]]
    assert (results[0].value, results[0].standard_error, len(results[0].steps)) == (None, None, 2)
    assert (results[1].value is not None, len(results[1].steps)) == (True, 3)


def test_the_report_of_the_last_training_does_not_prune(monkeypatch, folded):
    (result,), _ = run_fake(monkeypatch, folded, report=lambda lane, step, value: step == 2)
    assert result.value is not None


def test_a_diverged_training_ends_only_its_trial(monkeypatch, folded):
    specs = [TrialSpec(Greyscale(), seed) for seed in (0, 1)]
    results, fake = run_fake(monkeypatch, folded, specs, repeats=2, diverges=lambda seed: seed == 1)
    assert [seeds for seeds, *_ in fake.calls] == [[0, 2]] * 3 + [[1, 3]] + [[3]] * 2
    assert [(each.diverged, each.value is None) for each in results] == [(True, True), (False, False)]
    assert len(results[0].steps) == 3


def test_repeats_with_equal_predictions_do_not_reduce_the_standard_error(monkeypatch, folded):
    """The photos are the same in each repeat: only differences between seeds average out."""
    monkeypatch.setattr(
        FakeTraining, "outcome", lambda self, _, images, n, old=FakeTraining.outcome: old(self, 5, images, n)
    )
    (once,), _ = run_fake(monkeypatch, folded)
    (often,), _ = run_fake(monkeypatch, folded, repeats=4)
    assert often.value == pytest.approx(once.value)
    assert often.standard_error == pytest.approx(once.standard_error)


def test_more_folds_validate_more_photos_and_reduce_the_standard_error(monkeypatch, folded):
    (result,), _ = run_fake(monkeypatch, folded)
    one_fold = replace(folded, folds=folded.folds[:1])
    (less,), _ = run_fake(monkeypatch, one_fold, folds=1)
    assert result.standard_error < less.standard_error


def test_networks_are_trained_on_folds_and_repeats():
    split = split_pictures(toy_pictures(), 0, folds=2)
    run = make_objective(split, protocol(folds=2, repeats=2), torch.device("cpu"))
    (result,) = run([TrialSpec(Greyscale(), 0)], lambda *_: False, lambda: None)
    sizes = [len(fold.validation) for fold in split.folds] * 2
    assert result.value == pytest.approx(np.average(result.steps, weights=sizes))
    assert len(result.steps) == 4
    assert result.steps[:2] != result.steps[2:]
