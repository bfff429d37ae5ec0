"""The training loop, and the compact network."""

import copy
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch.nn import functional

from models.augment import Augmentation
from models.compact import Compact
from models.encode import Encoder, Part
from models.networks import NETWORKS
from models.recipe import Recipe
from models.spec import NetworkSpec
from models.train import Lane, Resident, predict, train
from search.binarization.binarization import Binarization, Greyscale
from search.binarization.cut_points import CutPoints
from search.evaluation.objective import lane_of

CPU = torch.device("cpu")


def encoder_of(input):
    return Encoder(lane_of(input, 0).parts, CPU)


def stripes(n=240, side=8, seed=0):
    """Images of two easy classes, bright rows and bright columns, with noise."""
    rng = np.random.default_rng(seed)
    labels = np.arange(n) % 2
    images = rng.integers(0, 120, (n, side, side))
    images[labels == 0, ::2] += 100
    images[labels == 1, :, ::2] += 100
    return Resident.of(images.astype(np.uint8), labels.astype(np.int64), CPU)


def accuracy(outcome):
    return (outcome.logits.argmax(1) == stripes(90, seed=1).labels.numpy()).mean()


def run(lanes, recipe=None, report=lambda *_: False, check=lambda: None):
    return train(
        lanes,
        stripes(),
        stripes(90, seed=1).images_u8,
        2,
        recipe or Recipe(width=8, epochs=3, batch_size=32),
        report,
        check,
    )


@pytest.mark.parametrize("encoding", ["range", "thermometer"])
def test_encoding_a_batch_equals_the_numpy_definition(encoding):
    images = np.random.default_rng(0).integers(0, 256, (3, 5, 4), dtype=np.uint8)
    binarization = Binarization(CutPoints((60, 128, 255)), encoding)
    channels = encoder_of(binarization)(torch.from_numpy(images))
    assert channels.is_contiguous(memory_format=torch.channels_last)
    assert (channels.numpy() == binarization.encode(images)).all()


def test_greyscale_is_divided_by_255():
    images = torch.arange(256, dtype=torch.uint8).reshape(1, 16, 16)
    assert torch.allclose(encoder_of(Greyscale())(images)[0, 0], images[0] / 255)


@pytest.mark.parametrize("size", [(4, 4), (8, 8), (28, 28), (5, 64), (96, 64), (224, 224)])
def test_the_network_accepts_images_of_any_size(size):
    network = Compact(NetworkSpec(3, *size, classes=7, width=8)).eval()
    assert network(torch.zeros(2, 3, *size)).shape == (2, 7)


def test_max_pool_and_batch_norm_commute_for_a_positive_scale():
    torch.manual_seed(0)
    norm = torch.nn.BatchNorm2d(4).eval()
    norm.weight.data.uniform_(0.1, 2)
    norm.running_mean.normal_()
    x = torch.randn(2, 4, 6, 6)
    assert torch.allclose(functional.max_pool2d(norm(x), 2), norm(functional.max_pool2d(x, 2)), atol=1e-6)


def test_training_reaches_high_accuracy_on_an_easy_task():
    (outcome,) = run([lane_of(Binarization(CutPoints((120,)), "thermometer"), 0)])
    assert accuracy(outcome) > 0.9
    assert outcome.logits.shape == (90, 2)
    assert not outcome.pruned
    assert not outcome.diverged


def test_equal_seeds_give_equal_logits_and_different_seeds_different_logits():
    ranges = Binarization(CutPoints((90, 140)), "range")
    recipe = Recipe(width=8, epochs=1, batch_size=32, learning_rate=1e-3)
    first, again, other = run([lane_of(ranges, 0), lane_of(ranges, 0), lane_of(ranges, 1)], recipe)
    assert np.array_equal(first.logits, again.logits)
    assert not np.array_equal(first.logits, other.logits)


def test_lanes_are_independent_of_each_other():
    lanes = [lane_of(Binarization(CutPoints((c,)), "range"), c) for c in (60, 120)]
    recipe = Recipe(width=8, epochs=1, batch_size=32, learning_rate=1e-3)
    together = run(lanes, recipe)
    alone = [run([lane], recipe)[0] for lane in lanes]
    assert all(np.array_equal(a.logits, b.logits) for a, b in zip(together, alone, strict=True))


def test_a_report_that_returns_true_prunes_only_its_lane():
    seen = []

    def report(lane, epoch, logits):
        seen.append((lane, epoch))
        return lane == 0 and epoch == 1

    outcomes = run([lane_of(Greyscale(), 0), lane_of(Greyscale(), 1)], report=report)
    assert [o.pruned for o in outcomes] == [True, False]
    assert seen == [(0, 0), (0, 1), (1, 0), (1, 1), (1, 2)]


def test_the_report_of_the_last_epoch_does_not_prune():
    (outcome,) = run([lane_of(Greyscale(), 0)], report=lambda lane, epoch, logits: epoch == 2)
    assert not outcome.pruned


