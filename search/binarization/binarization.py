"""A binarization: cut points and an encoding of the input, and which weights and activations are binary.

Turns uint8 images into binary channels, or into lookup tables (256, C), one for each channel of the image. Tables are
possible because every encoding acts on single pixels. Knows nothing of data sets, labels and studies.

The paper names three kinds of binarization that can be combined (Section II): of the input, of weights, of activations.
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
    """Plain values by name, such as a dictionary or a row of a data frame."""

    def __getitem__(self, name: str, /) -> Any: ...


@dataclass(frozen=True, order=True)
class Arithmetic:
    """Kinds of weights and activations of a network. Raises: ValueError for unknown names.

    >>> str(Arithmetic("xnor", "binary"))
    'xnor weights, binary activations'
    """

    weights: str = REAL
    activations: str = REAL

    def __post_init__(self) -> None:
        for name, value, known in (("weights", self.weights, WEIGHTS), ("activations", self.activations, ACTIVATIONS)):
            if value not in known:
                raise ValueError(f"{name} {value!r} are not one of {', '.join(known)}")

    def __str__(self) -> str:
        kinds = (("weights", self.weights), ("activations", self.activations))
        return ", ".join(f"{kind} {name}" for name, kind in kinds if kind != REAL)

    def after(self, text: str) -> str:
        """Appends the weights and activations that are not real to a text, separated by commas."""
        return ", ".join(each for each in (text, str(self)) if each)


@dataclass(frozen=True, order=True)
class Binarization:
    """Cut points, an encoding, and the weights and activations of the network.

    Trials with equal binarizations are repetitions of each other. Raises: ValueError for an unknown encoding.

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
            raise ValueError(f"encoding {self.encoding!r} is not one of {', '.join(ENCODINGS)}")

    @classmethod
    def of(cls, row: Record) -> "Binarization":
        """Builds a binarization from a record with cut_points, encoding, weights and activations.

        Raises: ValueError.
        """
        return cls(from_values(row["cut_points"]), row["encoding"], Arithmetic(row["weights"], row["activations"]))

    @property
    def record(self) -> dict[str, Any]:
        """Plain values from which `of` builds an equal binarization."""
        return {"cut_points": self.cut_points.values, "encoding": self.encoding, **asdict(self.arithmetic)}

    @property
    def key(self) -> str:
        """The record as canonical JSON, which identifies stored rows. Equal binarizations have equal keys."""
        return canonical(self.record)

    def __str__(self) -> str:
        return f"{self.cut_points} {self.kind}"

    @property
    def kind(self) -> str:
        """Everything except the cut points, such as `thermometer, binary weights`."""
        return self.arithmetic.after(self.encoding)

    @property
    def tables(self) -> tuple[npt.NDArray[np.uint8], ...]:
        """For each channel of the image, a lookup table (256, C) of 0 and 1 from grey levels to channels.

        With the encoding `local`, the table is indexed by the result of `own_levels`.
        """
        levels = np.arange(LEVELS, dtype=np.uint8)
        encoding = ENCODINGS[self.encoding]
        return tuple(encoding.channels(part.bins(levels), len(part)) for part in self.cut_points.parts)

    @property
    def local(self) -> bool:
        """Whether cut points are compared with ranks within the image (`own_levels`) instead of grey levels."""
        return ENCODINGS[self.encoding].local

    @property
    def channels(self) -> int:
        """Number of channels of all tables, equal to the bits per pixel."""
        return sum(table.shape[1] for table in self.tables)

    @property
    def bits(self) -> int:
        """Bits per pixel of the channels."""
        return self.channels

    @property
    def index_bits(self) -> int:
        """Bits per pixel if bins are stored instead of channels."""
        return sum(math.ceil(math.log2(len(part) + 1)) for part in self.cut_points.parts)

    @property
    def titles(self) -> list[str]:
        """A title for each channel, such as `≥ 90`, for figures."""
        encoding, parts = ENCODINGS[self.encoding], self.cut_points.parts
        named = zip(RGB if len(parts) > 1 else ("",), parts, self.tables, strict=True)
        return [f"{c} {encoding.title(p.values, i)}".strip() for c, p, table in named for i in range(table.shape[1])]

    def encode(self, images: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
        """Encodes images as channels (N, C, H, W) of 0 and 1.

        Takes uint8 images (N, H, W), or (N, H, W, 3) if each color has cut points. Raises: ValueError for another type
        or shape.
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
    """The greyscale reference: the paper's original network on x / 255, with the given weights and activations.

    colors: number of channels of the image, 1 or 3.
    """

    arithmetic: Arithmetic = Arithmetic()
    colors: int = 1
    local = False

    def __str__(self) -> str:
        return self.arithmetic.after("greyscale" if self.colors == 1 else "full color")

    @property
    def record(self) -> dict[str, Any]:
        """Plain values from which `input_of` builds an equal input."""
        return {"colors": self.colors, **asdict(self.arithmetic)}

    @property
    def key(self) -> str:
        """The record as canonical JSON, like Binarization.key."""
        return canonical(self.record)

    @property
    def bits(self) -> int:
        """Bits per pixel."""
        return 8 * self.colors

    @property
    def tables(self) -> tuple[npt.NDArray[np.float32], ...]:
        """For each channel of the image, a lookup table (256, 1) of x / 255."""
        return ((np.arange(LEVELS) / (LEVELS - 1)).astype(np.float32)[:, None],) * self.colors


Input = Binarization | Greyscale  # every kind of network input


def canonical(record: Mapping[str, Any]) -> str:
    """Returns JSON with sorted keys and without spaces, so that equal records give equal text."""
    return json.dumps(record, sort_keys=True, separators=(",", ":"))


def input_of(record: Mapping[str, Any]) -> Input:
    """Returns the input with this record. Raises: KeyError, TypeError, ValueError for anything else."""
    if "cut_points" in record:
        return Binarization.of(record)
    return Greyscale(Arithmetic(record["weights"], record["activations"]), record["colors"])


def from_key(key: str) -> Input:
    """Returns the input with this key. Raises: KeyError, TypeError, ValueError for anything else."""
    return input_of(json.loads(key))
