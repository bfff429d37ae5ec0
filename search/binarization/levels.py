"""Level maps: what cut points are compared with, an integer image 0..255 that is computed from the image.

Takes uint8 images (N, H, W). Returns levels of the same shape and type. Everything is defined in integers, so that a
device computes the same levels: n is the number of pixels of the window, S the sum of its pixels, Q the sum of their
squares; ⌊ ⌋ rounds toward minus infinity, results are clipped to 0..255. Edge pixels are repeated outside the image.

models/levels.py computes the same on tensors. To add a level map, write a class here, a function there, and add both to
LEVEL_MAPS; the flag, the search space and the JSON file follow, and the contract in tests/test_levels.py runs on it.
"""

import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from models.constants import LEVELS

Images = npt.NDArray[np.uint8]
Integers = npt.NDArray[np.int64]

MIDDLE = LEVELS // 2  # the level of a pixel that equals the mean of its window
PER_DEVIATION = 32  # levels for one standard deviation
MIN_WINDOW, MAX_WINDOW = 3, 255  # sides of windows, in pixels
MOST_PIXELS = 2**20  # of an image whose whole is the window; above it 64-bit integers could overflow
MOST_OFFSETS = 16  # side of the pattern of Dither


class LevelMap(ABC):
    """A level map. Frozen and validated on construction; equal parameters make equal level maps.

    name: in flags and files.
    """

    name: ClassVar[str]

    @abstractmethod
    def __call__(self, images: Images) -> Images:
        """Converts images (N, H, W) to levels (N, H, W)."""

    @abstractmethod
    def threshold(self, cut: int) -> str:
        """What a pixel above this cut point is greater than or equal to, for figures."""

    @property
    @abstractmethod
    def formula(self) -> str:
        """The level of pixel x as a formula in integers, for programmers."""

    @property
    def record(self) -> dict[str, Any]:
        """Plain values from which `level_map` makes an equal level map."""
        return {"map": self.name} | asdict(self)  # type: ignore[call-overload,no-any-return]

    @property
    def key(self) -> str:
        """The record as canonical JSON."""
        return json.dumps(self.record, sort_keys=True, separators=(",", ":"))

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True)
class Grey(LevelMap):
    """The grey level itself."""

    name = "grey"

    def __call__(self, images: Images) -> Images:
        return images

    def threshold(self, cut: int) -> str:
        return str(cut)

    @property
    def formula(self) -> str:
        return "x"


