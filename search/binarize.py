"""Cut points, and what is binary in a network: pure functions of (images, cut points).

Enters: uint8 images, a strictly increasing tuple of cut points, names of an encoding and of kinds of arithmetic.
Leaves: binary channels, or the lookup table (256, C) that makes them, because every encoding acts on one pixel at a
time. Never looks at a data set, a label or a study.

The paper's notation (Section III and IV): `[0, c1, …, ck, 255]` are k+1 threshold ranges; here they
are the k cut points (c1, …, ck), a pixel x lies above a cut point c when x >= c, and 255 belongs
to the last range. It names three kinds of binarization that can be mixed: input, weights, activations (II).
"""

import itertools
import math
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from search.encodings import ENCODINGS, LEVELS, own_levels

# What a network computes with; how is in models/quantize.py.
WEIGHTS = ("real", "binary", "xnor")
ACTIVATIONS = ("real", "binary")
REAL = "real"


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


class Record(Protocol):
    """Plain values by name: a dictionary, a row of a data frame."""

    def __getitem__(self, name: str, /) -> Any: ...


@dataclass(frozen=True, order=True)
class Arithmetic:
    """Which weights and activations a network has.

    >>> str(Arithmetic("xnor", "binary"))
    'xnor weights, binary activations'
    """

    weights: str = REAL
    activations: str = REAL

    def __post_init__(self) -> None:
        for name, value, known in (("weights", self.weights, WEIGHTS), ("activations", self.activations, ACTIVATIONS)):
            if value not in known:
                raise ValueError(f"{name} {value!r} are none of {', '.join(known)}")

    def __str__(self) -> str:
        kinds = (("weights", self.weights), ("activations", self.activations))
        return ", ".join(f"{kind} {name}" for name, kind in kinds if kind != REAL)

    def after(self, text: str) -> str:
        """The text, and after a comma what is not real."""
        return ", ".join(each for each in (text, str(self)) if each)


@dataclass(frozen=True, order=True)
class Binarization:
    """Cut points, an encoding, and what of the network is binary beside its input.

    Two trials are trials of the same thing when their binarizations are equal.

    >>> Binarization(CutPoints((90, 150)), "thermometer").encode(np.array([[[89, 90, 255]]], np.uint8))
    array([[[[0, 1, 1]],
    <BLANKLINE>
            [[0, 0, 1]]]], dtype=uint8)
    """

    cut_points: CutPoints
    encoding: str
    arithmetic: Arithmetic = Arithmetic()

    def __post_init__(self) -> None:
        if self.encoding not in ENCODINGS:
            raise ValueError(f"encoding {self.encoding!r} is none of {', '.join(ENCODINGS)}")

    @classmethod
    def of(cls, row: Record) -> "Binarization":
        """From a record with cut_points, encoding, weights and activations. Raises: ValueError."""
        return cls(CutPoints(tuple(row["cut_points"])), row["encoding"], Arithmetic(row["weights"], row["activations"]))

    @property
    def record(self) -> dict[str, Any]:
        """Plain values that `of` makes the same binarization of."""
        return {"cut_points": self.cut_points.values, "encoding": self.encoding, **asdict(self.arithmetic)}

    def __str__(self) -> str:
        return f"{self.cut_points} {self.kind}"

    @property
    def kind(self) -> str:
        """All but the cut points: `thermometer, binary weights`."""
        return self.arithmetic.after(self.encoding)

    @property
    def table(self) -> npt.NDArray[np.uint8]:
        """What each grey level becomes: (256, C), 0 or 1. Where the encoding is local, each of the picture's own."""
        levels = np.arange(LEVELS, dtype=np.uint8)
        return ENCODINGS[self.encoding].channels(self.cut_points.bins(levels), len(self.cut_points))

    @property
    def local(self) -> bool:
        """Whether cut points are compared with the picture's own grey levels."""
        return ENCODINGS[self.encoding].local

    @property
    def channels(self) -> int:
        """C, which is also the bits that a pixel's channels take."""
        return int(self.table.shape[1])

    @property
    def bits(self) -> int:
        """Bits a pixel."""
        return self.channels

    @property
    def index_bits(self) -> int:
        """Bits that a pixel takes when its bin is stored instead of its channels."""
        return math.ceil(math.log2(len(self.cut_points) + 1))

    def encode(self, images: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
        """Images (N, H, W) to channels (N, C, H, W), 0 or 1."""
        return np.moveaxis(self.table[own_levels(images) if self.local else images], -1, 1)


@dataclass(frozen=True)
class Greyscale:
    """No cut points: the paper's original network on x / 255, with the same arithmetic as what it is compared with."""

    arithmetic: Arithmetic = Arithmetic()
    local = False
    bits = 8

    def __str__(self) -> str:
        return self.arithmetic.after("greyscale")

    @property
    def table(self) -> npt.NDArray[np.float32]:
        """What each grey level becomes: (256, 1)."""
        return (np.arange(LEVELS) / (LEVELS - 1)).astype(np.float32)[:, None]


Input = Binarization | Greyscale  # all that a network can be given
