"""Rules that compute cut points from the training pixels, without a search.

A rule takes the histograms of the classes and a number of cut points k. It returns k cut points, or None if the pixels
do not support k distinct ones.
"""

from collections.abc import Callable
from itertools import pairwise

import numpy as np
import numpy.typing as npt
from scipy.special import xlogy
from skimage.filters import threshold_multiotsu
from sklearn.cluster import KMeans

from models.constants import LEVELS
from search.binarization.cut_points import CutPoints, strictly_increasing
from search.references.pixels import Pixels

EXHAUSTIVE_CUTS = 3  # scikit-image tries all combinations, about 256^k
LEAST_GAIN = 1e-9  # least gain in mutual information of one more cut point, in nats per pixel; above rounding errors

Gain = npt.NDArray[np.float64]  # (257, 257): [a, b] is the gain of a range that holds the levels a <= x < b


def uniform(pixels: Pixels, k: int) -> CutPoints | None:
    """k+1 ranges of equal width."""
    return _cut_points(np.round(LEVELS * np.arange(1, k + 1) / (k + 1)))


def quantile(pixels: Pixels, k: int) -> CutPoints | None:
    """k+1 ranges with the same number of training pixels, as nearly as grey levels allow."""
    return _cut_points(pixels.quantiles(np.arange(1, k + 1) / (k + 1)) + 1)


def multi_otsu(pixels: Pixels, k: int) -> CutPoints | None:
    """k+1 ranges with the largest between-class variance (Otsu 1979; Liao, Chen and Chung 2001)."""
    histogram = pixels.histogram
    if np.count_nonzero(histogram) <= k:
        return None
    if k > EXHAUSTIVE_CUTS:
        return multi_otsu_exact(pixels, k)
    levels = np.arange(LEVELS, dtype=np.float32)
    # scikit-image returns the last level of the lower range; a cut point is the first level of the upper range.
    return _cut_points(threshold_multiotsu(hist=(histogram.astype(np.float32), levels), classes=k + 1) + 1)


def multi_otsu_exact(pixels: Pixels, k: int) -> CutPoints | None:
    """The criterion of multi_otsu, maximized by dynamic programming."""
    weight = _in_ranges(pixels.histogram)
    moment = _in_ranges(pixels.histogram * np.arange(LEVELS))
    gain = np.divide(moment**2, weight, out=np.zeros(weight.shape), where=weight > 0)
    return _cut_points(np.array(best_cuts(gain, k)))


def lloyd_max(pixels: Pixels, k: int) -> CutPoints | None:
    """Cut points halfway between the means of k+1 ranges (Lloyd 1982; Max 1960).

    K-means on the grey levels, started at quantiles, finds a local optimum. The global optimum of the same criterion is
    that of multi-Otsu. On Sign Language MNIST the cut points of both are the same for k = 1, and differ by up to 12
    levels for k = 8.
    """
    levels = np.flatnonzero(pixels.histogram)
    if len(levels) <= k:
        return None
    wanted = np.searchsorted(levels, pixels.quantiles((np.arange(k + 1) + 0.5) / (k + 1)))
    start = np.array(strictly_increasing(wanted.tolist(), 0, len(levels) - 1))  # indices of distinct occurring levels
    means = KMeans(k + 1, init=levels[start][:, None].astype(float), n_init=1, max_iter=10**4, tol=0)
    means.fit(levels[:, None].astype(float), sample_weight=pixels.histogram[levels])
    centers = np.sort(means.cluster_centers_[:, 0])
    return _cut_points(np.ceil((centers[:-1] + centers[1:]) / 2))


def entropy(pixels: Pixels, k: int) -> CutPoints | None:
    """The k cut points with the largest mutual information between bin and class, found exactly.

    Fayyad and Irani (1993) maximize the same criterion greedily, by recursive splitting. Their stopping rule (MDL) is
    not used. It needs the number of independent examples: on Sign Language MNIST it accepts every cut point if pixels
    are counted, and none if photos are. Returns None if the k-th cut point adds no information.
    """
    gain = -xlogy(*2 * [_in_ranges(pixels.histogram)])
    for counts in pixels.by_class:
        gain += xlogy(*2 * [_in_ranges(counts)])
    cuts = best_cuts(gain, k)
    added = _total_gain(gain, cuts) - _total_gain(gain, best_cuts(gain, k - 1))
    return _cut_points(np.array(cuts)) if added > LEAST_GAIN * pixels.histogram.sum() else None


def best_cuts(gain: Gain, k: int) -> list[int]:
    """The k cut points whose k+1 ranges have the largest total gain, by dynamic programming in O(k · 256²).

    After round r, best[b] is the largest gain of r+1 ranges that hold the levels below b. Ties give the lowest cut
    points.
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


def _total_gain(gain: Gain, cuts: list[int]) -> float:
    return float(sum(gain[a, b] for a, b in pairwise([0, *cuts, LEVELS])))


def _in_ranges(counts: npt.NDArray[np.int64]) -> Gain:
    """(257, 257): [a, b] is the sum of the counts (256,) over a <= x < b, or 0 if b <= a."""
    below = np.concatenate([[0], np.cumsum(counts)])
    sums: Gain = np.maximum(below[None, :] - below[:, None], 0).astype(np.float64)
    return sums


def _cut_points(levels: npt.NDArray[np.generic]) -> CutPoints | None:
    """Cut points from sorted levels, or None if two are equal or one is outside 1..255."""
    values = tuple(int(level) for level in levels)
    distinct = all(a < b for a, b in pairwise(values))
    return CutPoints(values) if distinct and values[0] >= 1 and values[-1] < LEVELS else None


# Takes the training pixels and k; returns k cut points, or None if the pixels do not support them.
Rule = Callable[[Pixels, int], CutPoints | None]
RULES: dict[str, Rule] = {
    "multi-otsu": multi_otsu,
    "quantile": quantile,
    "entropy": entropy,
    "uniform": uniform,
    "lloyd-max": lloyd_max,
}
SUPERVISED = ("entropy",)  # rules that use labels
