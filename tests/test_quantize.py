"""Binary weights and activations, compared with NumPy formulas and integer arithmetic."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from models.constants import ACTIVATIONS, WEIGHTS
from models.quantize import (
    GRADIENTS,
    REAL_LAYERS,
    WEIGHT_QUANTIZERS,
    BinaryActivation,
    BinaryWeights,
    Quantization,
    XnorWeights,
    keep_within_reach,
    latent_weights,
    sign,
)

X = [-2, -1, -0.5, -0.0, 0, 0.25, 1, 1.5]
SLOPES = {
    "straight-through": [1, 1, 1, 1, 1, 1, 1, 1],
    "clipped": [0, 1, 1, 1, 1, 1, 1, 0],
    "approx-sign": [0, 0, 1, 2, 2, 1.5, 0, 0],
}
numbers = st.lists(st.floats(-3, 3, width=32), min_size=1, max_size=20)


def forward(x):
    return np.where(np.signbit(x) & (x != 0), -1.0, 1.0)


def slope(name, x):
    """The formulas of the papers."""
    if name == "straight-through":
        return np.ones_like(x)
    if name == "clipped":
        return np.where((x >= -1) & (x <= 1), 1.0, 0.0)
    return np.where((x >= -1) & (x < 0), 2 + 2 * x, np.where((x >= 0) & (x < 1), 2 - 2 * x, 0.0))


@pytest.mark.parametrize("name", GRADIENTS)
def test_forward_and_gradient_are_as_published_at_and_around_0_and_1(name):
    x = torch.tensor(X, requires_grad=True)
    y = GRADIENTS[name].of(x)
    assert y.tolist() == [-1, -1, -1, 1, 1, 1, 1, 1]
    y.sum().backward()
    assert x.grad.tolist() == SLOPES[name]


@given(numbers, st.sampled_from(list(GRADIENTS)), st.integers(0, 2**32 - 1))
def test_gradients_are_multiplied_by_the_slope(values, name, seed):
    x = torch.tensor(values, requires_grad=True)
    incoming = torch.from_numpy(np.random.default_rng(seed).normal(size=len(values)).astype(np.float32))
    y = GRADIENTS[name].of(x)
    y.backward(incoming)
    as_numpy = x.detach().numpy()
    assert (y.detach().numpy() == forward(as_numpy)).all()
    assert np.allclose(x.grad.numpy(), incoming.numpy() * slope(name, as_numpy), atol=1e-6)


@given(st.integers(0, 2**32 - 1), st.sampled_from(list(GRADIENTS)))
def test_xnor_weights_and_their_gradient_follow_the_formula(seed, name):
    rng = np.random.default_rng(seed)
    w, incoming = rng.normal(size=(3, 2, 3, 3)), rng.normal(size=(3, 2, 3, 3))
    latent = torch.tensor(w, requires_grad=True)
    y = XnorWeights(GRADIENTS[name])(latent)
    mean = np.abs(w).mean(axis=(1, 2, 3), keepdims=True)
    assert np.allclose(y.detach().numpy(), forward(w) * mean)
    y.backward(torch.tensor(incoming))
    through_mean = (incoming * forward(w)).sum(axis=(1, 2, 3), keepdims=True) * np.sign(w) / w[0].size
    assert np.allclose(latent.grad.numpy(), incoming * mean * slope(name, w) + through_mean)


def test_xnor_weights_at_zero_are_plus_the_mean():
    latent = torch.tensor([[0.0, -0.5, 1.0]])
    assert XnorWeights(GRADIENTS["clipped"])(latent).tolist() == [[0.5, -0.5, 0.5]]


@given(st.integers(0, 2**32 - 1), st.sampled_from([3, 5]))
def test_a_binary_layer_equals_xnor_and_popcount(seed, size):
    """dot = 2 · popcount(xnor) - n, on bits packed into bytes, including the border."""
    rng = np.random.default_rng(seed)
    before, filters, side = int(rng.integers(1, 5)), 3, 6
    torch.manual_seed(seed)
    layer = nn.Sequential(*Quantization("binary", "binary").conv(before, filters, size))
    activations = sign(torch.from_numpy(rng.normal(size=(2, before, side, side)).astype(np.float32)))
    got = layer(activations).detach().numpy()

    pad = size // 2
    bits = np.pad(activations.numpy() > 0, ((0, 0), (0, 0), (pad, pad), (pad, pad)))  # False stands for -1
    weight_bits = (layer[-1].parametrizations.weight.original.detach().numpy() >= 0).reshape(filters, -1)
    n = weight_bits.shape[1]
    packed = np.packbits(weight_bits, axis=1)
    for image in range(2):
        for row in range(side):
            for column in range(side):
                window = np.packbits(bits[image, :, row : row + size, column : column + size].reshape(-1))
                differing = np.bitwise_count(np.bitwise_xor(packed, window)).sum(axis=1)
                dot = 2 * (n - differing.astype(int)) - n
                assert got[image, :, row, column].tolist() == dot.tolist()


def test_binary_feature_maps_are_padded_with_minus_one_and_the_input_with_zero():
    inner = nn.Sequential(*Quantization("binary", "binary").conv(1, 1, 3))
    assert inner[0](torch.ones(1, 1, 2, 2)).unique().tolist() == [-1, 1]
    (first,) = Quantization("binary", "binary").conv(1, 1, 3, first=True)
    assert first.padding == (1, 1)


@pytest.mark.parametrize("kind", [("real", "real"), ("binary", "real"), ("binary", "binary")], ids="-".join)
@pytest.mark.parametrize(("size", "stride", "side"), [(3, 1, 7), (5, 1, 7), (3, 2, 4), (1, 2, 4)])
def test_a_convolution_divides_the_size_by_its_stride_and_rounds_up(kind, size, stride, side):
    layers = nn.Sequential(*Quantization(*kind).conv(2, 3, size, stride=stride))
    assert layers(torch.ones(1, 2, 7, 7)).shape == (1, 3, side, side)


@pytest.mark.parametrize("real_layers", REAL_LAYERS)
def test_the_layers_named_by_real_layers_have_real_weights(real_layers):
    quantization = Quantization("binary", "real", real_layers)
    made = {
        "first": quantization.conv(2, 3, 3, first=True)[-1],
        "hidden": quantization.hidden(3, 4),
        "last": next(m for m in quantization.last(3, 4).modules() if isinstance(m, nn.Linear)),
    }
    binary = {place for place, layer in made.items() if set(layer.weight.unique().tolist()) <= {-1.0, 1.0}}
    assert binary == {"first", "hidden", "last"} - set(real_layers.split(","))


def test_only_latent_weights_are_clamped():
    network = nn.Sequential(*Quantization("binary").conv(1, 2, 3), nn.Conv2d(2, 2, 3))
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.fill_(7)
    keep_within_reach(latent_weights(network))
    assert network[0].parametrizations.weight.original.max() == 1
    assert network[1].weight.min() == 7
    assert isinstance(network[0].parametrizations.weight[0], BinaryWeights)


@pytest.mark.parametrize(
    "kind", [{"weights": "ternary"}, {"activations": "xnor"}, {"real_layers": "all"}, {"gradient": "tanh"}]
)
def test_an_unknown_setting_is_refused_with_the_known_ones(kind):
    with pytest.raises(ValueError, match="expected"):
        Quantization(**kind)


def test_every_kind_of_weights_and_activations_has_a_module():
    assert tuple(WEIGHT_QUANTIZERS) == WEIGHTS
    assert [type(Quantization(activations=kind).activation()) for kind in ACTIVATIONS] == [nn.ReLU, BinaryActivation]