def test_a_lane_with_a_loss_that_is_not_finite_is_diverged():
    recipe = Recipe(width=8, epochs=3, batch_size=32, learning_rate=1e9)
    table = Greyscale().tables[0] * np.float32(1e30)
    (outcome,) = run([Lane((Part(table),), 0)], recipe)
    assert outcome.diverged


def test_a_lane_with_a_finite_loss_and_an_infinite_logit_is_diverged(monkeypatch):
    def broken(network, images_u8, *rest):
        return torch.full((len(images_u8), 3), torch.nan)

    monkeypatch.setattr("models.train.predict", broken)
    (outcome,) = run([lane_of(Greyscale(), 0)])
    assert outcome.diverged
    assert not outcome.pruned


def test_float32_does_not_use_tf32():
    torch.set_float32_matmul_precision("high")
    run([lane_of(Greyscale(), 0)], Recipe(width=4, epochs=1, batch_size=64))
    assert torch.get_float32_matmul_precision() == "highest"
    assert torch.backends.cudnn.conv.fp32_precision == "ieee"


def test_an_exception_of_check_ends_the_training():
    steps = iter(range(5))

    def check():
        if next(steps) == 4:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        run([lane_of(Greyscale(), 0)], check=check)


def test_no_batch_has_only_one_image():
    pictures = Resident(stripes(33, side=4).images_u8, stripes(33, side=4).labels)
    recipe = Recipe(width=8, epochs=1, batch_size=32)
    (outcome,) = train(
        [lane_of(Greyscale(), 0)], pictures, pictures.images_u8, 2, recipe, lambda *_: False, lambda: None
    )
    assert outcome.logits.shape == (33, 2)


def test_predictions_do_not_depend_on_the_batch_size():
    torch.manual_seed(0)
    network = Compact(NetworkSpec(1, 8, 8, 2, 8))
    encode = encoder_of(Greyscale())
    images = stripes().images_u8
    whole = predict(copy.deepcopy(network), images, encode, batch_size=1000)
    assert torch.equal(whole, predict(network, images, encode, batch_size=7))


def test_averaging_predicts_with_the_average_of_weights_and_batch_statistics(monkeypatch):
    """The expected average is computed from snapshots taken between the steps."""
    made, snapshots, decay = [], [], 0.7
    compact = NETWORKS["compact"]
    monkeypatch.setitem(NETWORKS, "compact", lambda *args: made.append(compact(*args)) or made[-1])

    def snapshot():
        snapshots.append({name: each.clone() for name, each in made[0].state_dict().items()})

    recipe = Recipe(width=8, epochs=2, batch_size=64, averaging=decay)
    (outcome,) = run([lane_of(Greyscale(), 0)], recipe, check=snapshot)
    snapshot()
    average = snapshots[1]  # after the first step
    for after in snapshots[2:]:
        average = {
            name: decay * average[name] + (1 - decay) * each if each.is_floating_point() else each
            for name, each in after.items()
        }
    network = compact(NetworkSpec(1, 8, 8, 2, 8, recipe.dropout))
    network.load_state_dict(average)
    logits = predict(network, stripes(90, seed=1).images_u8, encoder_of(Greyscale())).numpy()
    np.testing.assert_allclose(outcome.logits, logits, atol=1e-4)
    (last,) = run([lane_of(Greyscale(), 0)], Recipe(width=8, epochs=2, batch_size=64))
    assert not np.allclose(outcome.logits, last.logits, atol=1e-2)


def test_augmentation_changes_training_images_and_not_predicted_images(monkeypatch):
    seen = []
    monkeypatch.setattr("models.train.augment", lambda images_u8, by: seen.append(len(images_u8)) or images_u8)
    recipe = Recipe(width=8, epochs=2, batch_size=64, augmentation=Augmentation(brightness=1))
    (changed,) = run([lane_of(Greyscale(), 0)], recipe)
    assert sum(seen) == 2 * 240  # each training image once per epoch, no validation image
    (plain,) = run([lane_of(Greyscale(), 0)], replace(recipe, augmentation=Augmentation()))
    assert sum(seen) == 2 * 240
    assert np.array_equal(changed.logits, plain.logits)


def test_bfloat16_trains_float32_weights_to_a_similar_accuracy():
    recipe = Recipe(width=8, epochs=3, batch_size=32)
    (exact,) = run([lane_of(Greyscale(), 0)], recipe)
    (coarse,) = run([lane_of(Greyscale(), 0)], replace(recipe, precision="bfloat16"))
    assert coarse.logits.dtype == np.float32
    assert not np.array_equal(exact.logits, coarse.logits)
    assert accuracy(coarse) > 0.9


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
def test_training_on_cuda_reaches_the_accuracy_of_a_cpu():
    device = torch.device("cuda")
    training, validation = (
        Resident(r.images_u8.to(device), r.labels.to(device)) for r in (stripes(), stripes(90, seed=1))
    )
    recipe = Recipe(width=8, epochs=3, batch_size=32)
    (outcome,) = train(
        [lane_of(Greyscale(), 0)], training, validation.images_u8, 2, recipe, lambda *_: False, lambda: None
    )
    assert accuracy(outcome) > 0.9
