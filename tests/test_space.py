"""Parameters ⇄ cut points."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from search.binarize import Binarization
from search.cut_points import CutPoints
from search.space import SCALES, Space, linear_scale, pixel_scale

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
    st.integers(1, 12),
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


@given(spaces, st.data())
def test_any_parameters_give_exactly_k_cut_points(space, data):
    k = data.draw(st.integers(1, space.max_cuts))
    params = {"k": k, "encoding": "range"} | {f"u{i}": data.draw(st.floats(0, 1)) for i in range(space.max_cuts)}
    assert len(space.binarization(params).cut_points) == k


def test_uniform_parameters_give_positions_like_sorted_uniform_numbers():
    space = Space(3, ("range",), linear_scale(HISTOGRAMS["even"]))
    rng = np.random.default_rng(0)
    drawn = np.array(
        [
            space.binarization({"k": 3, **{f"u{i}": u for i, u in enumerate(row)}}).cut_points.values
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
    assert space.binarization({"k": 4} | dict.fromkeys(["u0", "u1", "u2", "u3"], 1.0)).cut_points.values == (
        252,
        253,
        254,
        255,
    )
    assert space.binarization({"k": 4} | dict.fromkeys(["u0", "u1", "u2", "u3"], 0.0)).cut_points.values == (1, 2, 3, 4)


def test_a_binarization_outside_the_space_is_refused():
    space = Space(1, ("range",), linear_scale(HISTOGRAMS["even"]))
    for outside in (Binarization(CutPoints((1, 2)), "range"), Binarization(CutPoints((1,)), "thermometer")):
        with pytest.raises(ValueError, match="not in a space"):
            space.params(outside)
