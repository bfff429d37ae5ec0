"""Identity: the canonical record under which inputs are stored."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from search.binarization.binarization import ACTIVATIONS, WEIGHTS, Arithmetic, Binarization, Greyscale, from_key
from search.binarization.cut_points import CutPoints, cut_points_of
from search.binarization.encodings import ENCODINGS
from search.binarization.levels import GREY, Dither, Rank
from search.binarization.windows import Contrast, Ratio, Sauvola, Standardized

part = st.sets(st.integers(1, 255), min_size=1, max_size=5).map(lambda s: CutPoints(tuple(sorted(s))))
level_maps = st.sampled_from([GREY, Rank(), Contrast(9), Ratio(9), Standardized(5), Sauvola(15), Dither.bayer(4, 64)])
arithmetics = st.builds(Arithmetic, st.sampled_from(WEIGHTS), st.sampled_from(ACTIVATIONS))


@st.composite
def binarizations(draw):
    """One level map, several of one image, or one for each color."""
    maps = draw(st.lists(level_maps, min_size=1, max_size=3, unique=True))
    colors = draw(st.booleans())
    maps = [draw(level_maps) for _ in range(3)] if colors else maps
    cuts = cut_points_of([draw(part) for _ in maps], colors=colors)
    return Binarization(cuts, draw(st.sampled_from(list(ENCODINGS))), draw(arithmetics), tuple(maps))


inputs = st.one_of(binarizations(), st.builds(Greyscale, arithmetics, st.sampled_from([1, 3]), level_maps))


@given(inputs)
def test_the_key_gives_back_the_input(made):
    assert from_key(made.key) == made


@given(inputs, inputs)
def test_keys_are_equal_exactly_when_inputs_are(one, other):
    assert (one.key == other.key) == (one == other)


@given(inputs)
def test_the_key_is_canonical_json(made):
    assert made.key == json.dumps(json.loads(made.key), sort_keys=True, separators=(",", ":"))


def test_the_keys_of_stored_rows_do_not_change():
    made = Binarization(CutPoints((90, 150)), "thermometer", Arithmetic("xnor"))
    assert made.key == '{"activations":"real","cut_points":[90,150],"encoding":"thermometer","weights":"xnor"}'
    assert Greyscale().key == '{"activations":"real","colors":1,"weights":"real"}'


@pytest.mark.parametrize("bad", ["{}", "[]", '{"cut_points":[0]}', '"greyscale"', "greyscale", '{"colors":1}'])
def test_a_key_of_another_form_is_refused(bad):
    with pytest.raises((KeyError, TypeError, ValueError)):
        from_key(bad)
