"""Level maps by name: what cut points are compared with, and the maps that need no window.

`windows.py` has the maps that compare a pixel with its neighborhood. `models/levels.py` computes the same levels on
tensors. To add a level map, write a class here or there and its function in `models/levels.py`, and add both to the
tables LEVEL_MAPS; the contract in tests/test_levels.py runs on every entry.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from functools import cache
from typing import Any

import numpy as np

from models.constants import LEVELS
from search.binarization.level_map import Integers, LevelMap, is_integer
from search.binarization.windows import Contrast, Ratio, Sauvola, Standardized

Offsets = tuple[tuple[int, ...], ...]

MIDDLE = 128  # the cut point of a dither pattern that is a mosaic of cut points
LARGEST_TILE = 16
BAYER_TILES = (2, 4, 8)


@dataclass(frozen=True)
class Grey(LevelMap):
    """The image itself. A cut point is a global threshold. Invariant to nothing."""

    name = "grey"

    def _levels(self, x: Integers) -> Integers:
        return x

    def threshold(self, cut: int) -> str:
        return str(cut)

    @property
    def formula(self) -> str:
        return "x"


@dataclass(frozen=True)
class Rank(LevelMap):
    """The rank of the pixel within its image: ⌊256 · darker / pixels⌋, where darker pixels of the image are counted.

    A cut point is a quantile of each image, the p-tile method (Doyle 1962). Invariant to every strictly increasing
    change of grey levels.
    """

    name = "rank"

    def _levels(self, x: Integers) -> Integers:
        n, pixels = len(x), x[0].size
        places = x.reshape(n, pixels) + LEVELS * np.arange(n)[:, None]
        counts = np.bincount(places.ravel(), minlength=LEVELS * n).reshape(n, LEVELS)
        levels = LEVELS * (np.cumsum(counts, axis=1) - counts) // pixels
        return np.asarray(levels.ravel()[places].reshape(x.shape), np.int64)

    def threshold(self, cut: int) -> str:
        return f"{cut / LEVELS:.0%} darker"

    @property
    def formula(self) -> str:
        return "floor(256 * D / P), D = number of pixels of the image below x, P = number of pixels of the image"


@dataclass(frozen=True)
class Dither(LevelMap):
    """Ordered dither (Bayer 1973): x + offsets[row mod n][column mod n]. Invariant to nothing.

    offsets: n×n integers in -255..255 with n in 1..16. A cut point c on it compares the pixels of each n×n tile with
    n² cut points, c minus the offset.
    """

    name = "dither"
    offsets: Offsets

    def __post_init__(self) -> None:
        offsets = _square(self.offsets, "offset", 1 - LEVELS, LEVELS - 1)
        object.__setattr__(self, "offsets", offsets)

    @classmethod
    def bayer(cls, tile: int, spread: int) -> "Dither":
        """Builds the Bayer pattern with indices b in 0..n²-1: spread · ((b + 1/2) / n² - 1/2), rounded half up.

        tile: n, one of 2, 4, 8. spread: 0..255, about the difference between the largest and the smallest offset.
        Raises: ValueError.
        """
        if not is_integer(tile) or tile not in BAYER_TILES:
            raise ValueError(f"dither tile {tile!r} is not one of {', '.join(map(str, BAYER_TILES))}")
        if not is_integer(spread) or not 0 <= spread < LEVELS:
            raise ValueError(f"dither spread {spread!r} is not an integer in 0..255")
        index, cells = _bayer_index(int(tile)), int(tile) ** 2
        offsets = (int(spread) * (2 * index + 1 - cells) + cells) // (2 * cells)
        return cls(tuple(map(tuple, offsets.tolist())))

    @classmethod
    def mosaic(cls, cuts: Sequence[Sequence[int]]) -> "Dither":
        """Builds the pattern 128 - cut, so that cut point 128 on it compares each pixel of a tile with its own cut.

        cuts: n×n integers in 1..255. Raises: ValueError.
        """
        return cls(tuple(tuple(MIDDLE - cut for cut in row) for row in _square(cuts, "cut point", 1, LEVELS - 1)))

    @property
    def record(self) -> dict[str, Any]:
        return {"map": self.name, "offsets": [list(row) for row in self.offsets]}

    @property
    def spread(self) -> int | None:
        """The smallest spread for which `bayer` gives these offsets, None if there is none."""
        return _bayer_spreads().get(self.offsets)

    def __str__(self) -> str:
        if self.spread is not None:
            return f"{self.name} {self._size} spread {self.spread}"
        rows = "/".join(" ".join(f"{offset:+d}" for offset in row) for row in self.offsets)
        return f"mosaic {rows}" if len(self.offsets) <= 2 else f"{self.name} {self._size}"

    @property
    def _size(self) -> str:
        return f"{len(self.offsets)}×{len(self.offsets)}"

    def _levels(self, x: Integers) -> Integers:
        offsets, n = np.array(self.offsets), len(self.offsets)
        return np.asarray(x + offsets[np.arange(x.shape[1])[:, None] % n, np.arange(x.shape[2]) % n])

    def threshold(self, cut: int) -> str:
        return f"{cut} by {self._size} pattern"

    @property
    def formula(self) -> str:
        n, rows = len(self.offsets), [list(row) for row in self.offsets]
        return f"x + P[row mod {n}][column mod {n}], clipped to 0..255; P = {rows}"


LEVEL_MAPS: dict[str, type[LevelMap]] = {
    each.name: each for each in (Grey, Rank, Contrast, Ratio, Standardized, Sauvola, Dither)
}
GREY = Grey()


def level_map(record: Mapping[str, Any]) -> LevelMap:
    """Returns the level map with this record, such as {"map": "contrast", "window": 9}.

    Raises: ValueError for an unknown map, missing or unknown parameters, and values outside their range.
    """
    if not isinstance(record, Mapping) or "map" not in record:
        raise ValueError(f"level map {record!r} is not a record such as {{'map': 'grey'}}")
    name = record["map"]
    if not isinstance(name, str) or name not in LEVEL_MAPS:
        raise ValueError(f"level map {name!r} is not one of {', '.join(LEVEL_MAPS)}")
    given = {key: value for key, value in record.items() if key != "map"}
    takes = [field.name for field in fields(LEVEL_MAPS[name])]
    if given.keys() != set(takes):
        raise ValueError(
            f"level map {name} takes {_listed(takes)}; its record {dict(record)!r} has {_listed(list(given))}"
        )
    return LEVEL_MAPS[name](**given)


def _listed(names: Sequence[str]) -> str:
    return ", ".join(map(str, names)) or "no parameters"


def _square(rows: Sequence[Sequence[int]], what: str, low: int, high: int) -> Offsets:
    """Returns a pattern of n×n integers in low..high as tuples. Raises: ValueError."""
    try:
        pattern = tuple(tuple(row) for row in rows)
    except TypeError:
        raise ValueError(f"dither pattern {rows!r} is not a list of rows") from None
    if not 1 <= len(pattern) <= LARGEST_TILE or any(len(row) != len(pattern) for row in pattern):
        raise ValueError(f"dither pattern with rows of {[len(row) for row in pattern]} is not n×n with n in 1..16")
    for value in (value for row in pattern for value in row):
        if not is_integer(value) or not low <= value <= high:
            raise ValueError(f"dither {what} {value!r} is not an integer in {low}..{high}")
    return tuple(tuple(int(value) for value in row) for row in pattern)


def _bayer_index(tile: int) -> Integers:
    """Returns the Bayer matrix (tile, tile) with 0..tile²-1. tile: a power of 2."""
    if tile == 1:
        return np.zeros((1, 1), np.int64)
    half = 4 * _bayer_index(tile // 2)
    return np.block([[half, half + 2], [half + 3, half + 1]])


@cache
def _bayer_spreads() -> dict[Offsets, int]:
    """Returns the smallest spread of each Bayer pattern."""
    return {Dither.bayer(tile, spread).offsets: spread for tile in BAYER_TILES for spread in reversed(range(LEVELS))}
