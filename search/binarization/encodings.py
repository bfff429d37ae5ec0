"""Encodings: how the number of a pixel's threshold range becomes binary channels.

Enters: bins, the number of cut points <= x of each pixel, and the number of cut points k. Leaves: channels, 0 or 1.
Every encoding acts on one bin at a time. `local` reads bins of another kind: of the picture's own grey levels.

To add one: a class with `channels` and `title`, and its name in ENCODINGS; the flag, the space and the JSON follow, and
the contract in tests/test_encodings.py runs on it.
"""

from typing import Protocol

import numpy as np
import numpy.typing as npt

from models.constants import LEVELS

Bits = npt.NDArray[np.uint8]


class Encoding(Protocol):
    """The contract: different bins have different channels, and k cut points always as many channels.

    local: whether cut points are compared with own_levels(images) instead of the grey levels themselves.
    """

    local: bool

    def channels(self, bins: Bits, k: int) -> Bits:
        """Bins (…), 0..k, to channels (…, C), 0 or 1."""

    def title(self, cuts: tuple[int, ...], channel: int) -> str:
        """What a channel says of a pixel, for figures."""


class Range:
    """Channel i is 1 where the pixel lies in range i: k+1 channels, one of them 1 (the paper's)."""

    local = False

    def channels(self, bins: Bits, k: int) -> Bits:
        return np.equal(bins[..., None], np.arange(k + 1)).astype(np.uint8)

    def title(self, cuts: tuple[int, ...], channel: int) -> str:
        return f"{(0, *cuts)[channel]}–{(*cuts, LEVELS)[channel] - 1}"


class Thermometer:
    """Channel i is 1 where x >= c(i+1): k channels, the first ones 1 (Buckman et al., 2018)."""

    local = False

    def channels(self, bins: Bits, k: int) -> Bits:
        return (bins[..., None] > np.arange(k)).astype(np.uint8)

    def title(self, cuts: tuple[int, ...], channel: int) -> str:
        return f"≥ {cuts[channel]}"


class BitPlanes:
    """The bin's number in binary, the highest bit first: ⌈log2(k+1)⌉ channels.

    With 2^b - 1 cut points at equal distances these are the b highest bit planes of the picture itself, all eight for
    255 of them: the usual way to give a binary network a grey picture (Vorabbi, Maltoni and Santi 2023, among others).
    """

    local = False

    def channels(self, bins: Bits, k: int) -> Bits:
        return _binary(bins, k)

    def title(self, cuts: tuple[int, ...], channel: int) -> str:
        return f"bit {len(cuts).bit_length() - 1 - channel} of the range"


class Gray:
    """The bin's number in Gray code, the highest bit first: ⌈log2(k+1)⌉ channels, the fewest there can be.

    Neighbouring ranges differ in one channel (Gray 1953), so a pixel near a cut point can flip one channel only.
    """

    local = False

    def channels(self, bins: Bits, k: int) -> Bits:
        return _binary(np.bitwise_xor(bins, bins >> 1, dtype=np.uint8), k)

    def title(self, cuts: tuple[int, ...], channel: int) -> str:
        return f"Gray bit {len(cuts).bit_length() - 1 - channel}"


class Local(Thermometer):
    """A thermometer of the picture's own grey levels: channel i is 1 where at least c(i+1)/256 of the picture's pixels
    are darker. Cut points are quantiles of each picture, so light that keeps the order of pixels changes nothing.

    With one cut point this is the p-tile method (Doyle 1962).
    """

    local = True

    def title(self, cuts: tuple[int, ...], channel: int) -> str:
        return f"≥ {cuts[channel] / LEVELS:.0%} darker"


ENCODINGS: dict[str, Encoding] = {
    "range": Range(),
    "thermometer": Thermometer(),
    "gray": Gray(),
    "bit-planes": BitPlanes(),
    "local": Local(),
}


def own_levels(images: Bits) -> Bits:
    """How bright each pixel is among the pixels of its picture: images (N, H, W) to ⌊256 · darker / pixels⌋, 0..255.

    darker: how many pixels of the picture are darker. Integers only, so that a device can compute the same.
    """
    n, pixels = len(images), int(np.prod(images.shape[1:]))
    flat = images.reshape(n, pixels)
    counts = np.zeros((n, LEVELS), np.int64)
    np.add.at(counts, (np.arange(n)[:, None], flat), 1)
    darker = np.cumsum(counts, axis=1) - counts
    levels = (LEVELS * darker // pixels).astype(np.uint8)
    return np.take_along_axis(levels, flat, axis=1).reshape(images.shape)


def _binary(numbers: Bits, k: int) -> Bits:
    """Numbers (…), 0..k, to their bits (…, ⌈log2(k+1)⌉), the highest first."""
    return (numbers[..., None] >> np.arange(k.bit_length())[::-1] & 1).astype(np.uint8)
