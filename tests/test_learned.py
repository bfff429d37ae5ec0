"""Thresholds learned by gradient descent, and the references made from them."""

from dataclasses import replace

import numpy as np
import optuna
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from optuna.samplers import RandomSampler

from models.learned import WINDOW, learn_thresholds, thermometer
from models.recipe import PRECISIONS, Recipe
from models.train import Resident
from search.binarization.binarization import Binarization
from search.binarization.cut_points import CutPoints
from search.binarization.levels import GREY
from search.data.pictures import Part, Pictures
from search.data.split import split_pictures
from search.evaluation.objective import Result
from search.evaluation.protocol import Protocol
from search.references.catalogue import Reference, ToLearn
from search.references.learned import make_learner, rounded, started_at
from search.references.pixels import Pixels
from search.references.rules import quantile
from search.sampling.space import Space, linear_scale
from search.trials.lifecycle import ask, put_back, tell
from search.trials.queue import enqueue
from storage.records import trials_frame
from tests.test_rules import PIXELS

CPU = torch.device("cpu")
RECIPE = Recipe(width=8, epochs=6, batch_size=32)
SPACE = Space(4, ("range", "thermometer"), linear_scale(np.ones(256)))

EVERY_LEVEL = torch.arange(256, dtype=torch.uint8).reshape(1, 16, 16)

thresholds = st.lists(st.floats(1, 255, width=32), min_size=1, max_size=5)


def divided_at_170(n=480, side=8, seed=0):
    """Uniform noise in both classes; a fifth of the pixels lie around 155 in one class and around 185 in the other."""
    rng = np.random.default_rng(seed)
    labels = np.arange(n) % 2
    images = rng.integers(0, 256, (n, side, side))
    near = rng.normal(155, 15, images.shape) + 30 * labels[:, None, None]
    images = np.where(rng.random(images.shape) < 0.2, near, images)
    return images.astype(np.uint8), labels.astype(np.int64)


def learn(start, seed=0, check=lambda: None, **recipe):
    return learn_thresholds(
        start, Resident.of(*divided_at_170(), CPU), 2, replace(RECIPE, **recipe), seed, check, GREY.record
    )


def test_learning_does_not_use_tf32(monkeypatch):
    called = []
    monkeypatch.setattr("models.learned.without_tf32", lambda: called.append(True))
    learn((100.5,), epochs=1)
    assert called


# ── the surrogate gradient ──


@given(thresholds, st.integers(0, 2**31))
def test_the_surrogate_gradient_is_that_of_a_ramp_around_each_threshold(values, seed):
    """Compared with NumPy."""
    rng = np.random.default_rng(seed)
    images = rng.integers(0, 256, (2, 5, 4), dtype=np.uint8)
    weights = rng.normal(size=(2, len(values), 5, 4)).astype(np.float32)
    c = torch.tensor(values, requires_grad=True)
    (thermometer(torch.from_numpy(images), c) * torch.from_numpy(weights)).sum().backward()
    distance = images[:, None] - c.detach().numpy()[:, None, None]
    expected = np.where(np.abs(distance) <= WINDOW, -weights / (2 * WINDOW), 0).sum(axis=(0, 2, 3))
    assert np.allclose(c.grad.numpy(), expected, atol=1e-4)


def test_the_gradient_at_a_threshold_and_at_the_ends_of_the_window():
    c = torch.tensor([100.0], requires_grad=True)
    gradients = {}
    for level in (67, 68, 99, 100, 101, 132, 133):
        (gradients[level],) = torch.autograd.grad(thermometer(torch.tensor([[[level]]], dtype=torch.uint8), c).sum(), c)
    inside = -1 / (2 * WINDOW)
    assert {level: float(g) for level, g in gradients.items()} == {
        67: 0.0, 68: inside, 99: inside, 100: inside, 101: inside, 132: inside, 133: 0.0
    }  # fmt: skip


@given(thresholds.map(sorted))
def test_the_forward_pass_equals_the_thermometer_encoding(values):
    channels = thermometer(EVERY_LEVEL, torch.tensor(values)).numpy()
    assert (channels == (EVERY_LEVEL.numpy()[:, None] >= np.array(values, dtype=np.float32)[:, None, None])).all()


@given(st.lists(st.floats(1, 254.5, width=32), min_size=1, max_size=5, unique_by=lambda c: int(np.ceil(c))).map(sorted))
def test_rounded_cut_points_encode_like_the_thresholds(values):
    learned = thermometer(EVERY_LEVEL, torch.tensor(values)).numpy()
    assert (Binarization(rounded(tuple(values)), "thermometer").encode(EVERY_LEVEL.numpy()) == learned).all()


@settings(max_examples=50)
@given(thresholds.map(sorted))
def test_equal_thresholds_become_different_cut_points(values):
    found = rounded(tuple(values))
    assert len(found) == len(values)


# ── learning ──


@pytest.mark.parametrize("precision", PRECISIONS)
def test_a_threshold_moves_to_the_level_that_separates_the_classes(precision):
    images, labels = divided_at_170()
    start = started_at(Pixels.of(images, labels), 1)
    assert start[0] < 155
    (found,) = learn(start, precision=precision).thresholds
    assert abs(found - 170) < 7  # best is 170; the quantile is 20 below


