"""Level maps that compare a pixel with the window of pixels around it. The exact reference in integers.

x is the grey level of the pixel, ⌊ ⌋ rounds toward minus infinity, and results are clipped to 0..255. A window of w×w
pixels has n = w² pixels; S is their sum, Q the sum of their squares, d = n·x - S and V = n·Q - S². So the mean is S / n
and the variance V / n². Edges are replicated. Window 0 is the whole image. In a uniform window the level is 128.
"""

from abc import abstractmethod
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from search.binarization.level_map import Integers, LevelMap, is_integer

MIDDLE = 128  # the level of a pixel that equals the mean
SD = 32  # levels of one standard deviation
SMALLEST_WINDOW, LARGEST_WINDOW = 3, 255  # sides in pixels
LARGEST_IMAGE = 1024 * 1024  # pixels, for window 0: 32·d² and n·Q stay below 2^63


@dataclass(frozen=True)
class WindowMap(LevelMap):
    """A level map that compares a pixel with the window around it.

    window: side of the window in pixels, odd, 3..255; 0 for the whole image of up to 1024·1024 pixels, where `whole`.
    """

    window: int
    whole: ClassVar[bool] = True

    def __post_init__(self) -> None:
        if not is_integer(self.window) or not (
            (SMALLEST_WINDOW <= self.window <= LARGEST_WINDOW and self.window % 2) or (self.whole and self.window == 0)
        ):
            zero = ", or 0 for the whole image" if self.whole else ""
            raise ValueError(f"window {self.window!r} of {self.name} is not an odd integer in 3..255{zero}")
        object.__setattr__(self, "window", int(self.window))

    def __str__(self) -> str:
        return f"{self.name} {self.window or '(whole image)'}"

    def _levels(self, x: Integers) -> Integers:
        if not self.window and x[0].size > LARGEST_IMAGE:
            raise ValueError(f"{self} takes at most {LARGEST_IMAGE} pixels; an image has {x[0].size}")
        return self._from_sums(x, self.window**2 or x[0].size, self._sums(x))

    @abstractmethod
    def _from_sums(self, x: Integers, n: int, sums: Integers) -> Integers:
        """Returns the levels from x (N, H, W), the window's number of pixels and the sum of each window."""

    def _sums(self, x: Integers) -> Integers:
        """Returns the sum of each window: (N, H, W), or (N, 1, 1) for the whole image."""
        if not self.window:
            return np.asarray(x.sum((1, 2), keepdims=True))
        columns = _row_sums(x.swapaxes(1, 2), self.window // 2).swapaxes(1, 2)
        return _row_sums(columns, self.window // 2)

    @property
    def _area(self) -> str:
        return f"{self.window}×{self.window}" if self.window else "the image"

    @property
    def _n(self) -> str:
        return str(self.window**2 or "n")

    def _explained(self, formula: str, values: str) -> str:
        around = f"the {self._area} window around x, edges replicated" if self.window else "the n pixels of the image"
        return f"{formula}, clipped to 0..255, floor toward minus infinity; {values} of {around}"


@dataclass(frozen=True)
class Contrast(WindowMap):
    """Difference from the mean of the window: 128 + ⌊d / n⌋.

    The level is at least c exactly if x >= mean + c - 128: adaptive mean thresholding (Wellner 1993), as OpenCV's
    `adaptiveThreshold` and scikit-image's `threshold_local(method="mean")`. Invariant to brightness.
    """

    name = "contrast"

    def _from_sums(self, x: Integers, n: int, sums: Integers) -> Integers:
        return np.asarray(MIDDLE + (n * x - sums) // n)

    def threshold(self, cut: int) -> str:
        return f"mean of {self._area}{_signed(cut - MIDDLE, '')}"

    @property
    def formula(self) -> str:
        return self._explained(f"128 + floor(({self._n} * x - S) / {self._n})", "S = sum")


@dataclass(frozen=True)
class Ratio(WindowMap):
    """Ratio to the mean of the window: ⌊128·n·x / S⌋, or 128 where S = 0.

    Where S > 0, the level is at least c exactly if x >= (c / 128) · mean (Bradley and Roth 2007: 0.85 · mean, nearest
    cut point 109). Invariant to gain.
    """

    name = "ratio"

    def _from_sums(self, x: Integers, n: int, sums: Integers) -> Integers:
        return np.where(sums == 0, MIDDLE, MIDDLE * n * x // np.maximum(sums, 1))

    def threshold(self, cut: int) -> str:
        return f"{cut / MIDDLE:.2f} × mean of {self._area}"

    @property
    def formula(self) -> str:
        return self._explained(f"floor(128 * {self._n} * x / S), or 128 if S = 0", "S = sum")


@dataclass(frozen=True)
class Standardized(WindowMap):
    """Distance from the mean of the window in standard deviations: 128 + ⌊32·d / √V⌋, or 128 where V = 0.

    Where V > 0, the level is at least c exactly if x >= mean + (c - 128) / 32 · sd (Niblack 1986: mean - 0.2 · sd,
    nearest cut point 122). Invariant to gain and brightness.
    """

    name = "standardized"

    def _from_sums(self, x: Integers, n: int, sums: Integers) -> Integers:
        d = n * x - sums
        variance = np.maximum(n * self._sums(x * x) - sums * sums, 1)  # where it is 0, d is 0
        # ⌊1024·d² / V⌋ in two steps, because 1024·d² may exceed 2^63.
        high, rest = np.divmod(SD * d * d, variance)
        low, rest = np.divmod(SD * rest, variance)
        squares = SD * high + low
        root = _isqrt(squares)
        rounded_up = root + ((root * root < squares) | (rest > 0))
        return MIDDLE + np.where(d >= 0, root, -rounded_up)

    def threshold(self, cut: int) -> str:
        deviation = _signed((cut - MIDDLE) / SD, ".2f")
        return f"mean{deviation} sd of {self._area}" if deviation else f"mean of {self._area}"

    @property
    def formula(self) -> str:
        n = self._n
        ratio = f"128 + floor(32 * ({n} * x - S) / sqrt({n} * Q - S * S)), or 128 if the root is 0"
        return self._explained(ratio, "S = sum, Q = sum of squares")


@dataclass(frozen=True)
class Sauvola(WindowMap):
    """The parameter k with which Sauvola's threshold meets x: 128 + ⌊128·d·128·n / (S·(128·n - ⌊√V⌋))⌋, 128 if S = 0.

    Sauvola's threshold is T = mean · (1 + k·(sd / 128 - 1)) (Sauvola and Pietikäinen 2000). Where S > 0, the level is
    at least c exactly if x >= T with k = 1 - c / 128 and sd = ⌊√V⌋ / n. The published k = 0.5 is cut point 64;
    scikit-image's 0.2 has the nearest cut point 102. Invariant to neither gain nor brightness.
    """

    name = "sauvola"
    whole = False

    def _from_sums(self, x: Integers, n: int, sums: Integers) -> Integers:
        deviation = _isqrt(n * self._sums(x * x) - sums * sums)
        scale = sums * (MIDDLE * n - deviation)  # where it is 0, d is 0
        return np.asarray(MIDDLE + MIDDLE * MIDDLE * n * (n * x - sums) // np.maximum(scale, 1))

    def threshold(self, cut: int) -> str:
        k = f"{1 - cut / MIDDLE:.2f}".replace("-", "−")
        return f"Sauvola's threshold of {self._area}, k = {k}"

    @property
    def formula(self) -> str:
        n = self.window**2
        scale = f"(S * ({MIDDLE * n} - isqrt({n} * Q - S * S)))"
        ratio = f"128 + floor({MIDDLE**2 * n} * ({n} * x - S) / {scale}), or 128 if S = 0"
        return self._explained(ratio, "S = sum, Q = sum of squares")


def _row_sums(values: Integers, radius: int) -> Integers:
    """Returns the sums of 2·radius + 1 values around each one along the last axis, with the ends replicated."""
    size = values.shape[-1]
    sums = np.zeros((*values.shape[:-1], size + 1), np.int64)
    np.cumsum(values, axis=-1, out=sums[..., 1:])
    i = np.arange(size)
    inside = sums[..., np.minimum(i + radius + 1, size)] - sums[..., np.maximum(i - radius, 0)]
    before, after = np.maximum(radius - i, 0), np.maximum(i + radius + 1 - size, 0)
    return np.asarray(inside + before * values[..., :1] + after * values[..., -1:])


def _isqrt(squares: Integers) -> Integers:
    """Returns ⌊√ ⌋ of integers below 2^52, where rounding the root to float64 does not reach the next integer."""
    return np.sqrt(squares).astype(np.int64)


def _signed(number: float, form: str) -> str:
    """Returns ` + 5`, ` − 5` or nothing for 0, to continue a formula."""
    return f" {'+' if number > 0 else '−'} {abs(number):{form}}" if number else ""
