"""Conversion of color to grey levels or channels."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from search.data import color
from search.data.color import CHANNELS, of_images, of_picture
from search.errors import BadInput


def random_colors(n=5, height=6, width=7, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (n, height, width, 3), dtype=np.uint8)


def luma(rgb):
    """Luma of ITU-R BT.601 in 65536ths, rounded, as documented in docs/data.md."""
    r, g, b = np.moveaxis(rgb.astype(np.int64), -1, 0)
    return (19595 * r + 38470 * g + 7471 * b + 32768) >> 16


@given(st.integers(0, 2**32 - 1))
def test_gray_is_the_documented_integer_formula(seed):
    images = random_colors(seed=seed)
    grey, done = of_images(images, "gray", "x")
    assert grey.dtype == np.uint8
    assert np.array_equal(grey, luma(images))
    assert done["coefficients"] == [0.299, 0.587, 0.114]
    assert "19595 R + 38470 G + 7471 B + 32768" in done["formula"]


def test_the_formula_is_within_one_level_of_the_real_coefficients_and_keeps_grey_levels():
    images = random_colors(100)
    assert np.abs(of_images(images, "gray", "x")[0] - images @ [0.299, 0.587, 0.114]).max() < 0.51
    levels = np.arange(256, dtype=np.uint8).reshape(1, 16, 16)
    assert np.array_equal(of_images(np.stack([levels] * 3, axis=-1), "gray", "x")[0], levels)


@pytest.mark.parametrize("name", CHANNELS)
def test_a_channel_is_returned_unchanged(name):
    images = random_colors()
    grey, done = of_images(images, name, "x")
    assert np.array_equal(grey, images[..., "rgb".index(name[-1])])
    assert done == {"color": name}


@pytest.mark.parametrize("name", color.COLOR_CHOICES)
def test_a_single_picture_and_an_array_are_converted_alike(name):
    images = random_colors()
    one_by_one = [np.asarray(of_picture(Image.fromarray(image), name)) for image in images]
    assert np.array_equal(of_images(images, name, "x")[0], one_by_one)


def test_small_blocks_give_the_same_result(monkeypatch):
    images = random_colors(50)
    monkeypatch.setattr(color, "BLOCK", 100)
    assert np.array_equal(of_images(images, "gray", "x")[0], luma(images))


def test_grey_pictures_are_unchanged_and_have_no_channels():
    images = random_colors()[..., 0]
    grey, done = of_images(images, "gray", "x")
    assert grey is images
    assert done == {}
    with pytest.raises(BadInput, match="x: --color channel:g needs color images"):
        of_images(images, "channel:g", "x")
