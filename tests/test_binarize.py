"""Properties of cut points and encodings that hold for every cut point and image."""

import doctest

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import search.binarization.binarization
import search.binarization.cut_points
from models.constants import ACTIVATIONS, LEVELS, WEIGHTS
from search.binarization.binarization import Arithmetic, Binarization, Greyscale
from search.binarization.cut_points import CutPoints
from search.binarization.encodings import ENCODINGS

cuts = st.sets(st.integers(1, 255), min_size=1, max_size=12).map(lambda s: CutPoints(tuple(sorted(s))))
ALL_LEVELS = np.arange(LEVELS, dtype=np.uint8)


@given(cuts)
def test_threshold_ranges_round_trip_through_cut_points(cut_points):
    assert CutPoints.from_ranges(cut_points.ranges) == cut_points
    assert cut_points.ranges[0] == 0
    assert cut_points.ranges[-1] == 255


@pytest.mark.parametrize("bad", [(), (0,), (256,), (5, 5), (9, 3), (1.5,), (True,), ("7",)])
def test_cut_points_must_be_strictly_increasing_integers_in_1_to_255(bad):
    with pytest.raises(ValueError, match="cut point"):
        CutPoints(bad)


@pytest.mark.parametrize("bad", [(0, 255), (1, 150, 255), (0, 150, 254), (0, 0, 255), (0, 255, 255, 255)])
def test_malformed_threshold_ranges_are_refused(bad):
    with pytest.raises(ValueError, match=r"threshold ranges|cut point"):
        CutPoints.from_ranges(bad)


def test_numpy_integers_make_equal_cut_points():
    assert CutPoints(tuple(np.array([3, 200]))) == CutPoints((3, 200))
    assert hash(CutPoints(tuple(np.array([3, 200])))) == hash(CutPoints((3, 200)))


@given(cuts)
def test_a_pixel_lies_above_a_cut_point_if_it_is_not_smaller(cut_points):
    bins = cut_points.bins(ALL_LEVELS)
    for i, cut in enumerate(cut_points):
        assert bins[cut] == i + 1
        assert bins[cut - 1] <= i
    assert bins[0] == 0
    assert bins[255] == len(cut_points)


@given(cuts)
def test_range_channels_are_one_hot_and_follow_the_papers_definition(cut_points):
    channels = Binarization(cut_points, "range").tables[0]
    ranges = cut_points.ranges
    assert channels.shape == (LEVELS, len(cut_points) + 1)
    assert (channels.sum(axis=1) == 1).all()
    for i in range(len(ranges) - 1):
        last = i == len(ranges) - 2
        inside = [x for x in range(LEVELS) if ranges[i] <= x < ranges[i + 1] or (last and x == 255)]
        assert np.flatnonzero(channels[:, i]).tolist() == inside


@given(cuts)
def test_thermometer_channels_are_monotone_and_sum_to_the_bin(cut_points):
    channels = Binarization(cut_points, "thermometer").tables[0].astype(int)
    assert channels.shape == (LEVELS, len(cut_points))
    assert (np.diff(channels, axis=1) <= 0).all()
    assert (np.diff(channels, axis=0) >= 0).all()
    assert (channels.sum(axis=1) == cut_points.bins(ALL_LEVELS)).all()


@given(cuts, st.sampled_from(["range", "thermometer"]), st.integers(0, 2**32 - 1))
def test_encoding_a_picture_equals_comparing_its_pixels(cut_points, encoding, seed):
    images = np.random.default_rng(seed).integers(0, 256, size=(2, 3, 4), dtype=np.uint8)
    above = np.stack([images >= c for c in cut_points], axis=1)
    if encoding == "range":
        padded = np.concatenate([np.ones_like(above[:, :1]), above, np.zeros_like(above[:, :1])], axis=1)
        above = padded[:, :-1] & ~padded[:, 1:]
    binarization = Binarization(cut_points, encoding)
    encoded = binarization.encode(images)
    assert encoded.dtype == np.uint8
    assert encoded.shape == (2, binarization.channels, 3, 4)
    assert (encoded == above).all()


@pytest.mark.parametrize(("k", "bits"), [(1, 1), (2, 2), (3, 2), (4, 3), (7, 3), (8, 4)])
def test_index_bits_is_the_number_of_bits_of_a_bin(k, bits):
    binarization = Binarization(CutPoints(tuple(range(1, k + 1))), "range")
    assert (binarization.index_bits, binarization.channels) == (bits, k + 1)


def test_an_unknown_encoding_is_refused():
    with pytest.raises(ValueError, match="'grey'"):
        Binarization(CutPoints((7,)), "grey")


def test_unknown_weights_or_activations_are_refused():
    for kind in ({"weights": "ternary"}, {"activations": "xnor"}):
        with pytest.raises(ValueError, match="are not one of"):
            Arithmetic(**kind)


def test_the_text_of_a_binarization_names_only_arithmetic_that_is_not_real():
    cut_points = CutPoints((7, 9))
    assert str(Binarization(cut_points, "range")) == "0,7,9,255 range"
    assert str(Binarization(cut_points, "gray", Arithmetic("xnor"))) == "0,7,9,255 gray, xnor weights"
    assert str(Greyscale()) == "greyscale"
    assert str(Greyscale(Arithmetic("binary", "binary"))) == "greyscale, binary weights, binary activations"


@given(cuts, st.sampled_from(list(ENCODINGS)), st.sampled_from(WEIGHTS), st.sampled_from(ACTIVATIONS))
def test_a_binarization_round_trips_through_its_record(cut_points, encoding, weights, activations):
    binarization = Binarization(cut_points, encoding, Arithmetic(weights, activations))
    assert Binarization.of(binarization.record) == binarization


def test_greyscale_is_x_over_255():
    assert Greyscale().tables[0].shape == (LEVELS, 1)
    assert Greyscale().tables[0].dtype == np.float32
    assert np.allclose(Greyscale().tables[0][:, 0], np.arange(LEVELS) / 255)


def test_the_examples_in_docstrings_are_correct():
    for module in (search.binarization.cut_points, search.binarization.binarization):
        tested = doctest.testmod(module, extraglobs={"np": np, "CutPoints": CutPoints})
        assert (tested.failed, tested.attempted > 0) == (0, True)