@dataclass(frozen=True)
class Rank(LevelMap):
    """The rank of a pixel within its image: ⌊256 · darker / pixels⌋, where `darker` counts darker pixels.

    Invariant to any strictly monotone change of the image. Cut points are quantiles of each image; with one cut point
    this is the p-tile method (Doyle 1962).
    """

    name = "rank"

    def __call__(self, images: Images) -> Images:
        n, pixels = len(images), int(np.prod(images.shape[1:]))
        flat = images.reshape(n, pixels)
        counts = np.zeros((n, LEVELS), np.int64)
        np.add.at(counts, (np.arange(n)[:, None], flat), 1)
        darker = np.cumsum(counts, axis=1) - counts
        levels = (LEVELS * darker // max(pixels, 1)).astype(np.uint8)
        return np.take_along_axis(levels, flat, axis=1).reshape(images.shape)

    def threshold(self, cut: int) -> str:
        return f"{cut / LEVELS:.0%} of the pixels"

    @property
    def formula(self) -> str:
        return "256 * darker // pixels"


@dataclass(frozen=True)
class Windowed(LevelMap):
    """A level map that compares a pixel with a square window around it.

    window: side in pixels, odd; 0 for the whole image. Raises: ValueError for another value.
    """

    window: int

    def __post_init__(self) -> None:
        window = self.window
        if isinstance(window, bool) or not isinstance(window, int | np.integer):
            raise ValueError(f"window {window!r} of level map {self.name}: expected an integer")
        if window != 0 and (not MIN_WINDOW <= window <= MAX_WINDOW or window % 2 == 0):
            raise ValueError(
                f"window {window} of level map {self.name}: expected an odd number from {MIN_WINDOW} to {MAX_WINDOW}, "
                "or 0 for the whole image"
            )
        object.__setattr__(self, "window", int(window))

    def __str__(self) -> str:
        return f"{self.name} {self.window or 'image'}"

    @property
    def where(self) -> str:
        """The window in words."""
        return f"{self.window}×{self.window}" if self.window else "the image"

    def __call__(self, images: Images) -> Images:
        if images.size == 0:
            return images
        if self.window == 0 and images.shape[1] * images.shape[2] > MOST_PIXELS:
            raise ValueError(
                f"images of {images.shape[1]}×{images.shape[2]}: {self} takes at most {MOST_PIXELS} pixels"
            )
        n = (self.window or images.shape[1]) * (self.window or images.shape[2])
        levels = self.levels(images.astype(np.int64), n, self.sums)
        return np.clip(levels, 0, LEVELS - 1).astype(np.uint8)

    @abstractmethod
    def levels(self, x: Integers, n: int, sums: Callable[[Integers], Integers]) -> Integers:
        """The levels of pixels x (N, H, W), not clipped. n: pixels of a window. sums: sums over windows."""

    def sums(self, values: Integers) -> Integers:
        """The sum of values (N, H, W) over the window of each pixel; (N, 1, 1) for the whole image."""
        if self.window == 0:
            whole: Integers = values.sum(axis=(1, 2), keepdims=True)
            return whole
        edge = self.window // 2
        padded = np.pad(values, ((0, 0), (edge, edge), (edge, edge)), mode="edge")
        for axis in (1, 2):
            total = np.cumsum(np.insert(padded, 0, 0, axis=axis), axis=axis)
            ends = np.arange(self.window, total.shape[axis])
            padded = total.take(ends, axis=axis) - total.take(ends - self.window, axis=axis)
        return padded


@dataclass(frozen=True)
class Contrast(Windowed):
    """The difference to the mean of the window: 128 + ⌊(n·x - S) / n⌋.

    level >= c is x >= mean + c - 128, exactly. One cut point is adaptive mean thresholding (Wellner 1993; OpenCV's
    adaptiveThreshold, scikit-image's threshold_local). Invariant to brightness, up to clipping.
    """

    name = "contrast"

    def levels(self, x: Integers, n: int, sums: Callable[[Integers], Integers]) -> Integers:
        return MIDDLE + (n * x - sums(x)) // n

    def threshold(self, cut: int) -> str:
        return _plus(f"mean of {self.where}", cut - MIDDLE)

    @property
    def formula(self) -> str:
        return "clip(128 + floor((n*x - sum) / n), 0, 255)"


@dataclass(frozen=True)
class Ratio(Windowed):
    """The ratio to the mean of the window: ⌊128 · n·x / S⌋, and 128 where S = 0.

    level >= c is x >= c/128 · mean, exactly (Bradley and Roth 2007). Invariant to a change of all pixels by the same
    factor, up to rounding and clipping.
    """

    name = "ratio"

    def levels(self, x: Integers, n: int, sums: Callable[[Integers], Integers]) -> Integers:
        total = sums(x)
        return np.where(total > 0, MIDDLE * n * x // np.maximum(total, 1), MIDDLE)

    def threshold(self, cut: int) -> str:
        return f"{cut / MIDDLE:.2f} × mean of {self.where}"

    @property
    def formula(self) -> str:
        return "sum == 0 ? 128 : clip(floor(128*n*x / sum), 0, 255)"


@dataclass(frozen=True)
class Standardized(Windowed):
    """The difference to the mean of the window in standard deviations: 128 + ⌊32 · d / √V⌋, and 128 where V = 0.

    d = n·x - S, V = n·Q - S², so √V / n is the standard deviation. level >= c is x >= mean + (c - 128)/32 · sd: exactly
    Niblack's threshold (1986). Invariant to brightness and to a change of all pixels by the same factor, up to rounding
    and clipping.
    """

    name = "standardized"

    def levels(self, x: Integers, n: int, sums: Callable[[Integers], Integers]) -> Integers:
        d, v = _deviations(x, n, sums)
        square = PER_DEVIATION**2 * d * d
        # |32 d / √V| above 128 is clipped, so its square is cut off at 2^15, whose root is 181.
        below = np.minimum(square // np.maximum(v, 1), 2**15)
        root = np.floor(np.sqrt(below)).astype(np.int64)  # exact: floats hold these squares
        rounded_up = root + (root * root * v < square)
        return MIDDLE + np.where(v == 0, 0, np.where(d >= 0, root, -rounded_up))

    def threshold(self, cut: int) -> str:
        return _plus(f"mean of {self.where}", (cut - MIDDLE) / PER_DEVIATION, " sd")

    @property
    def formula(self) -> str:
        return (
            "d = n*x - sum, v = n*sum_of_squares - sum*sum; v == 0 ? 128 : "
            "clip(128 + floor(32*d / sqrt(v)), 0, 255), with the exact square root"
        )


@dataclass(frozen=True)
class Sauvola(Windowed):
    """The level whose cut point c is the threshold mean · (1 - k · (1 - sd/128)) with k = 1 - c/128.

    128 + ⌊128 · d · 128·n / (S · (128·n - s))⌋, and 128 where S = 0; d = n·x - S, and s = ⌊√V⌋ with V = n·Q - S², so
    s / n is the standard deviation. Sauvola and Pietikäinen 2000, with R = 128.
    """

    name = "sauvola"

    def levels(self, x: Integers, n: int, sums: Callable[[Integers], Integers]) -> Integers:
        d, v = _deviations(x, n, sums)
        s = np.floor(np.sqrt(v)).astype(np.int64)
        s -= s * s > v  # a float may round the root of a large number up
        total = sums(x)
        return MIDDLE + np.where(total > 0, MIDDLE * MIDDLE * n * d // np.maximum(total * (MIDDLE * n - s), 1), 0)

    def threshold(self, cut: int) -> str:
        return f"Sauvola's threshold of {self.where}, k = {1 - cut / MIDDLE:.2f}"

    @property
    def formula(self) -> str:
        return (
            "d = n*x - sum, s = floor(sqrt(n*sum_of_squares - sum*sum)); sum == 0 ? 128 : "
            "clip(128 + floor(128*128*n*d / (sum * (128*n - s))), 0, 255)"
        )


@dataclass(frozen=True)
class Dither(LevelMap):
    """The grey level plus an offset that depends on the position: x + offsets[row mod n][column mod n].

    offsets: n×n integers in -255..255, n in 1..16. One cut point is ordered dither (Bayer 1973), or with free offsets a
    mosaic of cut points. Raises: ValueError for other offsets.
    """

    name = "dither"
    offsets: tuple[tuple[int, ...], ...]

    def __post_init__(self) -> None:
        try:
            rows = tuple(tuple(row) for row in self.offsets)
        except TypeError:
            rows = ()
        side = len(rows)
        if not 1 <= side <= MOST_OFFSETS or any(len(row) != side for row in rows):
            raise ValueError(f"offsets of level map dither: expected n rows of n integers, n in 1..{MOST_OFFSETS}")
        for offset in (each for row in rows for each in row):
            if isinstance(offset, bool) or not isinstance(offset, int | np.integer) or abs(offset) >= LEVELS:
                raise ValueError(f"offset {offset!r} of level map dither: expected an integer in -255..255")
        object.__setattr__(self, "offsets", tuple(tuple(int(each) for each in row) for row in rows))

    @classmethod
    def bayer(cls, tile: int, spread: int) -> "Dither":
        """The Bayer pattern of tile×tile, tile a power of 2. spread: range of the offsets in levels, 0..255.

        Offset ⌊(spread · (2b + 1 - n²) + n²) / (2n²)⌋ for each number b of the Bayer matrix. Raises: ValueError.
        """
        if tile not in (1, 2, 4, 8, 16) or not 0 <= spread < LEVELS:
            raise ValueError(f"Bayer pattern of {tile!r} rows, spread {spread!r}: expected 2, 4, 8 or 16, and 0..255")
        matrix = np.zeros((1, 1), np.int64)
        while len(matrix) < tile:
            matrix = np.block([[4 * matrix, 4 * matrix + 2], [4 * matrix + 3, 4 * matrix + 1]])
        n = tile * tile
        return cls(tuple(map(tuple, ((spread * (2 * matrix + 1 - n) + n) // (2 * n)).tolist())))

    @property
    def spread(self) -> int | None:
        """The spread of the Bayer pattern with these offsets, the smallest of several; None for other patterns."""
        side, largest = len(self.offsets), max(max(row) for row in self.offsets)
        if side not in (2, 4, 8, 16):
            return None
        near = round(2 * largest / (1 - 1 / side**2))  # the largest offset is spread · (1 - 1/n²) / 2, rounded
        tried = range(max(near - 3, 0), min(near + 4, LEVELS))
        return next((each for each in tried if Dither.bayer(side, each) == self), None)

    def __call__(self, images: Images) -> Images:
        side, (height, width) = len(self.offsets), images.shape[1:]
        rows, columns = np.arange(height) % side, np.arange(width) % side
        offsets = np.array(self.offsets, np.int16)[rows[:, None], columns[None, :]]
        levels: Images = np.clip(images.astype(np.int16) + offsets, 0, LEVELS - 1).astype(np.uint8)
        return levels

    def __str__(self) -> str:
        side = len(self.offsets)
        if (spread := self.spread) is not None:
            return f"dither {side}×{side} spread {spread}"
        return f"mosaic {'/'.join(' '.join(f'{each:+d}' for each in row) for row in self.offsets)}"

    def threshold(self, cut: int) -> str:
        side = len(self.offsets)
        if side > 2:
            return f"{cut} by a {side}×{side} pattern"
        return f"{'/'.join(' '.join(str(cut - each) for each in row) for row in self.offsets)}"

    @property
    def formula(self) -> str:
        return "clip(x + offsets[row % n][column % n], 0, 255)"


GREY = Grey()
LEVEL_MAPS: dict[str, type[LevelMap]] = {
    each.name: each for each in (Grey, Rank, Contrast, Ratio, Standardized, Sauvola, Dither)
}


def level_map(record: Mapping[str, Any]) -> LevelMap:
    """The level map with this record. Raises: ValueError for anything else."""
    if not isinstance(record, Mapping):
        raise ValueError(f"level map {record!r}: expected a record such as {GREY.record}")
    name = record.get("map")
    if not isinstance(name, str) or name not in LEVEL_MAPS:
        raise ValueError(f"level map {name!r} is not one of {', '.join(LEVEL_MAPS)}")
    kind, given = LEVEL_MAPS[name], {key: value for key, value in record.items() if key != "map"}
    expected = [each.name for each in fields(kind)]  # type: ignore[arg-type]
    if sorted(given) != sorted(expected):
        raise ValueError(f"level map {name} has {sorted(given)}; expected {expected}")
    return kind(**given)


def _deviations(x: Integers, n: int, sums: Callable[[Integers], Integers]) -> tuple[Integers, Integers]:
    """n·x - S and n·Q - S², the difference to the mean times n and the variance times n²."""
    total = sums(x)
    return n * x - total, n * sums(x * x) - total * total


def _plus(text: str, amount: float, unit: str = "") -> str:
    """`mean + 3`, `mean - 0.31 sd`; the text alone for 0."""
    if amount == 0:
        return text
    shown = f"{abs(amount):.2f}" if unit else f"{abs(amount):g}"
    return f"{text} {'−' if amount < 0 else '+'} {shown}{unit}"
