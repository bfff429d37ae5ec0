"""A binarization: level maps, cut points and an encoding of the input, and which weights and activations are binary.

Turns uint8 images into binary channels, or into lookup tables (256, C), one for each level map. Tables are possible
because every encoding acts on single levels. Knows nothing of data sets, labels and studies.

The paper names three kinds of binarization that can be combined (Section II): of the input, of weights, of activations.
"""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from models.constants import ACTIVATIONS, LEVELS, REAL, WEIGHTS
from search.binarization.cut_points import RGB, AnyCutPoints, ColorCutPoints, CombinedCutPoints, CutPoints, from_values
from search.binarization.encodings import ENCODINGS
from search.binarization.level_map import LevelMap
from search.binarization.levels import GREY, level_map


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


class Part(NamedTuple):
    """Cut points of one level map. color: r, g or b if each color has cut points of its own, otherwise empty."""

    level_map: LevelMap
    cut_points: CutPoints
    color: str


@dataclass(frozen=True)
class Binarization:
    """Cut points of one or more level maps, an encoding, and the weights and activations of the network.

    cut_points: of one level map, of several level maps of the same image, or of each color.
    level_maps: one for each part of the cut points; a single one is used for all colors. Several level maps of the same
        image differ.
    Trials with equal binarizations are repetitions of each other. Raises: ValueError for an unknown encoding, or for
    level maps that do not fit the cut points.

    >>> Binarization(CutPoints((90, 150)), "thermometer").encode(np.array([[[89, 90, 255]]], np.uint8))
    array([[[[0, 1, 1]],
    <BLANKLINE>
            [[0, 0, 1]]]], dtype=uint8)
    """

    cut_points: AnyCutPoints
    encoding: str
    arithmetic: Arithmetic = Arithmetic()
    level_maps: tuple[LevelMap, ...] = (GREY,)

    def __post_init__(self) -> None:
        if self.encoding not in ENCODINGS:
            raise ValueError(f"encoding {self.encoding!r} is not one of {', '.join(ENCODINGS)}")
        maps, parts = tuple(self.level_maps), len(self.cut_points.parts)
        if isinstance(self.cut_points, ColorCutPoints) and len(maps) == 1:
            maps *= parts
        if len(maps) != parts:
            raise ValueError(f"{len(maps)} level maps; expected {parts}, one for each set of cut points")
        if isinstance(self.cut_points, CombinedCutPoints):
            if len(set(maps)) != parts:
                raise ValueError(f"level maps {', '.join(map(str, maps))}: expected different ones")
            # The order of level maps has no meaning; one order makes equal binarizations equal.
            pairs = sorted(zip(maps, self.cut_points.parts, strict=True))
            maps = tuple(level_map for level_map, _ in pairs)
            object.__setattr__(self, "cut_points", CombinedCutPoints(tuple(cuts for _, cuts in pairs)))
        object.__setattr__(self, "level_maps", maps)

    @classmethod
    def of(cls, record: Mapping[str, Any]) -> "Binarization":
        """Builds a binarization from a record. Raises: KeyError, TypeError, ValueError."""
        levels = record.get("levels", GREY.record)
        combined = isinstance(levels, Sequence) and not isinstance(levels, str)
        colors = isinstance(levels, Mapping) and "map" not in levels
        if colors and set(levels) != set(RGB):
            raise ValueError(f"levels {levels!r}: expected a level map, a list of them, or one for each of r, g and b")
        cut_points = from_values(record["cut_points"], combined)
        records = [levels[color] for color in RGB] if colors else levels if combined else [levels]
        arithmetic = Arithmetic(record["weights"], record["activations"])
        return cls(cut_points, record["encoding"], arithmetic, tuple(level_map(each) for each in records))

    @classmethod
    def from_key(cls, key: str) -> "Binarization":
        """Builds a binarization from its key. Raises: KeyError, TypeError, ValueError."""
        return cls.of(json.loads(key))

    @property
    def record(self) -> dict[str, Any]:
        """Plain values from which `of` builds an equal binarization; without `levels` if all level maps are grey."""
        made = {"cut_points": self.cut_points.values, "encoding": self.encoding, **asdict(self.arithmetic)}
        return made if self.levels_record is None else made | {"levels": self.levels_record}

    @property
    def levels_record(self) -> dict[str, Any] | list[dict[str, Any]] | None:
        """The records of the level maps in the shape of the cut points: one, a list, or one by color; None for grey."""
        if set(self.level_maps) == {GREY}:
            return None
        records = [each.record for each in self.level_maps]
        if isinstance(self.cut_points, ColorCutPoints):
            return dict(zip(RGB, records, strict=True))
        return records[0] if len(records) == 1 else records

    @property
    def key(self) -> str:
        """The record as canonical JSON, which identifies stored rows. Equal binarizations have equal keys."""
        return canonical(self.record)

    def __str__(self) -> str:
        return f"{self.ranges_text} {self.kind}"

    @property
    def ranges_text(self) -> str:
        """The threshold ranges with the level maps that are not grey: `contrast 9: 0,123,255`."""
        if self.levels_record is None:
            return str(self.cut_points)
        if len(set(self.level_maps)) == 1:
            return f"{self.level_maps[0]}: {self.cut_points}"
        colors = [f"{part.color} " if part.color else "" for part in self.parts]
        named = [f"{color}{part.level_map}: {part.cut_points}" for color, part in zip(colors, self.parts, strict=True)]
        return " + ".join(named)

    @property
    def kind(self) -> str:
        """The encoding and the arithmetic, such as `thermometer, binary weights`."""
        return self.arithmetic.after(self.encoding)

    @property
    def colors(self) -> int:
        """Number of channels of the image: 3 if each color has cut points of its own, otherwise 1."""
        return len(RGB) if isinstance(self.cut_points, ColorCutPoints) else 1

    @property
    def parts(self) -> tuple[Part, ...]:
        """The level maps with their cut points, in the order of the channels."""
        cut_points = self.cut_points.parts
        colors = RGB if self.colors > 1 else ("",) * len(cut_points)
        return tuple(map(Part, self.level_maps, cut_points, colors))

    @property
    def tables(self) -> tuple[npt.NDArray[np.uint8], ...]:
        """For each part, a lookup table (256, C) of 0 and 1 from levels to channels."""
        levels = np.arange(LEVELS, dtype=np.uint8)
        encoding = ENCODINGS[self.encoding]
        return tuple(encoding.channels(part.bins(levels), len(part)) for part in self.cut_points.parts)

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
        encoding = ENCODINGS[self.encoding]
        return [
            f"{part.color} {encoding.title(part.level_map, part.cut_points.values, i)}".strip()
            for part, table in zip(self.parts, self.tables, strict=True)
            for i in range(table.shape[1])
        ]

    def encode(self, images: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
        """Encodes images as channels (N, C, H, W) of 0 and 1.

        Takes uint8 images (N, H, W), or (N, H, W, 3) if each color has cut points. Raises: ValueError for another type
        or shape.
        """
        colors = () if self.colors == 1 else (self.colors,)
        if images.dtype != np.uint8 or images.ndim != 3 + len(colors) or images.shape[3:] != colors:
            expected = f"(N, H, W{''.join(f', {each}' for each in colors)})"
            raise ValueError(f"images are {images.dtype} {images.shape}; expected uint8 {expected}")
        encoded = [
            table[part.level_map(images[..., RGB.index(part.color)] if part.color else images)]
            for part, table in zip(self.parts, self.tables, strict=True)
        ]
        return np.moveaxis(np.concatenate(encoded, axis=-1), -1, 1)


@dataclass(frozen=True)
class Greyscale:
    """A greyscale reference: the network on levels / 255, with the given weights and activations.

    With the level map grey, the default, it is the paper's original network on x / 255. With another one, it is the
    rival of a binarization on the same level map, at 8 bits per pixel.
    colors: number of channels of the image, 1 or 3. level_map: of each channel.
    """

    arithmetic: Arithmetic = Arithmetic()
    colors: int = 1
    level_map: LevelMap = GREY

    def __str__(self) -> str:
        name = "greyscale" if self.colors == 1 else "full color"
        return self.arithmetic.after(name if self.level_map == GREY else f"{name} of {self.level_map}")

    @property
    def record(self) -> dict[str, Any]:
        """Plain values from which `input_of` builds an equal input; without `levels` if the level map is grey."""
        made = {"colors": self.colors, **asdict(self.arithmetic)}
        return made if self.level_map == GREY else made | {"levels": self.level_map.record}

    @property
    def key(self) -> str:
        """The record as canonical JSON, like Binarization.key."""
        return canonical(self.record)

    @property
    def bits(self) -> int:
        """Bits per pixel."""
        return 8 * self.colors

    @property
    def level_maps(self) -> tuple[LevelMap, ...]:
        """The level map of each channel of the image."""
        return (self.level_map,) * self.colors

    @property
    def tables(self) -> tuple[npt.NDArray[np.float32], ...]:
        """For each channel of the image, a lookup table (256, 1) of level / 255."""
        return ((np.arange(LEVELS) / (LEVELS - 1)).astype(np.float32)[:, None],) * self.colors


Input = Binarization | Greyscale  # every kind of network input


def canonical(record: Mapping[str, Any]) -> str:
    """Returns JSON with sorted keys and without spaces, so that equal records give equal text."""
    return json.dumps(record, sort_keys=True, separators=(",", ":"))


def input_of(record: Mapping[str, Any]) -> Input:
    """Returns the input with this record. Raises: KeyError, TypeError, ValueError for anything else."""
    if "cut_points" in record:
        return Binarization.of(record)
    arithmetic = Arithmetic(record["weights"], record["activations"])
    return Greyscale(arithmetic, record["colors"], level_map(record.get("levels", GREY.record)))


def from_key(key: str) -> Input:
    """Returns the input with this key. Raises: KeyError, TypeError, ValueError for anything else."""
    return input_of(json.loads(key))
