"""Parameters ⇄ cut points."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import kstest

from search.binarization.binarization import Binarization
from search.binarization.cut_points import CutPoints
from search.sampling.space import SCALES, Space, linear_scale, number, pixel_scale, position

HISTOGRAMS = {
    "even": np.ones(256, dtype=np.int64),
    "all black": np.eye(256, dtype=np.int64)[0] * 1000,
    "17 levels": np.bincount(np.round(np.arange(17) * 255 / 16).astype(int), minlength=256) * 7,
    "a peak": np.round(1e6 * np.exp(-0.5 * ((np.arange(256) - 160) / 20) ** 2)).astype(np.int64),
}
spaces = st.builds(
    lambda scale, histogram, cuts: Space(cuts, ("range", "thermometer"), SCALES[scale](HISTOGRAMS[histogram])),
    st.sampled_from(list(SCALES)),
    st.sampled_from(list(HISTOGRAMS)),
    st.one_of(st.integers(1, 12), st.integers(13, 255)),
)


@given(spaces, st.data())
def test_every_binarization_of_the_space_comes_back_from_its_parameters(space, data):
    cuts = data.draw(st.sets(st.integers(1, 255), min_size=1, max_size=space.max_cuts))
    wanted = Binarization(CutPoints(tuple(sorted(cuts))), data.draw(st.sampled_from(space.encodings)))
    params = space.params(wanted)
    assert space.binarization(params) == wanted
    assert params.keys() == space.distributions.keys()
    for name, distribution in space.distributions.items():
        assert distribution._contains(distribution.to_internal_repr(params[name]))


@settings(max_examples=8)
@given(st.sampled_from(list(HISTOGRAMS)), st.sampled_from(list(SCALES)), st.integers(0, 10**6))
def test_the_way_there_and_back_is_exact_for_every_number_of_cut_points(histogram, scale, seed):
    space = Space(255, ("range",), SCALES[scale](HISTOGRAMS[histogram]))
    rng = np.random.default_rng(seed)
    for k in range(1, 256):
        anywhere = rng.choice(np.arange(1, 256), k, replace=False)
        for cuts in (np.sort(anywhere), np.arange(1, k + 1), np.arange(256 - k, 256)):
            wanted = Binarization(CutPoints(tuple(cuts.tolist())), "range")
            assert space.binarization(space.params(wanted, seed)) == wanted


def test_parameters_without_effect_are_uniform_and_the_same_again():
    space = Space(8, ("range",), linear_scale(HISTOGRAMS["even"]))
    one = [Binarization(CutPoints((c,)), "range") for c in range(1, 256)]
    drawn = np.array([[space.params(b)[position(i)] for i in range(2, 9)] for b in one])
    assert kstest(drawn.ravel(), "uniform").pvalue > 0.01
    assert space.params(one[0]) == space.params(one[0]) != space.params(one[0], seed=1)


@given(spaces, st.data())
def test_any_parameters_give_exactly_k_cut_points(space, data):
    k = data.draw(st.integers(1, space.max_cuts))
    params = {number(): k, "encoding": "range"}
    params |= {position(i): data.draw(st.floats(0, 1)) for i in range(1, space.max_cuts + 1)}
    assert len(space.binarization(params).cut_points) == k


def test_uniform_parameters_give_positions_like_sorted_uniform_numbers():
    space = Space(3, ("range",), linear_scale(HISTOGRAMS["even"]))
    rng = np.random.default_rng(0)
    drawn = np.array(
        [
            space.binarization({number(): 3, **{position(i): u for i, u in enumerate(row, start=1)}}).cut_points.values
            for row in rng.random((4000, 3))
        ]
    )
    # The means of the order statistics of three uniform numbers are 1/4, 1/2, 3/4.
    assert np.allclose(drawn.mean(axis=0) / 256, [0.25, 0.5, 0.75], atol=0.01)


def test_the_pixel_scale_puts_half_of_its_room_where_the_pixels_are():
    room = np.diff(pixel_scale(HISTOGRAMS["17 levels"]))
    used = np.flatnonzero(HISTOGRAMS["17 levels"][1:])
    assert room[used].sum() == pytest.approx(0.5 + 0.5 * len(used) / 255)
    assert (room > 0).all()


def test_the_largest_parameters_stay_inside_the_grey_levels():
    space = Space(4, ("range",), linear_scale(HISTOGRAMS["even"]))
    positions = [position(i) for i in (1, 2, 3, 4)]
    for value, wanted in ((1.0, (252, 253, 254, 255)), (0.0, (1, 2, 3, 4))):
        assert space.binarization({number(): 4} | dict.fromkeys(positions, value)).cut_points.values == wanted


def test_a_binarization_outside_the_space_is_refused():
    space = Space(1, ("range",), linear_scale(HISTOGRAMS["even"]))
    for outside in (Binarization(CutPoints((1, 2)), "range"), Binarization(CutPoints((1,)), "thermometer")):
        with pytest.raises(ValueError, match="not in a space"):
            space.params(outside)
