"""Level maps on tensors: uint8 images (N, H, W) to uint8 levels (N, H, W), on the device of the images.

Each function equals the integer reference in search/binarization/levels.py and windows.py bit for bit; the definitions
and the symbols n, S, Q, d and V are explained there. Nothing waits for the device, and shapes do not depend on values.

Window sums are products with matrices of counts, in float64: exact, and faster than pooling for images of this size.
For integers a and b, ⌊a / b⌋ of the rounded quotient is exact if |a| < 2^53: a quotient that is not an integer is at
least 1/b away from one, and the rounding error is at most |a / b| / 2^53 < 1/b. Where |a| may be larger, int64 is used.

`python -m benchmarks.levels` prints the time of each level map beside that of a training step.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any

import torch
from torch import Tensor

from models.constants import LEVELS

MIDDLE = 128  # the level of a pixel that equals the mean
SD = 32  # levels of one standard deviation

# For at most 2809 = 53² pixels, V <= (255·n / 2)² < 2^52 / (2·127²). With t = 32·d / √V and an integer m up to 127,
# t ≠ m means |t - m| >= 1 / (2·m·V), which is more than the rounding error of t, m / 2^52. If t = m, √V is an integer
# and t is exact. So ⌊t⌋ is exact where it is not clipped.
ROOT_IN_FLOAT = 53**2
SAUVOLA_IN_FLOAT = 215**2  # pixels of a window for which 128²·n·d < 2^53


def grey(images_u8: Tensor) -> Tensor:
    """The images themselves."""
    return images_u8


def rank(images_u8: Tensor) -> Tensor:
    """The rank of each pixel within its image."""
    flat = images_u8.flatten(1).long()
    counts = torch.zeros(len(flat), LEVELS, dtype=torch.long, device=flat.device)
    counts.scatter_add_(1, flat, torch.ones_like(flat))
    darker = counts.cumsum(1) - counts
    levels = darker.mul_(LEVELS).div_(flat.shape[1], rounding_mode="floor")
    return levels.to(torch.uint8).gather(1, flat).view_as(images_u8)


def contrast(images_u8: Tensor, window: int) -> Tensor:
    """Difference from the mean of the window."""
    x = images_u8.double()
    n, sums = _pixels(x, window), _sums(x, window)
    return _clipped(_quotient((n * x).sub_(sums), x.new_full((), n)).add_(MIDDLE))


def ratio(images_u8: Tensor, window: int) -> Tensor:
    """Ratio to the mean of the window."""
    x = images_u8.double()
    n, sums = _pixels(x, window), _sums(x, window)
    return _clipped(_quotient(MIDDLE * n * x, sums.clamp(min=1)).masked_fill_(sums == 0, MIDDLE))


def standardized(images_u8: Tensor, window: int) -> Tensor:
    """Distance from the mean of the window in standard deviations."""
    x = images_u8.double()
    n = _pixels(x, window)
    sums, squares = _sums(x, window), _sums(x * x, window)
    if n <= ROOT_IN_FLOAT:
        variance = (n * squares).addcmul_(sums, sums, value=-1).clamp_(min=1)  # where it is 0, d is 0
        distance = (n * x).sub_(sums).mul_(SD)
        return _clipped(distance.div_(variance.sqrt_()).floor_().add_(MIDDLE))
    sums, squares = sums.long(), squares.long()
    d = n * images_u8.long() - sums
    variance = (n * squares - sums * sums).clamp_(min=1)
    # ⌊1024·d² / V⌋ in two steps, because 1024·d² may exceed 2^63.
    high = _quotient(SD * d * d, variance)
    rest = SD * (SD * d * d - high * variance)
    low = _quotient(rest, variance)
    ratio = SD * high + low
    root = ratio.double().sqrt().long()
    rounded_up = root + ((root * root < ratio) | (rest > low * variance)).long()
    return _clipped(torch.where(d >= 0, root, -rounded_up) + MIDDLE)


def sauvola(images_u8: Tensor, window: int) -> Tensor:
    """The parameter k with which Sauvola's threshold meets the pixel."""
    x = images_u8.double()
    n = _pixels(x, window)
    sums, squares = _sums(x, window), _sums(x * x, window)
    deviation = (n * squares).addcmul_(sums, sums, value=-1).sqrt_().floor_()
    scale = sums.mul(deviation.neg_().add_(MIDDLE * n)).clamp_(min=1)  # where it is 0, d is 0
    distance = (n * x).sub_(sums)
    if n > SAUVOLA_IN_FLOAT:
        distance, scale = distance.long(), scale.long()
    return _clipped(_quotient(distance.mul_(MIDDLE * MIDDLE * n), scale) + MIDDLE)


def dither(images_u8: Tensor, offsets: Sequence[Sequence[int]]) -> Tensor:
    """Ordered dither with a periodic pattern."""
    height, width = images_u8.shape[1:]
    pattern = _pattern(tuple(map(tuple, offsets)), height, width, images_u8.device)
    return _clipped(images_u8 + pattern)


LEVEL_MAPS: dict[str, Callable[..., Tensor]] = {
    "grey": grey,
    "rank": rank,
    "contrast": contrast,
    "ratio": ratio,
    "standardized": standardized,
    "sauvola": sauvola,
    "dither": dither,
}


def level_image(images_u8: Tensor, record: Mapping[str, Any]) -> Tensor:
    """Computes the levels by a record such as {"map": "contrast", "window": 9}. Raises: KeyError, TypeError."""
    return LEVEL_MAPS[record["map"]](images_u8, **{name: value for name, value in record.items() if name != "map"})


def _clipped(levels: Tensor) -> Tensor:
    return levels.clamp_(0, LEVELS - 1).to(torch.uint8)


def _quotient(a: Tensor, b: Tensor) -> Tensor:
    """Returns ⌊a / b⌋. In float64, |a| must be below 2^53.

    b is a tensor on the device of a: for a number, CUDA multiplies by a rounded reciprocal, which is not exact.
    """
    return (a / b).floor_() if a.is_floating_point() else a.div(b, rounding_mode="floor")


def _pixels(x: Tensor, window: int) -> int:
    """The number of pixels of a window; window 0 is the whole image."""
    return window * window or x.shape[1] * x.shape[2]


def _sums(x: Tensor, window: int) -> Tensor:
    """Returns the sum of each window of x (N, H, W): (N, H, W), or (N, 1, 1) for the whole image."""
    if window == 0:
        return x.sum((1, 2), keepdim=True)
    height, width = x.shape[1:]
    rows = (x.reshape(-1, width) @ _counts(width, window, x.device).T).view_as(x)
    return _counts(height, window, x.device) @ rows


@lru_cache(maxsize=64)
def _counts(size: int, window: int, device: torch.device) -> Tensor:
    """How often a pixel of a row is in the window around a center when the ends are replicated: (centers, pixels)."""
    radius, center, pixel = window // 2, torch.arange(size)[:, None], torch.arange(size)
    counts = (center - pixel).abs() <= radius
    before, after = (radius - center).clamp(min=0), (center + radius + 1 - size).clamp(min=0)
    return (counts + before * (pixel == 0) + after * (pixel == size - 1)).double().to(device)


@lru_cache(maxsize=64)
def _pattern(offsets: tuple[tuple[int, ...], ...], height: int, width: int, device: torch.device) -> Tensor:
    """The offsets repeated over an image (height, width). Cached, because a copy to the device would wait for it."""
    n = len(offsets)
    tile = torch.tensor(offsets, dtype=torch.int16)
    return tile.repeat(height // n + 1, width // n + 1)[:height, :width].contiguous().to(device)
