"""The flags that say which pictures and how they come in."""

import argparse

import pytest

from search.config import StudyConfig, add_flags
from search.data.source import Source, parse_shape, parse_size, source_of
from search.errors import BadInput


@pytest.mark.parametrize("size", ["28", "28x", "x28", "28x28x3", "ax2", "99999x4"])
def test_a_size_that_is_none_is_named(size):
    with pytest.raises(BadInput, match=f"--size {size}: expected HEIGHTxWIDTH"):
        Source(size=size)


def test_a_size_that_no_network_can_take_is_named():
    with pytest.raises(BadInput, match="--size 28x3: at least 4 pixels a side"):
        Source(size="28x3")


def test_sizes_and_shapes_are_height_by_width():
    assert parse_size("28x32") == (28, 32)
    assert parse_shape("28×32") == (28, 32)
    assert parse_shape("28x32x3") == (28, 32, 3)


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        ({"color": "channel:x"}, "--color channel:x: expected one of gray, channel:r"),
        ({"size": "8x8", "fit": "tile"}, "--fit tile: expected one of letterbox, crop, stretch"),
        ({"fit": "crop"}, "--fit crop: says how pictures become --size; give that too"),
    ],
)
def test_flags_that_cannot_be_are_named(flags, said):
    with pytest.raises(BadInput, match=said):
        Source(**flags)


def test_a_confirmation_takes_the_flags_of_the_source_alone():
    parser = argparse.ArgumentParser()
    add_flags(parser, {"size", "skip_bad"})
    assert source_of(vars(parser.parse_args(["--size", "8x8", "--skip-bad"]))) == Source(size="8x8", skip_bad=True)
    assert StudyConfig().source == Source()
