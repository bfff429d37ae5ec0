"""One encoded picture, in any of Pillow's formats, to grey levels, or to those of three colours.

Enters: a file or its bytes. Leaves: a picture of mode L or RGB and the names of what was done to it. Turned as its
EXIF orientation says; of several frames the first; transparency lies on white, as in a browser; 16 bits
become 8 by their upper half. Never: decompresses a picture so large that it may be a bomb.
"""

import warnings
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from PIL import ExifTags, Image, ImageOps, UnidentifiedImageError

from search.data.color import PER_CHANNEL, of_picture

GREY_MODES = ("1", "L", "LA", "La", "I", "I;16", "I;16B", "I;16L", "I;16N")
GROUND = 255  # of transparent pixels; strokes of icons and glyphs are mostly dark
# What is written down for each thing that was done, beside colour and size.
STEPS: dict[str, dict[str, Any]] = {
    "orientation": {"orientation": "as EXIF says"},
    "transparency": {"transparency": GROUND},
    "sixteen bits": {"sixteen_bits": "x >> 8"},
}


class BadPicture(Exception):
    """Bytes that are no usable picture; the message says why."""


def decode(encoded: Path | bytes, color: str) -> tuple[Image.Image, set[str]]:
    """The picture in mode L, or RGB where each colour is kept, and what was done: names in STEPS, and "colour".

    Raises: BadPicture.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow's remarks on damaged metadata; the pixels are what counts
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(encoded if isinstance(encoded, Path) else BytesIO(encoded)) as picture:
                done = {"orientation"} if picture.getexif().get(ExifTags.Base.Orientation, 1) in range(2, 9) else set()
                upright = ImageOps.exif_transpose(picture)
                found = _converted(upright, color, done)
                return found.convert("RGB") if color == PER_CHANNEL else found, done
    except (Image.DecompressionBombWarning, Image.DecompressionBombError) as error:
        raise BadPicture(f"has more than {Image.MAX_IMAGE_PIXELS} pixels, perhaps a decompression bomb") from error
    except UnidentifiedImageError as error:
        raise BadPicture("is no picture that Pillow can read") from error
    except BadPicture:
        raise
    except Exception as error:  # damaged files make Pillow's readers raise almost anything
        reason = (isinstance(error, OSError) and error.strerror) or str(error) or type(error).__name__
        raise BadPicture(f"cannot be read ({' '.join(reason.split())[:100]})") from error


def _converted(picture: Image.Image, color: str, done: set[str]) -> Image.Image:
    """Mode L, or RGB in colour where each is kept; adds to `done` what was needed."""
    if picture.mode.startswith("I"):
        levels = np.asarray(picture).astype(np.int64)
        if levels.min() < 0 or levels.max() > 65535:
            raise BadPicture(f"has grey levels {levels.min()}..{levels.max()}; save it with 8 or 16 bits")
        done.add("sixteen bits")
        return Image.fromarray((levels >> 8).astype(np.uint8))
    if picture.mode == "F":
        raise BadPicture("has floating-point pixels; save it with 8 or 16 bits")
    grey = picture.mode in GREY_MODES
    if picture.has_transparency_data:
        done.add("transparency")
        solid = Image.new("RGBA", picture.size, (GROUND, GROUND, GROUND, 255))
        solid.alpha_composite(picture.convert("RGBA"))
        picture = solid
    if grey:
        return picture.convert("L")
    done.add("colour")
    return of_picture(picture.convert("RGB"), color)
