"""Reduction of grey levels of more than eight bits."""

import struct
import zlib
from io import BytesIO

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from PIL.TiffImagePlugin import ImageFileDirectory_v2

from search.data.decode import BadPicture, decode
from search.data.depth import MAX_SAMPLE, PHOTOMETRIC, SMAX_SAMPLE, WHITE_IS_ZERO, Depth, check_depths
from search.data.source import Source
from search.data.stack import stack
from search.errors import BadInput
from tests.test_decode import encoded

LEVELS = np.linspace(0, 4095, 64).astype(np.uint16).reshape(8, 8)
SHORT = 3  # type of a tag


def tiff(levels, **tags):
    """A TIFF with additional integer tags."""
    info = ImageFileDirectory_v2()
    for number, value in tags.items():
        info.tagtype[int(number[1:])] = SHORT
        info[int(number[1:])] = value
    return encoded(Image.fromarray(levels), "TIFF", tiffinfo=info)


def packed_in_12_bits(levels):
    """A TIFF of 12 bits per sample, two samples in three bytes. Pillow can read but not write it."""
    pairs = levels.astype(int).reshape(-1, 2)
    data = np.stack([pairs[:, 0] >> 4, (pairs[:, 0] & 15) << 4 | pairs[:, 1] >> 8, pairs[:, 1] & 255], 1)
    tags = [(256, 8), (257, 8), (258, 12), (259, 1), (262, 1), (273, 8 + 2 + 9 * 12 + 4), (277, 1), (278, 8), (279, 96)]
    entries = b"".join(
        number.to_bytes(2, "little") + b"\x03\x00" + (1).to_bytes(4, "little") + value.to_bytes(4, "little")
        for number, value in tags
    )
    return b"II*\x00\x08\x00\x00\x00" + b"\x09\x00" + entries + bytes(4) + data.astype(np.uint8).tobytes()


def found(data, color="gray"):
    made = decode(data, color)
    return np.asarray(made.picture), made.depth


def test_levels_are_scaled_by_the_bit_depth_that_a_tiff_states():
    for data in (
        packed_in_12_bits(LEVELS),
        tiff(LEVELS, **{f"_{MAX_SAMPLE}": 4095}),
        tiff(LEVELS, **{f"_{SMAX_SAMPLE}": 4095}),
        tiff(LEVELS.astype(np.int32), **{f"_{SMAX_SAMPLE}": 4095}),
    ):
        levels, depth = found(data)
        assert np.array_equal(levels, LEVELS >> 4)
        assert depth == Depth(12, 0, 4095)


def test_an_impossible_largest_sample_in_a_tiff_is_ignored():
    assert found(tiff(LEVELS, **{f"_{MAX_SAMPLE}": 0}))[1] == Depth(16, 0, 4095)
    assert found(tiff(LEVELS, **{f"_{MAX_SAMPLE}": 65535}))[1] == Depth(16, 0, 4095)


@pytest.mark.parametrize("low", [0, -1])
def test_32_bit_levels_without_a_largest_sample_are_refused(low):
    data = tiff(LEVELS.astype(np.int32) + low)
    message = rf"has grey levels {low}..{4095 + low} and does not state their bit depth; save it with 8 or 16 bits"
    with pytest.raises(BadPicture, match=message):
        decode(data, "gray")


def test_levels_above_the_stated_bit_depth_are_refused():
    with pytest.raises(BadPicture, match=r"has grey levels 0..4095, but states a bit depth of 10"):
        decode(tiff(LEVELS, **{f"_{MAX_SAMPLE}": 1000}), "gray")


def test_a_white_is_zero_tiff_is_inverted_for_eight_and_sixteen_bits():
    shallow = (LEVELS >> 4).astype(np.uint8)
    for levels in (shallow, 65535 - (LEVELS << 4)):  # Pillow inverts only 8-bit images on writing
        data = tiff(levels, **{f"_{PHOTOMETRIC}": WHITE_IS_ZERO})
        assert np.array_equal(found(data)[0], shallow)


