"""Cut points: the levels at which pixels are divided, for one level map, for several, or for each of three colors.

In the paper's notation (Sections III and IV), `[0, c1, …, ck, 255]` are k+1 threshold ranges. The same values are held
here as the k cut points (c1, …, ck). A pixel x lies above a cut point c if x >= c, and 255 belongs to the last range.
"""

import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from models.constants import LEVELS

RGB = ("r", "g", "b")


@dataclass(frozen=True, order=True)
class CutPoints:
    """A non-empty, strictly increasing tuple of integers in 1..255. Raises: ValueError for anything else.

    >>> CutPoints((90, 150)).ranges
    (0, 90, 150, 255)
    """

    values: tuple[int, ...]

    def __post_init__(self) -> None:
        values = tuple(self.values)
        if not values:
            raise ValueError("cut points: at least one is needed")
        for value in values:
            if isinstance(value, bool | np.bool_) or not isinstance(value, int | np.integer):
                raise ValueError(f"cut point {value!r} is not an integer")
            if not 1 <= value < LEVELS:
                raise ValueError(f"cut point {value} is outside 1..255")
        if any(later <= earlier for earlier, later in itertools.pairwise(values)):
            raise ValueError(f"cut points {values} are not strictly increasing")
        object.__setattr__(self, "values", tuple(int(value) for value in values))

    @classmethod
    def from_ranges(cls, ranges: Iterable[int]) -> "CutPoints":
        """Builds cut points from the paper's notation, `[0, c1, …, ck, 255]`. Raises: ValueError."""
        numbers = tuple(ranges)
        if len(numbers) < 3 or numbers[0] != 0 or numbers[-1] != LEVELS - 1:
            raise ValueError(f"threshold ranges {numbers} do not have the form 0, c1, …, ck, 255")
        return cls(numbers[1:-1])

    @property
    def ranges(self) -> tuple[int, ...]:
        """The paper's notation: k+2 numbers that bound k+1 ranges."""
        return (0, *self.values, LEVELS - 1)

    @property
    def parts(self) -> "tuple[CutPoints, ...]":
        """The cut points of each channel, here only one."""
        return (self,)

    def __len__(self) -> int:
        return len(self.values)

    def __iter__(self) -> Iterator[int]:
        return iter(self.values)

    def __str__(self) -> str:
        return ",".join(map(str, self.ranges))

    def bins(self, images: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
        """Returns the bin of each pixel x, the number of cut points <= x: 0..k, in the shape of the images."""
        table: npt.NDArray[np.uint8] = np.searchsorted(self.values, np.arange(LEVELS), side="right").astype(np.uint8)
        return table[images]


class SeveralCutPoints:
    """The cut points of two or more channels, each with a name: the base of ColorCutPoints and CombinedCutPoints."""

    parts: tuple[CutPoints, ...]

    @property
    def values(self) -> tuple[tuple[int, ...], ...]:
        """The values of each part."""
        return tuple(part.values for part in self.parts)

    @property
    def ranges(self) -> tuple[tuple[int, ...], ...]:
        """The paper's notation for each part."""
        return tuple(part.ranges for part in self.parts)

    def __len__(self) -> int:
        return sum(map(len, self.parts))


@dataclass(frozen=True, order=True)
class ColorCutPoints(SeveralCutPoints):
    """Separate cut points for red, green and blue, in that order. Raises: ValueError unless there are three.

    >>> str(ColorCutPoints((CutPoints((90,)), CutPoints((80, 120)), CutPoints((30,)))))
    'r:0,90,255 g:0,80,120,255 b:0,30,255'
    """

    parts: tuple[CutPoints, ...]

    def __post_init__(self) -> None:
        if len(self.parts) != len(RGB):
            raise ValueError(f"{len(self.parts)} sets of cut points; expected three, for red, green and blue")

    def __str__(self) -> str:
        return " ".join(f"{color}:{part}" for color, part in zip(RGB, self.parts, strict=True))


@dataclass(frozen=True, order=True)
class CombinedCutPoints(SeveralCutPoints):
    """Cut points of two or more level maps of the same image. Raises: ValueError for fewer.

    >>> str(CombinedCutPoints((CutPoints((90,)), CutPoints((128,)))))
    '0,90,255 + 0,128,255'
    """

    parts: tuple[CutPoints, ...]

    def __post_init__(self) -> None:
        if len(self.parts) < 2:
            raise ValueError(f"{len(self.parts)} sets of cut points; expected two or more, one for each level map")

    def __str__(self) -> str:
        return " + ".join(map(str, self.parts))


AnyCutPoints = CutPoints | ColorCutPoints | CombinedCutPoints


def cut_points_of(parts: Sequence[CutPoints], colors: bool = False) -> AnyCutPoints:
    """Combines the cut points of three colors, or of the level maps of one channel. Raises: ValueError."""
    if colors:
        return ColorCutPoints(tuple(parts))
    return parts[0] if len(parts) == 1 else CombinedCutPoints(tuple(parts))


def from_values(values: Sequence[Any], combined: bool = False) -> AnyCutPoints:
    """Builds cut points from integers, or from several sequences of integers. Raises: ValueError.

    combined: whether the sequences belong to level maps of one channel instead of colors.
    """
    if any(isinstance(value, list | tuple) for value in values):
        return cut_points_of([CutPoints(tuple(value)) for value in values], colors=not combined)
    return CutPoints(tuple(values))


def as_lists(values: Sequence[Any]) -> list[Any]:
    """Converts nested tuples to lists, as JSON stores them."""
    return [as_lists(value) if isinstance(value, tuple) else value for value in values]


def strictly_increasing(levels: Iterable[int], low: int = 1, high: int = LEVELS - 1) -> tuple[int, ...]:
    """Returns sorted levels as strictly increasing integers in low..high, moving equal ones as little as possible."""
    distinct: list[int] = []
    for level in levels:
        distinct.append(max(min(level, high), low, distinct[-1] + 1 if distinct else low))
    for i in reversed(range(len(distinct))):
        distinct[i] = min(distinct[i], high + 1 - len(distinct) + i)
    return tuple(distinct)
