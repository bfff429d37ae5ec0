"""Level maps on tensors: the same integers as search/binarization/levels.py, bit for bit.

Takes uint8 images (N, H, W) on any device. Returns levels of the same shape and type. Nothing waits for the device, and
shapes do not depend on values.

Median time of a batch of 128 images of 28×28 on one thread of a CPU, in ms, beside about 60 ms of a training step: see
`python -m benchmarks.levels`.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from models.constants import LEVELS

MIDDLE = LEVELS // 2
PER_DEVIATION = 32  # levels for one standard deviation
SMALL = 31  # the sums of squares of windows up to this side fit 32 bits: 31² · 255² < 2^31


def grey(images_u8: Tensor) -> Tensor:
    """The grey level itself."""
    return images_u8


def rank(images_u8: Tensor) -> Tensor:
    """⌊256 · darker / pixels⌋, where `darker` is the number of darker pixels in the image."""
    flat = images_u8.flatten(1).long()
    counts = torch.zeros(len(flat), LEVELS, dtype=torch.long, device=flat.device)
    counts.scatter_add_(1, flat, torch.ones_like(flat))
    darker = counts.cumsum(1) - counts
    levels = (LEVELS * darker).div(flat.shape[1], rounding_mode="floor")
    return levels.gather(1, flat).to(torch.uint8).view_as(images_u8)


def contrast(images_u8: Tensor, window: int) -> Tensor:
    """128 + ⌊(n·x - S) / n⌋."""
    n, x, total = _window(images_u8, window)
    # A sum of at most 255 n is at least 1/n away from the next integer, so float64 rounds the quotient correctly.
    quotient = ((n * x - total).double() / n).floor_()
    return _clipped(quotient + MIDDLE)


def ratio(images_u8: Tensor, window: int) -> Tensor:
    """⌊128 · n·x / S⌋, and 128 where S = 0."""
    n, x, total = _window(images_u8, window)
    # Both are below 2^36; two quotients of such integers differ by more than float64 rounds.
    quotient = ((MIDDLE * n) * x.double() / total.clamp(min=1)).floor_()
    return _clipped(quotient.masked_fill_((total == 0).expand_as(quotient), MIDDLE))


def standardized(images_u8: Tensor, window: int) -> Tensor:
    """128 + ⌊32 · d / √V⌋ with d = n·x - S and V = n·Q - S², and 128 where V = 0."""
    d, v, _, _ = _deviations(images_u8, window)
    square = PER_DEVIATION**2 * d * d
    estimate = (square.double() / v.clamp(min=1)).sqrt_().clamp_(max=181).floor_().long()
    # The estimate may be one off where the exact root is an integer.
    root = estimate + ((estimate + 1) ** 2 * v <= square).long() - (estimate**2 * v > square).long()
    root = root.clamp(max=181)
    rounded_up = root + (root * root * v < square).long()
    levels = torch.where(d >= 0, root, -rounded_up)
    return _clipped(levels.masked_fill((v == 0).expand_as(levels), 0) + MIDDLE)


def sauvola(images_u8: Tensor, window: int) -> Tensor:
    """128 + ⌊128 · d · 128·n / (S · (128·n - ⌊√V⌋))⌋, and 128 where S = 0."""
    d, v, total, n = _deviations(images_u8, window)
    s = v.double().sqrt_().floor_().long()
    s = s + ((s + 1) ** 2 <= v).long() - (s * s > v).long()
    quotient = (MIDDLE * MIDDLE * n * d).div((total * (MIDDLE * n - s)).clamp(min=1), rounding_mode="floor")
    return _clipped(quotient.masked_fill((total == 0).expand_as(quotient), 0) + MIDDLE)


def dither(images_u8: Tensor, offsets: Sequence[Sequence[int]]) -> Tensor:
    """x + offsets[row mod n][column mod n]."""
    side, (height, width) = len(offsets), images_u8.shape[1:]
    tile = torch.tensor(offsets, dtype=torch.int16, device=images_u8.device)
    whole = tile.repeat(-(-height // side), -(-width // side))[:height, :width]
    return _clipped(images_u8.to(torch.int16) + whole)


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
    """The levels of a level map given by its record, such as {"map": "contrast", "window": 9}."""
    return LEVEL_MAPS[record["map"]](images_u8, **{key: value for key, value in record.items() if key != "map"})


def _clipped(levels: Tensor) -> Tensor:
    return levels.clamp_(0, LEVELS - 1).to(torch.uint8)


def _window(images_u8: Tensor, window: int) -> tuple[int, Tensor, Tensor]:
    """The number of pixels of a window, the pixels as integers, and the sum over the window of each pixel."""
    height, width = images_u8.shape[1:]
    x = images_u8.to(torch.int32 if window else torch.int64)
    return (window or height) * (window or width), x, _sums(x, window)


def _deviations(images_u8: Tensor, window: int) -> tuple[Tensor, Tensor, Tensor, int]:
    """n·x - S, n·Q - S², S and n, in 64 bits."""
    n, x, total = _window(images_u8, window)
    squares = _sums(x * x if 0 < window <= SMALL else x.long() ** 2, window)
    total = total.long()
    return n * x - total, n * squares.long() - total * total, total, n


def _sums(values: Tensor, window: int) -> Tensor:
    """The sum of values (N, H, W) over the window of each pixel; (N, 1, 1) for the whole image."""
    if window == 0:
        return values.sum(dim=(1, 2), keepdim=True)
    edge = window // 2
    for dim in (1, 2):
        size = values.shape[dim]
        places = torch.arange(-edge, size + edge, device=values.device).clamp_(0, size - 1)
        total = functional.pad(
            values.index_select(dim, places).cumsum(dim, dtype=values.dtype), (1, 0) if dim == 2 else (0, 0, 1, 0)
        )
        values = total.narrow(dim, window, size) - total.narrow(dim, 0, size)
    return values
