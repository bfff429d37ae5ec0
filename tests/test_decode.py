"""Decoding of one image."""

from io import BytesIO

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import ExifTags, Image

from search.data import decode as decoding
from search.data.decode import FORMATS, BadPicture, decode
from search.data.depth import Depth

RNG = np.random.default_rng(0)
GREY = RNG.integers(0, 256, (5, 7), dtype=np.uint8)
RGB = RNG.integers(0, 256, (5, 7, 3), dtype=np.uint8)


def encoded(picture, form="PNG", **how):
    target = BytesIO()
    picture.save(target, form, **how)
    return target.getvalue()


def levels(data, color="gray"):
    return np.asarray(decode(data, color).picture)


@pytest.mark.parametrize("form", ["PNG", "BMP", "TIFF", "GIF", "PPM"])
def test_grey_pictures_of_lossless_formats_are_decoded_exactly(form):
    assert np.array_equal(levels(encoded(Image.fromarray(GREY), form)), GREY)


@pytest.mark.parametrize("mode", ["RGB", "CMYK", "YCbCr", "P"])
def test_color_of_any_mode_is_converted_to_grey_as_by_pillow(mode):
    picture = Image.fromarray(RGB).convert(mode)
    data = encoded(picture, "PNG" if mode in ("RGB", "P") else "TIFF")
    found = decode(data, "gray")
    with Image.open(BytesIO(data)) as read:
        assert np.array_equal(np.asarray(found.picture), np.asarray(read.convert("RGB").convert("L")))
    assert found.done == {"color"}
    assert np.array_equal(levels(encoded(Image.fromarray(RGB)), "channel:b"), RGB[..., 2])


def test_pictures_of_one_bit_are_black_and_white():
    assert set(np.unique(levels(encoded(Image.fromarray(GREY > 127))))) == {0, 255}


@pytest.mark.parametrize("form", ["PNG", "TIFF", "PPM", "JPEG2000"])
def test_sixteen_bits_are_reduced_to_the_upper_eight(form):
    deep = RNG.integers(0, 65536, (5, 7)).astype(np.uint16)
    found = decode(encoded(Image.fromarray(deep), form), "gray")
    assert np.array_equal(np.asarray(found.picture), deep >> 8)
    assert found.depth == Depth(16, deep.min(), deep.max())


@pytest.mark.parametrize(("mode", "done"), [("LA", {"transparency"}), ("RGBA", {"transparency", "color"})])
def test_transparent_pixels_are_composited_on_white(mode, done):
    alpha = Image.fromarray(np.where(GREY > 127, 255, 0).astype(np.uint8))
    picture = Image.fromarray(RGB).convert("L").convert("RGB").convert(mode)
    picture.putalpha(alpha)
    found = decode(encoded(picture), "gray")
    solid = np.asarray(Image.fromarray(RGB).convert("L"))
    assert np.array_equal(np.asarray(found.picture), np.where(GREY > 127, solid, 255))
    assert found.done == done


def test_a_transparent_palette_color_becomes_white():
    picture = Image.fromarray(np.array([[0, 1], [1, 0]], np.uint8)).convert("P")
    picture.putpalette([0, 0, 0, 90, 90, 90])
    assert levels(encoded(picture, transparency=0)).tolist() == [[255, 90], [90, 255]]


# The transformation for each EXIF orientation.
TURNS = {
    1: lambda a: a,
    2: np.fliplr,
    3: lambda a: np.rot90(a, 2),
    4: np.flipud,
    5: np.transpose,
    6: lambda a: np.rot90(a, -1),
    7: lambda a: np.rot90(a.T, 2),
    8: lambda a: np.rot90(a, 1),
}


@pytest.mark.parametrize("orientation", TURNS)
@given(seed=st.integers(0, 10**6))
def test_a_picture_is_rotated_by_its_exif_orientation(orientation, seed):
    stored = np.random.default_rng(seed).integers(0, 256, (4, 6), dtype=np.uint8)
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    found = decode(encoded(Image.fromarray(stored), exif=exif), "gray")
    assert np.array_equal(np.asarray(found.picture), TURNS[orientation](stored))
    assert found.done == ({"orientation"} if orientation > 1 else set())


@pytest.mark.parametrize("form", ["GIF", "TIFF", "PNG"])
def test_the_first_of_several_frames_is_used(form):
    frames = [Image.fromarray(GREY), Image.fromarray(255 - GREY)]
    assert np.array_equal(levels(encoded(frames[0], form, save_all=True, append_images=frames[1:])), GREY)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "is not an image in a supported format"),
        (b"some text", "is not an image in a supported format"),
        (encoded(Image.fromarray(RGB))[:60], "cannot be read"),
        (encoded(Image.fromarray(np.tile(RGB, (20, 20, 1))), "JPEG")[:-200], "cannot be read"),
        (encoded(Image.fromarray(GREY.astype(np.float32)), "TIFF"), "has floating-point pixels"),
        (
            encoded(Image.fromarray(GREY.astype(np.int32) - 300), "TIFF"),
            r"has grey levels -\d+..-\d+ and does not state their bit depth; save it with 8 or 16 bits",
        ),
    ],
)
def test_the_error_for_an_unusable_picture_gives_the_reason(data, message):
    with pytest.raises(BadPicture, match=message):
        decode(data, "gray")


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(BadPicture, match=r"cannot be read .No such file"):
        decode(tmp_path / "a.png", "gray")


def test_a_picture_above_the_size_limit_is_never_decoded(monkeypatch):
    data = encoded(Image.fromarray(GREY))
    monkeypatch.setattr(decoding, "LARGEST_PICTURE", GREY.size)
    assert decode(data, "gray").picture.size == (7, 5)
    monkeypatch.setattr(decoding, "LARGEST_PICTURE", GREY.size - 1)
    monkeypatch.setattr(decoding, "_converted", None)
    with pytest.raises(BadPicture, match="has 7x5 pixels, more than the limit of 34"):
        decode(data, "gray")


@pytest.mark.parametrize("limit", [30, 10])  # Pillow warns above its limit and raises an error above twice the limit
def test_pillows_size_limit_gives_the_same_kind_of_error(monkeypatch, limit):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", limit)
    with pytest.raises(BadPicture, match="has more pixels than the limit of 67108864"):
        decode(encoded(Image.fromarray(GREY)), "gray")


@pytest.mark.parametrize("form", FORMATS)
def test_every_listed_format_is_read(form):
    assert decode(encoded(Image.fromarray(RGB), form), "gray").picture.size == (7, 5)


def test_a_phones_jpeg_with_several_pictures_is_read():
    pictures = [Image.fromarray(RGB), Image.fromarray(255 - RGB)]
    assert decode(encoded(pictures[0], "MPO", save_all=True, append_images=pictures[1:]), "gray").picture.mode == "L"


EPS = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 8 8\n%%EndComments\nshowpage\n%%EOF\n"


def test_no_other_program_is_started_for_a_picture(monkeypatch):
    def started(*_, **__):
        raise AssertionError("a program was started")

    monkeypatch.setattr("subprocess.Popen", started)
    for data in (EPS, encoded(Image.fromarray(RGB), "ICO"), encoded(Image.fromarray(RGB), "TGA")):
        with pytest.raises(BadPicture, match="is not an image in a supported format"):
            decode(data, "gray")
