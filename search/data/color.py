"""What becomes of color: grey by luma, one channel, or all three, each with cut points of its own.

Enters: images (N, H, W) or (N, H, W, 3) uint8. Leaves: images of the wanted kind and what was done. Luma is
ITU-R BT.601's 0.299 R + 0.587 G + 0.114 B in Pillow's whole numbers, so that a program without Pillow
gets the same grey levels: (19595 R + 38470 G + 7471 B + 32768) >> 16. A grey pixel in color keeps its level.
"""

from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from search.errors import BadInput

CHANNELS = {"channel:r": 0, "channel:g": 1, "channel:b": 2}
PER_CHANNEL = "per-channel"
COLOR_CHOICES = ("gray", *CHANNELS, PER_CHANNEL)
LUMA = {"color": "gray", "coefficients": [0.299, 0.587, 0.114], "formula": "(19595 R + 38470 G + 7471 B + 32768) >> 16"}
BLOCK = 1 << 24  # pixels that are converted at a time, so that a memmap is never in memory as a whole


def done_to_color(color: str) -> dict[str, Any]:
    """What is written down of the conversion."""
    return dict(LUMA) if color == "gray" else {"color": color} | ({"channels": "rgb"} if color == PER_CHANNEL else {})


def of_picture(picture: Image.Image, color: str) -> Image.Image:
    """An RGB picture to one of mode L, or itself where each color is kept."""
    if color == PER_CHANNEL:
        return picture
    return picture.convert("L") if color == "gray" else picture.getchannel(CHANNELS[color])


def check_color(color: str, where: str) -> None:
    """Raises: BadInput for channels of grey pictures."""
    if color != "gray":
        raise BadInput(f"{where}: --color {color} takes channels of pictures in color; these are grey, leave it out")


def of_images(images: npt.NDArray[np.uint8], color: str, where: str) -> tuple[npt.NDArray[np.uint8], dict[str, Any]]:
    """Images (N, H, W), or (N, H, W, 3) where each color is kept, and what was done: nothing to grey ones.

    Raises: BadInput for channels of grey images.
    """
    if images.ndim == 3:
        check_color(color, where)
        return images, {}
    if color == PER_CHANNEL:
        return images, done_to_color(color)
    if color != "gray":
        return np.ascontiguousarray(images[..., CHANNELS[color]]), done_to_color(color)
    n, height, width, _ = images.shape
    grey = np.empty((n, height, width), np.uint8)
    step = max(1, BLOCK // (height * width))
    for start in range(0, n, step):
        block = np.ascontiguousarray(images[start : start + step]).reshape(-1, width, 3)
        grey[start : start + step] = np.asarray(Image.fromarray(block).convert("L")).reshape(-1, height, width)
    return grey, done_to_color(color)
