"""Decoding of many images into one array."""

import numpy as np
import pytest
from PIL import Image

from search.data.source import Source
from search.data.stack import stack
from search.errors import BadInput
from tests.test_decode import encoded

RNG = np.random.default_rng(0)


def grey(height=6, width=8):
    return RNG.integers(1, 256, (height, width), dtype=np.uint8)


def named(*pictures):
    return [(f"{i}.png", p if isinstance(p, bytes) else encoded(Image.fromarray(p))) for i, p in enumerate(pictures)]


def test_grey_pictures_of_one_size_are_stacked_in_order_without_a_record():
    pictures = [grey() for _ in range(5)]
    made = stack(named(*pictures), 5, Source(), "x")
    assert np.array_equal(made.images, pictures)
    assert made.kept.tolist() == [0, 1, 2, 3, 4]
    assert (made.preprocessing, made.notes) == ({}, ())


def test_different_sizes_are_refused_without_the_size_flag():
    pictures = named(grey(), grey(), grey(9, 5))
    with pytest.raises(BadInput, match=r"0.png is 6x8 and 2.png is 9x5; set one size with --size"):
        stack(pictures, 3, Source(), "x")
    made = stack(pictures, 3, Source(size="4x10", fit="stretch"), "x")
    assert made.images.shape == (3, 4, 10)
    assert made.preprocessing == {"size": [4, 10], "fit": "stretch", "resampling": "bilinear"}
    assert stack(pictures, 3, Source(size="4x10"), "x").preprocessing["fit"] == "letterbox"


def test_a_bad_picture_is_an_error_or_skipped_and_counted():
    pictures = named(grey(), b"no image", grey(), b"")
    with pytest.raises(
        BadInput, match=r"2 of 4 images are bad: 1.png is not .*; 3.png is not .*AVIF, BMP, .* --skip-bad"
    ):
        stack(pictures, 4, Source(), "x")
    made = stack(pictures, 4, Source(skip_bad=True), "x")
    assert made.kept.tolist() == [0, 2]
    assert made.images.shape == (2, 6, 8)
    assert made.notes == (
        "2 bad images skipped: " + "; ".join(f"{i}.png is not an image in a supported format" for i in (1, 3)),
    )
    with pytest.raises(BadInput, match=r"x: no image left after --skip-bad; the first bad one is 0.png"):
        stack(named(b"", b"x"), 2, Source(skip_bad=True), "x")


def test_conversions_are_recorded():
    colored = RNG.integers(0, 256, (6, 8, 3), dtype=np.uint8)
    made = stack(named(grey(), colored), 2, Source(color="channel:r"), "x")
    assert np.array_equal(made.images[1], colored[..., 0])
    assert made.preprocessing == {"color": "channel:r"}
    deep = encoded(Image.fromarray(grey().astype(np.uint16) * 257))
    assert stack(named(deep), 1, Source(), "x").preprocessing == {"bit_depth": {"bits": 16, "formula": "x >> 8"}}
    glass = encoded(Image.fromarray(grey()).convert("LA"))
    assert stack(named(glass), 1, Source(), "x").preprocessing == {"transparency": 255}


def test_a_color_channel_of_grey_pictures_is_refused():
    with pytest.raises(BadInput, match="--color channel:g needs color images"):
        stack(named(grey()), 1, Source(color="channel:g"), "x")
