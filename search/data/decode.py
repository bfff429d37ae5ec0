"""Decodes one image to grey levels or RGB.

Takes a file or its bytes in one of FORMATS. Returns an image of mode L or RGB and the names of the conversions that
were applied: rotation by the EXIF orientation, the first of several frames, transparency on white as in a browser, and
more than eight bits reduced to eight (depth.py). Never starts another program, and never decompresses an image above
the size limit.
"""

import warnings
from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import Path
from typing import Any

from PIL import ExifTags, Image, ImageOps, UnidentifiedImageError

from search.data.bounded import LARGEST_PICTURE
from search.data.color import PER_CHANNEL, of_picture
from search.data.depth import Depth, StatedDepth, UnknownDepth, depth_of_color, eight_bits, is_deep, stated_depth

FORMATS = ("AVIF", "BMP", "GIF", "JPEG", "JPEG2000", "PNG", "PPM", "TIFF", "WEBP")  # Pillow's names
NO_FORMAT = "is not an image in a supported format"
EXTENSIONS = frozenset(
    f".{name}"
    for name in "avif bmp gif jpg jpeg jpe jfif jp2 j2k png pbm pgm ppm pnm tif tiff webp".split()  # noqa: SIM905
)
GREY_MODES = ("1", "L", "LA", "La")
BACKGROUND = 255  # background of transparent pixels; strokes of icons and glyphs are mostly dark
# Records for Pictures.preprocessing, beside those of color, size and depth.
STEPS: dict[str, dict[str, Any]] = {
    "orientation": {"orientation": "as EXIF says"},
    "transparency": {"transparency": BACKGROUND},
}


@dataclass(frozen=True)
class Decoded:
    """An image of mode L, or RGB with `--color per-channel`.

    done: names of conversions in STEPS, and "color". depth: the original bit depth, if it was more than eight.
    """

    picture: Image.Image
    done: frozenset[str]
    depth: Depth | None = None


class BadPicture(Exception):
    """Bytes that cannot be decoded to an image; the message gives the reason."""


def decode(encoded: Path | bytes, color: str) -> Decoded:
    """Decodes one image. color: the value of --color. Raises: BadPicture."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow warns of damaged metadata, which is not used
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(encoded if isinstance(encoded, Path) else BytesIO(encoded), formats=FORMATS) as picture:
                if picture.width * picture.height > LARGEST_PICTURE:
                    raise BadPicture(
                        f"has {picture.width}x{picture.height} pixels, more than the limit of {LARGEST_PICTURE}"
                    )
                in_file = stated_depth(picture) if is_deep(picture) else None  # getexif reads a PNG's pixels
                turned = picture.getexif().get(ExifTags.Base.Orientation, 1) in range(2, 9)
                found = _converted(ImageOps.exif_transpose(picture), color, in_file)
                done = found.done | ({"orientation"} if turned else set())
                return replace(found, done=done)
    except (Image.DecompressionBombWarning, Image.DecompressionBombError) as error:
        raise BadPicture(f"has more pixels than the limit of {LARGEST_PICTURE}") from error
    except UnidentifiedImageError as error:
        raise BadPicture(NO_FORMAT) from error
    except UnknownDepth as error:
        raise BadPicture(f"{error}; save it with 8 or 16 bits, scaled to the full range") from error
    except BadPicture:
        raise
    except Exception as error:  # damaged files make Pillow's readers raise almost anything
        reason = (isinstance(error, OSError) and error.strerror) or str(error) or type(error).__name__
        raise BadPicture(f"cannot be read ({' '.join(reason.split())[:100]})") from error


def _converted(picture: Image.Image, color: str, in_file: StatedDepth | None) -> Decoded:
    """Converts an opened image. in_file: the stated bit depth, or None for eight bits."""
    if picture.mode == "F":
        raise BadPicture("has floating-point pixels; save it with 8 or 16 bits")
    done = {"transparency"} if picture.has_transparency_data else set()
    depth = None
    if picture.mode.startswith("I") and in_file is not None:
        picture, depth = eight_bits(picture, in_file)
    elif in_file is not None:
        depth = depth_of_color(picture)
    grey = picture.mode in GREY_MODES
    if picture.has_transparency_data:
        solid = Image.new("RGBA", picture.size, (BACKGROUND, BACKGROUND, BACKGROUND, 255))
        solid.alpha_composite(picture.convert("RGBA"))
        picture = solid
    if not grey:
        return Decoded(of_picture(picture.convert("RGB"), color), frozenset(done | {"color"}), depth)
    picture = picture.convert("L")
    return Decoded(picture.convert("RGB") if color == PER_CHANNEL else picture, frozenset(done), depth)
