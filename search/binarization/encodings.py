"""Encodings: how the bin of a pixel becomes binary channels.

Takes bins (of each pixel, the number of cut points <= its level) and the number of cut points k. Returns channels of
0 and 1. Every encoding acts on single bins, so it is the same for every level map.

To add an encoding, write a class with `channels` and `title` and add it to ENCODINGS. The flag, the search space and
the JSON file follow from that table, and the contract in tests/test_encodings.py runs on every entry.
"""

from typing import Protocol

import numpy as np
import numpy.typing as npt

from models.constants import LEVELS
from search.binarization.level_map import LevelMap

Bits = npt.NDArray[np.uint8]


class Encoding(Protocol):
    """An encoding. Different bins have different channels, and the number of channels depends only on k."""

    def channels(self, bins: Bits, k: int) -> Bits:
        """Converts bins (…) in 0..k to channels (…, C) of 0 and 1."""

    def title(self, levels: LevelMap, cuts: tuple[int, ...], channel: int) -> str:
        """Returns the title of a channel, for figures."""


class Range:
    """One-hot encoding, as in the paper: channel i of k+1 is 1 if the pixel lies in range i."""

    def channels(self, bins: Bits, k: int) -> Bits:
        return np.equal(bins[..., None], np.arange(k + 1)).astype(np.uint8)

    def title(self, levels: LevelMap, cuts: tuple[int, ...], channel: int) -> str:
        return f"{(0, *cuts)[channel]}–{(*cuts, LEVELS)[channel] - 1}"


class Thermometer:
    """Thermometer encoding (Buckman et al., 2018): channel i of k is 1 if level >= c(i+1)."""

    def channels(self, bins: Bits, k: int) -> Bits:
        return (bins[..., None] > np.arange(k)).astype(np.uint8)

    def title(self, levels: LevelMap, cuts: tuple[int, ...], channel: int) -> str:
        return f"≥ {levels.threshold(cuts[channel])}"


class BitPlanes:
    """The bin in binary, highest bit first: ⌈log2(k+1)⌉ channels.

    With 2^b - 1 equidistant cut points, these are the b highest bit planes of the image, and all eight with 255 cut
    points. This is a common input of binary networks (for example Vorabbi, Maltoni and Santi 2023).
    """

    def channels(self, bins: Bits, k: int) -> Bits:
        return _binary(bins, k)

    def title(self, levels: LevelMap, cuts: tuple[int, ...], channel: int) -> str:
        return f"bit {len(cuts).bit_length() - 1 - channel} of the range"


class Gray:
    """The bin in Gray code (Gray 1953), highest bit first: ⌈log2(k+1)⌉ channels, the smallest possible number.

    Neighboring ranges differ in one channel, so noise near a cut point flips only one channel.
    """

    def channels(self, bins: Bits, k: int) -> Bits:
        return _binary(np.bitwise_xor(bins, bins >> 1, dtype=np.uint8), k)

    def title(self, levels: LevelMap, cuts: tuple[int, ...], channel: int) -> str:
        return f"Gray bit {len(cuts).bit_length() - 1 - channel}"


ENCODINGS: dict[str, Encoding] = {
    "range": Range(),
    "thermometer": Thermometer(),
    "gray": Gray(),
    "bit-planes": BitPlanes(),
}


def _binary(numbers: Bits, k: int) -> Bits:
    """Returns the bits (…, ⌈log2(k+1)⌉) of numbers (…) in 0..k, highest first."""
    return (numbers[..., None] >> np.arange(k.bit_length())[::-1] & 1).astype(np.uint8)
