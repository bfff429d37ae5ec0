"""The contract of all encodings, and each encoding against its definition."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from models.constants import LEVELS
from models.encode import Encoder
from search.binarization.binarization import Binarization
from search.binarization.cut_points import CutPoints
from search.binarization.encodings import ENCODINGS
from search.binarization.levels import GREY
from search.evaluation.objective import lane_of

cuts = st.sets(st.integers(1, 255), min_size=1, max_size=40).map(lambda s: CutPoints(tuple(sorted(s))))
names = st.sampled_from(list(ENCODINGS))
pictures = st.integers(0, 2**32 - 1).map(
    lambda seed: np.random.default_rng(seed).integers(0, 256, (2, 3, 4), dtype=np.uint8)
)


@given(names, st.integers(1, 255))
def test_channels_are_binary_and_differ_between_ranges(name, k):
    channels = ENCODINGS[name].channels(np.arange(k + 1, dtype=np.uint8), k)
    assert channels.dtype == np.uint8
    assert set(np.unique(channels)) <= {0, 1}
    assert len(np.unique(channels, axis=0)) == k + 1


@given(names, cuts)
def test_channel_titles_are_distinct(name, cut_points):
    binarization = Binarization(cut_points, name)
    titles = {ENCODINGS[name].title(GREY, cut_points.values, i) for i in range(binarization.channels)}
    assert len(titles) == binarization.channels


@given(names, cuts, pictures)
def test_the_channels_of_a_pixel_depend_only_on_its_level(name, cut_points, images):
    binarization = Binarization(cut_points, name)
    encoded = binarization.encode(images)
    assert encoded.shape == (2, binarization.channels, 3, 4)
    assert (encoded == np.moveaxis(binarization.tables[0][images], -1, 1)).all()


@given(names, cuts, pictures)
def test_the_device_computes_the_same_channels(name, cut_points, images):
    binarization = Binarization(cut_points, name)
    encode = Encoder(lane_of(binarization, 0).parts, torch.device("cpu"))
    on_device = encode(torch.from_numpy(images)).numpy()
    assert (on_device == binarization.encode(images)).all()


@given(cuts)
def test_bit_planes_are_the_binary_digits_of_the_bin(cut_points):
    channels = Binarization(cut_points, "bit-planes").tables[0].astype(int)
    assert channels.shape[1] == math.ceil(math.log2(len(cut_points) + 1))
    weights = 2 ** np.arange(channels.shape[1])[::-1]
    assert (channels @ weights == cut_points.bins(np.arange(LEVELS, dtype=np.uint8))).all()


@pytest.mark.parametrize("bits", range(1, 9))
def test_equidistant_cut_points_give_the_bit_planes_of_the_picture(bits):
    even = CutPoints(tuple(range(LEVELS >> bits, LEVELS, LEVELS >> bits)))
    levels = np.arange(LEVELS, dtype=np.uint8)
    assert (Binarization(even, "bit-planes").tables[0] == np.unpackbits(levels[:, None], axis=1)[:, :bits]).all()


@given(cuts)
def test_neighboring_ranges_differ_in_one_gray_channel(cut_points):
    channels = ENCODINGS["gray"].channels(np.arange(len(cut_points) + 1, dtype=np.uint8), len(cut_points)).astype(int)
    assert (np.abs(np.diff(channels, axis=0)).sum(axis=1) == 1).all()
    assert channels.shape[1] == Binarization(cut_points, "gray").index_bits
