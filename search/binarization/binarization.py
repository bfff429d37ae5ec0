"""What is binary in a network: its input by cut points and an encoding, its weights, its activations.

Enters: cut points, names of an encoding and of kinds of arithmetic. Leaves: binary channels of uint8 images, or the
lookup tables (256, C) that make them, one for each channel of the picture, because every encoding acts on one pixel at
a time. Never looks at a data set, a label or a study.

The paper names three kinds of binarization that can be mixed (Section II): of the input, of weights, of activations.
"""

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from models.constants import ACTIVATIONS, LEVELS, REAL, WEIGHTS
from search.binarization.cut_points import RGB, AnyCutPoints, from_values
from search.binarization.encodings import ENCODINGS, own_levels


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

    cut_points: AnyCutPoints
    encoding: str
    arithmetic: Arithmetic = Arithmetic()

    def __post_init__(self) -> None:
        if self.encoding not in ENCODINGS:
            raise ValueError(f"encoding {self.encoding!r} is none of {', '.join(ENCODINGS)}")

    @classmethod
    def of(cls, row: Record) -> "Binarization":
        """From a record with cut_points, encoding, weights and activations. Raises: ValueError."""
        return cls(from_values(row["cut_points"]), row["encoding"], Arithmetic(row["weights"], row["activations"]))

    @property
    def record(self) -> dict[str, Any]:
        """Plain values that `of` makes the same binarization of."""
        return {"cut_points": self.cut_points.values, "encoding": self.encoding, **asdict(self.arithmetic)}

    @property
    def key(self) -> str:
        """The record as canonical JSON: equal binarizations have equal keys. It identifies stored rows."""
        return canonical(self.record)

    def __str__(self) -> str:
        return f"{self.cut_points} {self.kind}"

    @property
    def kind(self) -> str:
        """All but the cut points: `thermometer, binary weights`."""
        return self.arithmetic.after(self.encoding)

    @property
    def tables(self) -> tuple[npt.NDArray[np.uint8], ...]:
        """What each grey level becomes: (256, C), 0 or 1, for each channel of the picture, one or three.

        Where the encoding is local, each of the picture's own levels.
        """
        levels = np.arange(LEVELS, dtype=np.uint8)
        encoding = ENCODINGS[self.encoding]
        return tuple(encoding.channels(part.bins(levels), len(part)) for part in self.cut_points.parts)

    @property
    def local(self) -> bool:
        """Whether cut points are compared with the picture's own grey levels."""
        return ENCODINGS[self.encoding].local

    @property
    def channels(self) -> int:
        """C of all tables together, which is also the bits that a pixel's channels take."""
        return sum(table.shape[1] for table in self.tables)

    @property
    def bits(self) -> int:
        """Bits a pixel."""
        return self.channels

    @property
    def index_bits(self) -> int:
        """Bits that a pixel takes when its bin is stored instead of its channels."""
        return sum(math.ceil(math.log2(len(part) + 1)) for part in self.cut_points.parts)

    @property
    def titles(self) -> list[str]:
        """What each channel says of a pixel."""
        encoding, parts = ENCODINGS[self.encoding], self.cut_points.parts
        named = zip(RGB if len(parts) > 1 else ("",), parts, self.tables, strict=True)
        return [f"{c} {encoding.title(p.values, i)}".strip() for c, p, table in named for i in range(table.shape[1])]

    def encode(self, images: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
        """Images (N, H, W), or (N, H, W, 3) where each color has cut points, to channels (N, C, H, W), 0 or 1.

        Raises: ValueError for images of another type or shape.
        """
        tables = self.tables
        colors = () if len(tables) == 1 else (len(tables),)
        if images.dtype != np.uint8 or images.ndim != 3 + len(colors) or images.shape[3:] != colors:
            expected = f"(N, H, W{''.join(f', {each}' for each in colors)})"
            raise ValueError(f"images are {images.dtype} {images.shape}; expected uint8 {expected}")
        planes = [images] if len(tables) == 1 else [images[..., i] for i in range(images.shape[3])]
        encoded = [
            table[own_levels(plane) if self.local else plane] for table, plane in zip(tables, planes, strict=True)
        ]
        return np.moveaxis(np.concatenate(encoded, axis=-1), -1, 1)


@dataclass(frozen=True)
class Greyscale:
    """No cut points: the paper's original network on x / 255, with the same arithmetic as what it is compared with.

    colors: channels of the picture, one, or three for a picture in color.
    """

    arithmetic: Arithmetic = Arithmetic()
    colors: int = 1
    local = False

    def __str__(self) -> str:
        return self.arithmetic.after("greyscale" if self.colors == 1 else "full color")

    @property
    def record(self) -> dict[str, Any]:
        """Plain values, from which input_of makes an equal input."""
        return {"colors": self.colors, **asdict(self.arithmetic)}

    @property
    def key(self) -> str:
        """The record as canonical JSON, as Binarization.key."""
        return canonical(self.record)

    @property
    def bits(self) -> int:
        """Bits a pixel."""
        return 8 * self.colors

    @property
    def tables(self) -> tuple[npt.NDArray[np.float32], ...]:
        """What each grey level becomes: (256, 1), for each channel of the picture."""
        return ((np.arange(LEVELS) / (LEVELS - 1)).astype(np.float32)[:, None],) * self.colors


Input = Binarization | Greyscale  # all that a network can be given


def canonical(record: Mapping[str, Any]) -> str:
    """JSON with sorted keys and without spaces, so that equal records give equal text."""
    return json.dumps(record, sort_keys=True, separators=(",", ":"))


def input_of(record: Mapping[str, Any]) -> Input:
    """The input with this record. Raises: KeyError, TypeError, ValueError for anything else."""
    if "cut_points" in record:
        return Binarization.of(record)
    return Greyscale(Arithmetic(record["weights"], record["activations"]), record["colors"])


def from_key(key: str) -> Input:
    """The input with this key. Raises: KeyError, TypeError, ValueError for anything else."""
    return input_of(json.loads(key))
