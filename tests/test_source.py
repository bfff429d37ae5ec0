"""Flags that select the data set and how it is read."""

import pytest

from search.config import StudyConfig, add_flags
from search.console.parser import parser
from search.data.source import Source, parse_shape, parse_size, source_of
from search.errors import BadInput


@pytest.mark.parametrize("size", ["28", "28x", "x28", "28x28x3", "ax2", "99999x4"])
def test_a_malformed_size_is_refused(size):
    with pytest.raises(BadInput, match=f"--size {size}: expected HEIGHTxWIDTH"):
        Source(size=size)


def test_a_size_below_the_minimum_is_refused():
    with pytest.raises(BadInput, match="--size 28x3: each side must have at least 4 pixels"):
        Source(size="28x3")


def test_sizes_and_shapes_are_height_by_width():
    assert parse_size("28x32") == (28, 32)
    assert parse_shape("28×32") == (28, 32)
    assert parse_shape("28x32x3") == (28, 32, 3)


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        ({"color": "channel:x"}, "--color channel:x: expected one of gray, channel:r"),
        ({"size": "8x8", "fit": "tile"}, "--fit tile: expected one of letterbox, crop, stretch"),
        ({"fit": "crop"}, "--fit crop: has no effect without --size; give --size"),
    ],
)
def test_invalid_flags_are_refused(flags, message):
    with pytest.raises(BadInput, match=message):
        Source(**flags)


def test_a_confirmation_can_have_a_subset_of_the_source_flags():
    flags = parser("search.confirm")
    add_flags(flags, {"size", "skip_bad"})
    assert source_of(vars(flags.parse_args(["--size", "8x8", "--skip-bad"]))) == Source(size="8x8", skip_bad=True)
    assert StudyConfig().source == Source()
