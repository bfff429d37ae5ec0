"""The supernet: draws and their layout against the encoders of trials, training, saved weights."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from models.encode import Encoder
from models.quantize import Quantization, latent_weights
from models.recipe import Recipe
from models.supernet import DrawnPart, encode_drawn, to_bytes, train_supernet, weights_of, with_weights
from models.train import Resident, predict
from search.binarization.binarization import Binarization
from search.binarization.cut_points import ColorCutPoints, CutPoints
from search.binarization.encodings import ENCODINGS
from search.evaluation.draws import SLICES, Draws, Layout
from search.evaluation.objective import lane_of
from search.sampling.level_choices import LevelChoices
from search.sampling.local import LocalSampler
from search.sampling.space import Space, linear_scale

CPU = torch.device("cpu")
EVEN = linear_scale(np.ones(256))
WINDOWS = LevelChoices(("grey", "rank", "contrast", "standardized"), (3, 7))
SPACES = {
    "grey": Space(4, tuple(ENCODINGS), EVEN),
    "level maps": Space(3, ("thermometer", "range"), EVEN, levels=WINDOWS),
    "parts": Space(3, ("range",), EVEN, levels=WINDOWS, most_parts=3),
    "color": Space(2, ("thermometer",), np.stack([EVEN] * 3)),
}
RECIPE = Recipe(epochs=8, batch_size=16, width=8)


def images(space, n, side=8, seed=0):
    shape = (n, side, side) if space.colors == 1 else (n, side, side, 3)
    return torch.from_numpy(np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8))


def light_and_dark(n=96, side=8):
    """Images of two classes whose grey levels differ: 60 and 180, with noise."""
    rng = np.random.default_rng(0)
    labels = np.arange(n) % 2
    levels = 60 + 120 * labels[:, None, None] + rng.normal(0, 20, (n, side, side))
    return Resident.of(levels.clip(0, 255).astype(np.uint8), labels.astype(np.int64), CPU)


def train(layout, seed=0, quantization=None, recipe=RECIPE):
    return train_supernet(
        Draws(layout, seed), layout.channels, light_and_dark(), 2, recipe, seed, lambda: None, quantization
    )


@pytest.mark.parametrize("name", SPACES)
def test_a_binarization_has_the_channels_of_its_trial_and_zeros(name):
    space = SPACES[name]
    sampler, images_u8 = LocalSampler(space, 0), images(space, 3)
    for _ in range(30):
        binarization = sampler.anything()
        layout = Layout.of(space, binarization.encoding)
        made = Encoder(layout.parts(binarization), CPU)(images_u8)
        own = Encoder(lane_of(binarization, 0).parts, CPU)(images_u8)
        assert made.shape[1] == layout.channels
        size, used, first = layout.codes.shape[-1], torch.zeros(layout.channels, dtype=torch.bool), 0
        for index, table in enumerate(binarization.tables):
            channels = slice(index * size, index * size + table.shape[1])
            assert torch.equal(made[:, channels], own[:, first : first + table.shape[1]])
            used[channels], first = True, first + table.shape[1]
        assert not made[:, ~used].any()


@pytest.mark.parametrize("name", SPACES)
def test_a_batch_is_encoded_image_by_image_with_the_table_of_each(name):
    space = SPACES[name]
    layout, images_u8 = Layout.of(space, space.encodings[0]), images(space, 10)
    drawn = Draws(layout, 0)(10)
    made = encode_drawn(images_u8, drawn)
    assert made.shape == (10, layout.channels, 8, 8)
    start = 0
    for parts in drawn:
        for row in range(len(parts[0].tables)):
            alone = [DrawnPart(part.tables[row : row + 1], part.levels, part.color) for part in parts]
            place = slice(start + row, start + row + 1)
            assert torch.equal(made[place], encode_drawn(images_u8[place], [alone]))
        start += len(parts[0].tables)
    assert start == 10


def test_a_drawn_image_is_that_of_a_binarization():
    space = SPACES["grey"]
    layout = Layout.of(space, "gray")
    cuts = np.array([[40, 90, 200, 256]])
    binarization = Binarization(CutPoints((40, 90, 200)), "gray")
    assert np.array_equal(layout.tables(cuts)[0], layout.parts(binarization)[0].table)


@given(st.integers(1, 60), st.integers(0, 100))
@settings(max_examples=30, deadline=None)
def test_draws_have_an_input_for_each_image(n, seed):
    layout = Layout.of(SPACES["level maps"], "thermometer")
    drawn = Draws(layout, seed)(n)
    assert sum(len(parts[0].tables) for parts in drawn) == n
    assert len(drawn) == min(n, SLICES)


def test_draws_are_balanced_over_numbers_of_cut_points_and_level_maps():
    layout = Layout.of(SPACES["level maps"], "thermometer")
    draws = Draws(layout, 0)
    batches = [draws(64) for _ in range(100)]
    counts = np.concatenate([part.tables[:, 255].sum(1) for b in batches for parts in b for part in parts])
    maps = [parts[0].levels["map"] for b in batches for parts in b]
    shares = np.bincount(counts, minlength=4)[1:] / len(counts)
    assert shares[0] > 0.3 < shares[2]  # the fewest and the most are drawn more often
    assert shares[1] > 0.2
    assert all(maps.count(name) > 0.15 * len(maps) for name in WINDOWS.names)


def test_a_supernet_learns_which_binarizations_tell_the_classes_apart():
    space = Space(1, ("thermometer",), EVEN)
    layout = Layout.of(space, "thermometer")
    network = train(layout).network
    data = light_and_dark()
    accuracies = {}
    for cut in (120, 250):
        binarization = Binarization(CutPoints((cut,)), "thermometer")
        logits = predict(network, data.images_u8, Encoder(layout.parts(binarization), CPU))
        accuracies[cut] = (logits.argmax(1) == data.labels).float().mean().item()
    assert accuracies[120] > 0.95
    assert accuracies[250] < 0.7


def test_a_seed_gives_the_same_weights():
    layout = Layout.of(SPACES["level maps"], "range")
    first, again, other = (train(layout, seed).network.state_dict() for seed in (0, 0, 1))
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert not all(torch.equal(first[name], other[name]) for name in first)


@pytest.mark.parametrize("quantization", [None, Quantization("binary", "binary")])
def test_saved_weights_give_the_same_predictions(quantization):
    space = SPACES["parts"]
    layout = Layout.of(space, "range")
    trained = train(layout, quantization=quantization).network
    saved = weights_of(to_bytes({"one": trained}), CPU)
    data = light_and_dark()
    loaded = with_weights(saved["one"], layout.channels, data, 2, RECIPE, quantization)
    encode = Encoder(layout.parts(LocalSampler(space, 0).anything()), CPU)
    assert torch.equal(predict(trained, data.images_u8, encode), predict(loaded, data.images_u8, encode))


def test_latent_weights_stay_within_reach():
    layout = Layout.of(SPACES["grey"], "thermometer")
    latent = latent_weights(train(layout, quantization=Quantization("binary", "real")).network)
    assert latent
    assert all(weights.abs().max() <= 1 for weights in latent)


def test_weights_of_another_network_are_refused():
    layout, data = Layout.of(SPACES["grey"], "thermometer"), light_and_dark()
    saved = weights_of(to_bytes({"one": train(layout).network}), CPU)["one"]
    with pytest.raises(RuntimeError, match="size mismatch"):
        with_weights(saved, layout.channels + 1, data, 2, RECIPE, None)


def test_a_training_that_diverges_has_no_network():
    layout = Layout.of(SPACES["grey"], "thermometer")
    recipe = Recipe(epochs=2, batch_size=16, width=8, learning_rate=float("inf"))
    assert train(layout, recipe=recipe).network is None


def test_it_is_interrupted_before_a_step():
    layout, calls = Layout.of(SPACES["grey"], "thermometer"), []

    def check():
        calls.append(None)
        if len(calls) == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train_supernet(Draws(layout, 0), layout.channels, light_and_dark(), 2, RECIPE, 0, check)
    assert len(calls) == 3


def test_each_color_has_its_own_channels():
    layout = Layout.of(SPACES["color"], "thermometer")
    cuts = ColorCutPoints(tuple(CutPoints((cut,)) for cut in (10, 20, 30)))
    parts = layout.parts(Binarization(cuts, "thermometer"))
    assert [part.color for part in parts] == [0, 1, 2]
    assert [int(part.table[:, 0].argmax()) for part in parts] == [10, 20, 30]
