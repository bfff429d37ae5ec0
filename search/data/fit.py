"""Pictures of any size to one size: letterbox, crop or stretch.

Enters: a picture of mode L or RGB. Leaves: one of the wanted size. Nothing is cut off or added where the
proportions are the same. Pillow's bilinear filter averages over all pixels that fall into one, and never
leaves the range of the picture's own levels.
"""

from collections.abc import Callable
from typing import Any

from PIL import Image

# Black lies below every cut point, so a border is 0 in each thermometer channel, as the network's own padding is.
BORDER = 0


def letterbox(picture: Image.Image, height: int, width: int) -> Image.Image:
    """The whole picture in its proportions, centred on a black ground."""
    scale = min(height / picture.height, width / picture.width)
    inner = max(1, round(picture.width * scale)), max(1, round(picture.height * scale))
    ground = Image.new(picture.mode, (width, height), BORDER)
    ground.paste(picture.resize(inner, Image.Resampling.BILINEAR), ((width - inner[0]) // 2, (height - inner[1]) // 2))
    return ground


def crop(picture: Image.Image, height: int, width: int) -> Image.Image:
    """The largest middle part that has the wanted proportions."""
    scale = min(picture.height / height, picture.width / width)
    left, top = max(0.0, (picture.width - width * scale) / 2), max(0.0, (picture.height - height * scale) / 2)
    box = (left, top, picture.width - left, picture.height - top)
    return picture.resize((width, height), Image.Resampling.BILINEAR, box)


def stretch(picture: Image.Image, height: int, width: int) -> Image.Image:
    """The whole picture, in other proportions."""
    return picture.resize((width, height), Image.Resampling.BILINEAR)


FITS: dict[str, Callable[[Image.Image, int, int], Image.Image]] = {
    "letterbox": letterbox,
    "crop": crop,
    "stretch": stretch,
}


def done_to_size(height: int, width: int, fit: str) -> dict[str, Any]:
    """What is written down of the resizing."""
    border = {"border": BORDER} if fit == "letterbox" else {}
    return {"size": [height, width], "fit": fit, "resampling": "bilinear", **border}
