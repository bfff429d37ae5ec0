"""Identity: the canonical record under which inputs are stored."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from search.binarization.binarization import ACTIVATIONS, WEIGHTS, Arithmetic, Binarization, Greyscale, from_key
from search.binarization.cut_points import CutPoints, cut_points_of
from search.binarization.encodings import ENCODINGS

part = st.sets(st.integers(1, 255), min_size=1, max_size=5).map(lambda s: CutPoints(tuple(sorted(s))))
parts = st.one_of(st.lists(part, min_size=1, max_size=1), st.lists(part, min_size=3, max_size=3))
arithmetics = st.builds(Arithmetic, st.sampled_from(WEIGHTS), st.sampled_from(ACTIVATIONS))
binarizations = st.builds(Binarization, parts.map(cut_points_of), st.sampled_from(list(ENCODINGS)), arithmetics)
inputs = st.one_of(binarizations, st.builds(Greyscale, arithmetics, st.sampled_from([1, 3])))


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
