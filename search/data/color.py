"""Conversion of color: to grey by luma, to one channel, or all three channels with separate cut points.

Luma is 0.299 R + 0.587 G + 0.114 B (ITU-R BT.601) in Pillow's integer arithmetic, so that a program without Pillow
gets the same grey levels: (19595 R + 38470 G + 7471 B + 32768) >> 16. A grey pixel stored in color keeps its level.
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
BLOCK = 1 << 24  # pixels converted at a time, so that a memmap is never wholly in memory


def color_record(color: str) -> dict[str, Any]:
    """Returns the record of the conversion for Pictures.preprocessing."""
    return dict(LUMA) if color == "gray" else {"color": color} | ({"channels": "rgb"} if color == PER_CHANNEL else {})


def of_picture(picture: Image.Image, color: str) -> Image.Image:
    """Converts an RGB image to mode L; `per-channel` returns it unchanged."""
    if color == PER_CHANNEL:
        return picture
    return picture.convert("L") if color == "gray" else picture.getchannel(CHANNELS[color])


def check_color(color: str, where: str) -> None:
    """Raises BadInput if grey images are asked for color channels."""
    if color != "gray":
        raise BadInput(f"{where}: --color {color} needs color images, but these are grey; remove the flag")


def of_images(images: npt.NDArray[np.uint8], color: str, where: str) -> tuple[npt.NDArray[np.uint8], dict[str, Any]]:
    """Converts images (N, H, W) or (N, H, W, 3) uint8. Grey images are returned unchanged.

    Returns images (N, H, W), or (N, H, W, 3) for `per-channel`, and the record of the conversion.
    Raises: BadInput if grey images are asked for color channels.
    """
    if images.ndim == 3:
        check_color(color, where)
        return images, {}
    if color == PER_CHANNEL:
        return images, color_record(color)
    if color != "gray":
        return np.ascontiguousarray(images[..., CHANNELS[color]]), color_record(color)
    n, height, width, _ = images.shape
    grey = np.empty((n, height, width), np.uint8)
    step = max(1, BLOCK // (height * width))
    for start in range(0, n, step):
        block = np.ascontiguousarray(images[start : start + step]).reshape(-1, width, 3)
        grey[start : start + step] = np.asarray(Image.fromarray(block).convert("L")).reshape(-1, height, width)
    return grey, color_record(color)
