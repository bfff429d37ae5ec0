"""Cut points and encodings: pure functions of (images, cut points).

Enters: uint8 images, a strictly increasing tuple of cut points, the name of an encoding.
Leaves: binary channels, or the lookup table (256, C) that makes them, because every encoding here
acts on one pixel at a time. Never looks at a data set, a label or a study.

The paper's notation (Section III and IV): `[0, c1, …, ck, 255]` are k+1 threshold ranges; here they
are the k cut points (c1, …, ck), a pixel x lies above a cut point c when x >= c, and 255 belongs
to the last range.
"""

import itertools
import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

LEVELS = 256  # grey levels of an uint8 pixel


@dataclass(frozen=True, order=True)
class CutPoints:
    """A strictly increasing tuple of integers in 1..255, at least one.

    Raises: ValueError for anything else, so that unsorted or empty cut points never exist.

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
        """From the paper's notation, `[0, c1, …, ck, 255]`. Raises: ValueError."""
        numbers = tuple(ranges)
        if len(numbers) < 3 or numbers[0] != 0 or numbers[-1] != LEVELS - 1:
            raise ValueError(f"threshold ranges {numbers} do not have the form 0, c1, …, ck, 255")
        return cls(numbers[1:-1])

    @property
    def ranges(self) -> tuple[int, ...]:
        """The paper's notation: k+1 ranges between k+2 numbers."""
        return (0, *self.values, LEVELS - 1)

    def __len__(self) -> int:
        return len(self.values)

    def __iter__(self) -> Iterator[int]:
        return iter(self.values)

    def __str__(self) -> str:
        return ",".join(map(str, self.ranges))

    def bins(self, images: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
        """The number of cut points <= x for each pixel x: the same shape, 0..k."""
        table: npt.NDArray[np.uint8] = np.searchsorted(self.values, np.arange(LEVELS), side="right").astype(np.uint8)
        return table[images]


def strictly_increasing(levels: Iterable[int], low: int = 1, high: int = LEVELS - 1) -> tuple[int, ...]:
    """Integers low..high in order; those that fell on the same one move apart, as little as it takes."""
    apart: list[int] = []
    for level in levels:
        apart.append(max(min(level, high), low, apart[-1] + 1 if apart else low))
    for i in reversed(range(len(apart))):
        apart[i] = min(apart[i], high + 1 - len(apart) + i)
    return tuple(apart)


def one_hot_ranges(bins: npt.NDArray[np.uint8], k: int) -> npt.NDArray[np.uint8]:
    """Channel i is 1 where the pixel lies in range i: k+1 channels, one of them 1 (the paper's)."""
    return np.equal(bins[..., None], np.arange(k + 1)).astype(np.uint8)


def thermometer(bins: npt.NDArray[np.uint8], k: int) -> npt.NDArray[np.uint8]:
    """Channel i is 1 where x >= c(i+1): k channels, the first ones 1 (Buckman et al., 2018)."""
    return (bins[..., None] > np.arange(k)).astype(np.uint8)


# Bins (…) and k to channels (…, C) with the channels last.
ENCODINGS: dict[str, Callable[[npt.NDArray[np.uint8], int], npt.NDArray[np.uint8]]] = {
    "range": one_hot_ranges,
    "thermometer": thermometer,
}


@dataclass(frozen=True, order=True)
class Binarization:
    """Cut points and an encoding: all that makes binary channels of a picture.

    Two trials are trials of the same thing when their binarizations are equal.

    >>> Binarization(CutPoints((90, 150)), "thermometer").encode(np.array([[[89, 90, 255]]], np.uint8))
    array([[[[0, 1, 1]],
    <BLANKLINE>
            [[0, 0, 1]]]], dtype=uint8)
    """

    cut_points: CutPoints
    encoding: str

    def __post_init__(self) -> None:
        if self.encoding not in ENCODINGS:
            raise ValueError(f"encoding {self.encoding!r} is none of {', '.join(ENCODINGS)}")

    def __str__(self) -> str:
        return f"{self.cut_points} {self.encoding}"

    @property
    def table(self) -> npt.NDArray[np.uint8]:
        """What each grey level becomes: (256, C), 0 or 1."""
        levels = np.arange(LEVELS, dtype=np.uint8)
        return ENCODINGS[self.encoding](self.cut_points.bins(levels), len(self.cut_points))

    @property
    def channels(self) -> int:
        """C, which is also the bits that a pixel's channels take."""
        return int(self.table.shape[1])

    @property
    def index_bits(self) -> int:
        """Bits that a pixel takes when its bin is stored instead of its channels."""
        return math.ceil(math.log2(len(self.cut_points) + 1))

    def encode(self, images: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
        """Images (N, H, W) to channels (N, C, H, W), 0 or 1."""
        return np.moveaxis(self.table[images], -1, 1)


def greyscale_table() -> npt.NDArray[np.float32]:
    """The greyscale reference as a table (256, 1): x / 255, the paper's original network."""
    return (np.arange(LEVELS) / (LEVELS - 1)).astype(np.float32)[:, None]
