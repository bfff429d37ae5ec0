"""Resizes images to one size: letterbox, crop or stretch.

Takes an image of mode L or RGB and returns one of the requested size. If the proportions are the same, nothing is cut
off or added. Pillow's bilinear filter averages all source pixels of a target pixel and never leaves the range of the
image's levels.
"""

from collections.abc import Callable
from typing import Any

from PIL import Image

# Black lies below every cut point, so the border is 0 in each thermometer channel, like the network's padding.
BORDER = 0


def letterbox(picture: Image.Image, height: int, width: int) -> Image.Image:
    """Scales the whole image, keeps its proportions and centers it on black."""
    scale = min(height / picture.height, width / picture.width)
    inner = max(1, round(picture.width * scale)), max(1, round(picture.height * scale))
    ground = Image.new(picture.mode, (width, height), BORDER)
    ground.paste(picture.resize(inner, Image.Resampling.BILINEAR), ((width - inner[0]) // 2, (height - inner[1]) // 2))
    return ground


def crop(picture: Image.Image, height: int, width: int) -> Image.Image:
    """Scales the largest central part that has the requested proportions."""
    scale = min(picture.height / height, picture.width / width)
    left, top = max(0.0, (picture.width - width * scale) / 2), max(0.0, (picture.height - height * scale) / 2)
    box = (left, top, picture.width - left, picture.height - top)
    return picture.resize((width, height), Image.Resampling.BILINEAR, box)


def stretch(picture: Image.Image, height: int, width: int) -> Image.Image:
    """Scales the whole image and changes its proportions."""
    return picture.resize((width, height), Image.Resampling.BILINEAR)


FITS: dict[str, Callable[[Image.Image, int, int], Image.Image]] = {
    "letterbox": letterbox,
    "crop": crop,
    "stretch": stretch,
}


def size_record(height: int, width: int, fit: str) -> dict[str, Any]:
    """Returns the record of the resizing for Pictures.preprocessing."""
    border = {"border": BORDER} if fit == "letterbox" else {}
    return {"size": [height, width], "fit": fit, "resampling": "bilinear", **border}