def test_a_transparent_level_of_sixteen_bits_is_white():
    levels, _ = found(encoded(Image.fromarray(LEVELS), "PNG", transparency=int(LEVELS[0, 3])))
    assert levels[0, 3] == 255
    assert levels[0, 4] == LEVELS[0, 4] >> 8


def test_levels_of_a_ppm_are_scaled_by_its_maximum():
    data = b"P5 8 8 4095\n" + LEVELS.astype(">u2").tobytes()
    assert np.abs(found(data)[0].astype(int) - (LEVELS >> 4)).max() <= 1


def named(*pictures):
    return [(f"{i}.png", each) for i, each in enumerate(pictures)]


@given(st.integers(1, 65535))
def test_pictures_that_use_less_than_a_quarter_of_the_range_are_refused(high):
    levels = np.full((8, 8), high, np.uint16)
    levels[0, 0] = 0
    pictures = named(encoded(Image.fromarray(levels)), encoded(Image.fromarray(levels // 2)))
    if high >= 64 * 256:
        made = stack(pictures, 2, Source(), "x")
        assert made.images.max() == high >> 8
        assert made.preprocessing == {"bit_depth": {"bits": 16, "formula": "x >> 8"}}
    else:
        message = rf"x: the grey levels of 2 images \(16 bits\) are all in 0..{high}, so the brightest pixel would be "
        with pytest.raises(
            BadInput, match=rf"{message}{high >> 8} of 255; scale them to 0..65535, or save them with 8"
        ):
            stack(pictures, 2, Source(), "x")


def test_a_dark_picture_among_bright_ones_is_read():
    bright = encoded(Image.fromarray(LEVELS * 16))
    made = stack(named(bright, encoded(Image.fromarray(LEVELS // 100))), 2, Source(), "x")
    assert made.images[1].max() == 0


def test_defective_white_pixels_in_a_few_pictures_do_not_hide_darkness():
    broken = LEVELS.copy()
    broken[0, 0] = 65535
    dark, white = encoded(Image.fromarray(LEVELS)), encoded(Image.fromarray(broken))
    message = r"levels of 7 of 8 images \(16 bits\) are all in 0\.\.4095, so the brightest pixel would be 15 of 255"
    with pytest.raises(BadInput, match=message):
        stack(named(white, *[dark] * 7), 8, Source(), "x")
    assert len(stack(named(white, white, *[dark] * 6), 8, Source(), "x").images) == 8


@pytest.mark.parametrize("color", ["gray", "per-channel"])
def test_dark_16_bit_color_pictures_are_refused(color):
    """Pillow cannot write 16-bit color, so `png_of_16_bits` does; reading keeps the upper eight bits."""
    for times, dark in ((1, True), (16, False)):
        data = png_of_16_bits(np.stack([LEVELS * times] * 3, -1))
        if dark:
            with pytest.raises(BadInput, match=r"grey levels of 1 image \(16 bits\) are all in 0\.\.4095"):
                stack(named(data), 1, Source(color=color), "x")
        else:
            assert stack(named(data), 1, Source(color=color), "x").images.max() == 255


def png_of_16_bits(levels):
    """Encodes an RGB image (H, W, 3) with 16 bits per sample."""

    def chunk(kind, content):
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in levels)
    header = struct.pack(">2I5B", levels.shape[1], levels.shape[0], 16, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def test_pictures_of_different_bit_depth_are_refused():
    pictures = named(encoded(Image.fromarray(LEVELS * 16)), packed_in_12_bits(LEVELS))
    with pytest.raises(
        BadInput, match=r"x: images differ in bit depth: 0.png has 16 bits and 1.png 12; save all with the same"
    ):
        stack(pictures, 2, Source(), "x")


def test_pictures_of_eight_bits_need_no_depth_check():
    check_depths([], "x")
    with Image.open(BytesIO(encoded(Image.fromarray(LEVELS.astype(np.uint8))))) as picture:
        assert picture.mode == "L"
    assert found(encoded(Image.fromarray(LEVELS.astype(np.uint8))))[1] is None
