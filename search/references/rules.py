"""Rules that compute cut points from the training pixels, without a search.

Enters: how often each class has each grey level, and a number of cut points. Leaves: cut points, or None: what
the pixels do not support (fewer distinct cut points than asked for) does not exist; nothing is made up in its place.
"""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt
from scipy.special import xlogy
from skimage.filters import threshold_multiotsu
from sklearn.cluster import KMeans

from models.constants import LEVELS
from search.binarization.cut_points import CutPoints, strictly_increasing

EXHAUSTIVE_CUTS = 3  # scikit-image tries all combinations, about 256^k of them
LEAST_GAIN = 1e-9  # nats a pixel that a further cut point has to tell about the class; rounding stays below

Gain = npt.NDArray[np.float64]  # (257, 257): [a, b] is what a range of the levels a <= x < b is worth


@dataclass(frozen=True, eq=False)
class Pixels:
    """How many training pixels of each class have each grey level: by_class (classes, 256)."""

    by_class: npt.NDArray[np.int64]

    @classmethod
    def of(cls, images: npt.NDArray[np.uint8], labels: npt.NDArray[np.int64]) -> "Pixels":
        """Of pictures (N, H, W) and their labels (N,)."""
        counts = [np.bincount(images[labels == c].ravel(), minlength=LEVELS) for c in range(int(labels.max()) + 1)]
        return cls(np.stack(counts))

    @classmethod
    def by_channel(cls, images: npt.NDArray[np.uint8], labels: npt.NDArray[np.int64]) -> list["Pixels"]:
        """Of grey pictures (N, H, W) one, of pictures in color (N, H, W, 3) one for each color."""
        planes = [images] if images.ndim == 3 else [images[..., i] for i in range(images.shape[3])]
        return [cls.of(plane, labels) for plane in planes]

    @property
    def histogram(self) -> npt.NDArray[np.int64]:
        """(256,) counts, whatever the class."""
        total: npt.NDArray[np.int64] = self.by_class.sum(axis=0)
        return total

    def quantiles(self, shares: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
        """The lowest levels up to which at least these shares of the pixels reach."""
        below = np.cumsum(self.histogram)
        found: npt.NDArray[np.int64] = np.searchsorted(below, below[-1] * shares)
        return found


def uniform(pixels: Pixels, k: int) -> CutPoints | None:
    """k+1 ranges of equal width."""
    return _cut_points(np.round(LEVELS * np.arange(1, k + 1) / (k + 1)))


def quantile(pixels: Pixels, k: int) -> CutPoints | None:
    """k+1 ranges with equally many training pixels, as nearly as grey levels allow."""
    return _cut_points(pixels.quantiles(np.arange(1, k + 1) / (k + 1)) + 1)


def multi_otsu(pixels: Pixels, k: int) -> CutPoints | None:
    """k+1 ranges with the largest variance between them (Otsu 1979; Liao, Chen and Chung 2001)."""
    histogram = pixels.histogram
    if np.count_nonzero(histogram) <= k:
        return None
    if k > EXHAUSTIVE_CUTS:
        return multi_otsu_exact(pixels, k)
    levels = np.arange(LEVELS, dtype=np.float32)
    # scikit-image gives the last level of each lower range; a cut point is the first of the upper.
    return _cut_points(threshold_multiotsu(hist=(histogram.astype(np.float32), levels), classes=k + 1) + 1)


def multi_otsu_exact(pixels: Pixels, k: int) -> CutPoints | None:
    """The same by a dynamic programme."""
    weight = _in_ranges(pixels.histogram)
    moment = _in_ranges(pixels.histogram * np.arange(LEVELS))
    gain = np.divide(moment**2, weight, out=np.zeros(weight.shape), where=weight > 0)
    return _cut_points(np.array(best_cuts(gain, k)))


def lloyd_max(pixels: Pixels, k: int) -> CutPoints | None:
    """Cut points halfway between k+1 levels that are the means of their ranges (Lloyd 1982; Max 1960).

    K-means on the grey levels, started at quantiles. It stops where neither step changes anything: a local optimum, of
    which whole grey levels have many. The global one of the same criterion is multi-Otsu's; on Sign Language MNIST the
    cut points are the same for k = 1, and up to 12 levels apart for 8.
    """
    levels = np.flatnonzero(pixels.histogram)
    if len(levels) <= k:
        return None
    wanted = np.searchsorted(levels, pixels.quantiles((np.arange(k + 1) + 0.5) / (k + 1)))
    start = np.array(strictly_increasing(wanted.tolist(), 0, len(levels) - 1))  # distinct levels that some pixel has
    means = KMeans(k + 1, init=levels[start][:, None].astype(float), n_init=1, max_iter=10**4, tol=0)
    means.fit(levels[:, None].astype(float), sample_weight=pixels.histogram[levels])
    centres = np.sort(means.cluster_centers_[:, 0])
    return _cut_points(np.ceil((centres[:-1] + centres[1:]) / 2))


def entropy(pixels: Pixels, k: int) -> CutPoints | None:
    """The k cut points whose bins tell most about the picture's class: the largest mutual information, exactly.

    The criterion of Fayyad and Irani 1993, whose recursive splitting is the greedy way to it. Their rule for when to
    stop (MDL) is not used: it needs a number of independent examples, and on Sign Language MNIST it accepts everything
    with pixels for them and nothing with photos (docs/search.md). None where the k-th cut point tells nothing more.
    """
    gain = -xlogy(*2 * [_in_ranges(pixels.histogram)])
    for counts in pixels.by_class:
        gain += xlogy(*2 * [_in_ranges(counts)])
    cuts = best_cuts(gain, k)
    told = _worth(gain, cuts) - _worth(gain, best_cuts(gain, k - 1))
    return _cut_points(np.array(cuts)) if told > LEAST_GAIN * pixels.histogram.sum() else None


def best_cuts(gain: Gain, k: int) -> list[int]:
    """The k cut points whose k+1 ranges are worth most together; O(k · 256²).

    best[b] is the most that the levels below b are worth in as many ranges as there have been rounds. Of equal ones the
    lowest cut points are taken.
    """
    gain = np.where(np.tri(LEVELS + 1, dtype=bool), -np.inf, gain)  # a range holds at least one level
    best, choices = gain[0], []
    for _ in range(k):
        candidates = best[:, None] + gain
        choices.append(np.argmax(candidates, axis=0))
        best = np.max(candidates, axis=0)
    cuts, end = [], LEVELS
    for choice in reversed(choices):
        end = int(choice[end])
        cuts.append(end)
    return cuts[::-1]


def _worth(gain: Gain, cuts: list[int]) -> float:
    return float(sum(gain[a, b] for a, b in pairwise([0, *cuts, LEVELS])))


def _in_ranges(counts: npt.NDArray[np.int64]) -> Gain:
    """(257, 257): [a, b] is the sum of counts (256,) over a <= x < b; 0 where that is no range."""
    below = np.concatenate([[0], np.cumsum(counts)])
    sums: Gain = np.maximum(below[None, :] - below[:, None], 0).astype(np.float64)
    return sums


def _cut_points(levels: npt.NDArray[np.generic]) -> CutPoints | None:
    """Cut points from levels in order, or None when some fall together or outside 1..255."""
    values = tuple(int(level) for level in levels)
    distinct = all(a < b for a, b in pairwise(values))
    return CutPoints(values) if distinct and values[0] >= 1 and values[-1] < LEVELS else None


# The training pixels and a number of cut points to cut points, or None when the pixels do not support them.
Rule = Callable[[Pixels, int], CutPoints | None]
RULES: dict[str, Rule] = {
    "multi-otsu": multi_otsu,
    "quantile": quantile,
    "entropy": entropy,
    "uniform": uniform,
    "lloyd-max": lloyd_max,
}
SUPERVISED = ("entropy",)  # rules that look at the classes