@pytest.mark.parametrize("start", [(30.0, 60.0, 90.0), (1.0, 254.5)])
def test_learned_thresholds_stay_sorted_and_within_the_grey_levels(start):
    found = learn(start).thresholds
    assert len(found) == len(start)
    assert list(found) == sorted(found)
    assert all(1 <= c <= 255 for c in found)


def test_equal_seeds_give_equal_thresholds_and_different_seeds_different_ones():
    first, again, other = (learn((100.0, 200.0), seed, epochs=2).thresholds for seed in (3, 3, 4))
    assert first == again
    assert first != other


def test_an_exception_in_check_stops_the_learning():
    calls = []

    def check():
        calls.append(1)
        if len(calls) == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        learn((100.0,), check=check)
    assert len(calls) == 3


def test_learning_that_diverges_returns_no_thresholds():
    assert learn((100.0,), learning_rate=1e30).thresholds is None


# ── references ──


def a_split():
    images, labels = divided_at_170(240)
    part = Part(images, labels, np.arange(len(labels)))
    return split_pictures(Pictures("toy", "toy images", ("a", "b"), part, None), 0)


def learner(said=None, **recipe):
    return make_learner(a_split(), Protocol("", "", 0, replace(RECIPE, **recipe), 0), CPU, lambda: None)


def test_learning_starts_at_quantiles():
    cuts = quantile(PIXELS, 4)
    assert started_at(PIXELS, 4) == tuple(c - 0.5 for c in cuts)
    assert rounded(started_at(PIXELS, 4)) == cuts


def test_a_learned_reference_has_cut_points_an_encoding_and_its_training_time():
    found = learner(epochs=1)(ToLearn(3, "thermometer"))
    assert found.name == "learned"
    assert (len(found.binarization.cut_points), found.binarization.encoding) == (3, "thermometer")
    assert found.seconds > 0


def test_learning_that_diverges_returns_no_reference_and_is_not_repeated(capsys):
    learn_one = learner(learning_rate=1e30)
    assert learn_one(ToLearn(1, "thermometer")) is None
    assert learn_one(ToLearn(1, "thermometer")) is None
    err = capsys.readouterr().err
    assert err.count("learning 1 threshold by gradient") == 1
    assert "failed" in err


# ── the queue ──

KNOWN = [Reference("uniform", Binarization(CutPoints(cuts), "range")) for cuts in ((50,), (60, 70), (80,))]
WANTED = [KNOWN[0], ToLearn(2, "thermometer"), KNOWN[1], ToLearn(1, "thermometer"), KNOWN[2]]
GOOD = Result(0.9, 0.01, (0.9,), 1.0, False)


@pytest.fixture
def study():
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    return optuna.create_study(direction="maximize", sampler=RandomSampler(0))


def fake(learned):
    """Returns cut points without training, and records its calls."""

    def learn_one(wanted):
        learned.append(wanted.cuts)
        return Reference("learned", Binarization(CutPoints(tuple(range(9, 9 + wanted.cuts))), wanted.encoding), 2.5)

    return learn_one


def test_a_reference_is_learned_only_when_it_is_next_in_the_queue(study):
    learned, seen = [], []
    for _ in range(5):
        enqueue(study, SPACE, WANTED, 10, fake(learned))
        asked = ask(study, SPACE, 0)
        seen.append((asked.reference, len(asked.binarization.cut_points), tuple(learned)))
        tell(study, asked, GOOD)
    assert seen == [
        ("uniform", 1, ()),
        ("learned", 2, (2,)),
        ("uniform", 2, (2,)),
        ("learned", 1, (2, 1)),
        ("uniform", 1, (2, 1)),
    ]
    frame = trials_frame(study)
    assert frame["reference_seconds"].tolist()[1::2] == [2.5, 2.5]
    assert frame["reference_seconds"][::2].isna().all()


def test_a_learned_reference_of_the_study_is_not_learned_again(study):
    learned = []
    wanted = [ToLearn(2, "thermometer")]
    assert enqueue(study, SPACE, wanted, 10, fake(learned)) == 1
    assert enqueue(study, SPACE, wanted, 10, fake(learned)) == 0
    asked = ask(study, SPACE, 0)
    put_back(study, asked.trial.number, "stopped")
    assert enqueue(study, SPACE, wanted, 10, fake(learned)) == 0
    again = ask(study, SPACE, 0)
    assert (again.reference, again.trial.user_attrs["reference_seconds"]) == ("learned", 2.5)
    assert learned == [2]


def test_nothing_is_learned_if_no_trial_is_left_for_it(study):
    learned = []
    assert enqueue(study, SPACE, [ToLearn(2, "thermometer")], 1, fake(learned)) == 0
    assert learned == []


def test_a_reference_that_cannot_be_learned_does_not_stop_the_others(study):
    seen = []
    for _ in range(3):
        enqueue(study, SPACE, WANTED, 10, lambda _: None)
        asked = ask(study, SPACE, 0)
        seen.append(asked.binarization)
        tell(study, asked, GOOD)
    assert seen == [each.binarization for each in KNOWN]
