"""The networks, with every kind of weights and activations and several image sizes."""

from itertools import product

import numpy as np
import pytest
import torch
from torch import nn

from models.compact import Compact
from models.constants import ACTIVATIONS, WEIGHTS
from models.cost import cost_of
from models.networks import NETWORKS
from models.quantize import Quantization, latent_weights
from models.recipe import Recipe
from models.spec import NetworkSpec
from models.train import Lane, Resident, train
from search.binarization.binarization import Binarization
from search.binarization.cut_points import CutPoints
from search.evaluation.objective import lane_of

KINDS = list(product(WEIGHTS, ACTIVATIONS))
PARTS = lane_of(Binarization(CutPoints((100, 160)), "thermometer"), 0).parts


@pytest.mark.parametrize("kind", KINDS, ids="-".join)
@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("size", [(8, 8), (28, 28), (33, 47), (224, 224)], ids=str)
def test_every_parameter_has_a_gradient_for_every_image_size(name, kind, size):
    torch.manual_seed(0)
    network = NETWORKS[name](NetworkSpec(3, *size, 5, 4, 0.0, Quantization(*kind)))
    logits = network((torch.rand(4, 3, *size) > 0.5).float())
    assert logits.shape == (4, 5)
    nn.functional.cross_entropy(logits, torch.arange(4)).backward()
    assert all(p.grad is not None and torch.isfinite(p.grad).all() for p in network.parameters())


@pytest.mark.parametrize("name", NETWORKS)
def test_parameters_grow_by_less_than_five_times_from_28_to_224_pixels(name):
    def parameters(side):
        network = NETWORKS[name](NetworkSpec(1, side, side, 24, 24, 0.25, Quantization()))
        return sum(p.numel() for p in network.parameters())

    assert parameters(224) < 5 * parameters(28)


def test_the_real_compact_network_equals_plain_pytorch_layers():
    """Studies made before there was a Quantization have the same values."""
    torch.manual_seed(3)
    network = NETWORKS["compact"](NetworkSpec(2, 28, 28, 24, 8, 0.25, Quantization()))
    torch.manual_seed(3)
    layers, before = [], 2
    for filters in (8, 16, 32):
        conv = nn.Conv2d(before, filters, 3, padding=1, bias=False)
        layers += [conv, nn.MaxPool2d(2), nn.BatchNorm2d(filters), nn.ReLU(inplace=True)]
        before = filters
    old = nn.Sequential(*layers, nn.Flatten(), nn.Dropout(0.25), nn.Linear(32 * 9, 24))
    channels = torch.rand(5, 2, 28, 28)
    torch.manual_seed(4)
    new_logits = network(channels)
    torch.manual_seed(4)
    assert torch.equal(new_logits, old(channels))


def test_multiply_accumulates_and_parameters_are_counted_by_the_usual_formulas():
    network = NETWORKS["compact"](NetworkSpec(2, 28, 28, 24, 8, 0.25, Quantization("binary", "binary")))
    cost = cost_of(network, 2, 28, 28)
    convolutions = 28 * 28 * 8 * 2 * 9 + 14 * 14 * 16 * 8 * 9 + 7 * 7 * 32 * 16 * 9
    assert cost.macs == convolutions + 3 * 3 * 32 * 24
    assert cost.parameters == sum(p.numel() for p in network.parameters())


def halves(n):
    """Images with a brighter left or right half, and labels that say which."""
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 2, n)
    images = rng.integers(60, 120, (n, 8, 8))
    for i, label in enumerate(labels):
        images[i, :, 4 * label : 4 * label + 4] += 70
    return Resident.of(images.astype(np.uint8), labels, torch.device("cpu"))


@pytest.mark.parametrize("kind", KINDS, ids="-".join)
@pytest.mark.parametrize("name", NETWORKS)
def test_every_kind_of_network_learns_an_easy_task(name, kind):
    pictures = halves(192)
    recipe = Recipe(network=name, width=8, epochs=4, batch_size=32)
    (outcome,) = train([Lane(PARTS, 0, *kind)], pictures, pictures.images_u8, 2, recipe, None, lambda: None)
    assert (outcome.logits.argmax(1) == pictures.labels.numpy()).mean() > 0.9


@pytest.mark.parametrize("real_layers", ["none", "first,last"])
def test_networks_learn_with_every_choice_of_real_layers(real_layers):
    pictures = halves(192)
    recipe = Recipe(width=8, epochs=4, batch_size=32, real_layers=real_layers, gradient="approx-sign")
    lane = Lane(PARTS, 0, "binary", "binary")
    (outcome,) = train([lane], pictures, pictures.images_u8, 2, recipe, None, lambda: None)
    assert (outcome.logits.argmax(1) == pictures.labels.numpy()).mean() > 0.9


def test_latent_weights_are_clamped_and_not_decayed(monkeypatch):
    networks = []

    def remember(*args):
        networks.append(Compact(*args))
        return networks[-1]

    monkeypatch.setitem(NETWORKS, "compact", remember)
    pictures = halves(64)
    recipe = Recipe(width=4, epochs=3, batch_size=16, learning_rate=0.5, weight_decay=0.5)
    train([Lane(PARTS, 0, "xnor")], pictures, pictures.images_u8, 2, recipe, None, lambda: None)
    latent = latent_weights(networks[0])
    assert len(latent) == 2  # the last layer is real
    assert max(weights.abs().max() for weights in latent) == 1


@pytest.mark.parametrize(
    "recipe", [Recipe(width=4, epochs=1, averaging=0.9), Recipe(width=4, epochs=1, precision="bfloat16")]
)
def test_averaging_and_bfloat16_work_with_binary_weights(recipe):
    pictures = halves(64)
    (outcome,) = train(
        [Lane(PARTS, 0, "binary", "binary")], pictures, pictures.images_u8, 2, recipe, None, lambda: None
    )
    assert np.isfinite(outcome.logits).all()


def test_equal_seeds_give_equal_binary_networks():
    pictures = halves(64)
    lanes = [Lane(PARTS, 5, "xnor", "binary")] * 2
    first, again = train(lanes, pictures, pictures.images_u8, 2, Recipe(width=4, epochs=2), None, lambda: None)
    assert (first.logits == again.logits).all()
