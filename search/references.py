"""Cut points that need no search.

Enters: the training pixels' histogram. Leaves: cut points by name. A reference that the pixels do not
support (fewer distinct cut points than asked for) does not exist; nothing is made up in its place.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import cycle, pairwise, zip_longest

import numpy as np
import numpy.typing as npt
from skimage.filters import threshold_multiotsu

from search.binarize import LEVELS, Binarization, CutPoints

Histogram = npt.NDArray[np.integer]  # (256,) counts of the training pixels
EXHAUSTIVE_CUTS = 3  # scikit-image tries all combinations, about 256^k of them

# The eight settings of the paper's Tables I–III and Section IV, in its order.
PAPER = (
    (0, 150, 255),
    (0, 200, 255),
    (0, 150, 170, 255),
    (0, 150, 170, 200, 255),
    (0, 90, 150, 170, 255),
    (0, 90, 150, 170, 210, 255),
    (0, 150, 170, 190, 210, 230, 255),
    (0, 90, 120, 150, 180, 210, 230, 255),
)


@dataclass(frozen=True)
class Reference:
    """A binarization that needs no search, and what it is called."""

    name: str
    binarization: Binarization


def uniform(histogram: Histogram, k: int) -> CutPoints | None:
    """k+1 ranges of equal width."""
    return _cut_points(np.round(LEVELS * np.arange(1, k + 1) / (k + 1)))


def quantile(histogram: Histogram, k: int) -> CutPoints | None:
    """k+1 ranges with equally many training pixels, as nearly as grey levels allow."""
    below = np.cumsum(histogram)
    shares = below[-1] * np.arange(1, k + 1) / (k + 1)
    return _cut_points(np.searchsorted(below, shares) + 1)


def multi_otsu(histogram: Histogram, k: int) -> CutPoints | None:
    """k+1 ranges with the largest variance between them (Otsu 1979; Liao, Chen and Chung 2001)."""
    if np.count_nonzero(histogram) <= k:
        return None
    if k > EXHAUSTIVE_CUTS:
        return multi_otsu_exact(histogram, k)
    levels = np.arange(LEVELS, dtype=np.float32)
    # scikit-image gives the last level of each lower range; a cut point is the first of the upper.
    return _cut_points(threshold_multiotsu(hist=(histogram.astype(np.float32), levels), classes=k + 1) + 1)


def multi_otsu_exact(histogram: Histogram, k: int) -> CutPoints | None:
    """The same by a dynamic programme, O(k · 256²): best[j][c] is the best sum for levels < c in j ranges."""
    weight = np.concatenate([[0.0], np.cumsum(histogram / histogram.sum())])
    moment = np.concatenate([[0.0], np.cumsum(histogram / histogram.sum() * np.arange(LEVELS))])
    w = weight[None, :] - weight[:, None]  # [a, b]: pixels with a <= level < b
    m = moment[None, :] - moment[:, None]
    with np.errstate(divide="ignore", invalid="ignore"):
        gain = np.where(w > 0, m**2 / w, 0.0)
    gain[np.tril_indices(LEVELS + 1)] = -np.inf  # a range holds at least one level
    best, choices = gain[0], []
    for _ in range(k):
        candidates = best[:, None] + gain
        choices.append(np.argmax(candidates, axis=0))
        best = np.max(candidates, axis=0)
    cuts, end = [], LEVELS
    for choice in reversed(choices):
        end = int(choice[end])
        cuts.append(end)
    return _cut_points(np.array(cuts[::-1]))


# A histogram and a number of cut points to cut points, or None when the pixels do not support them.
COMPUTED: dict[str, Callable[[Histogram, int], CutPoints | None]] = {
    "multi-otsu": multi_otsu,
    "quantile": quantile,
    "uniform": uniform,
}


def references(
    which: str, histogram: Histogram, max_cuts: int, encodings: tuple[str, ...], sign_mnist: bool
) -> list[Reference]:
    """References in an order that gives variety early, none of them twice.

    which: `all`; `auto`, which leaves out the paper's settings unless the pictures are Sign Language
    MNIST, because they were picked for its grey levels; `paper`; `none`.
    Where the space has both encodings, the paper's settings are one-hot ranges as in the paper, and the
    others take the encodings in turn: a sampler that had seen only one would hardly try the other.
    """
    series: list[list[Reference]] = []
    if which in ("all", "auto"):
        for name, compute in COMPUTED.items():
            cuts = [compute(histogram, k) for k in _spread(max_cuts)]
            turn = cycle(encodings)
            series.append([Reference(name, Binarization(c, next(turn))) for c in cuts if c is not None])
    if which in ("all", "paper") or (which == "auto" and sign_mnist):
        paper = [CutPoints.from_ranges(ranges) for ranges in PAPER]
        series.append([Reference("paper", Binarization(c, encodings[0])) for c in paper if len(c) <= max_cuts])
    # One of each kind in turn, each kind beginning with another number of cut points.
    turned = [_rotate(each, 2 * i) for i, each in enumerate(series)]
    in_turn = [found for row in zip_longest(*turned) for found in row if found is not None]
    first = {found.binarization: found for found in reversed(in_turn)}  # of equal ones the first name is kept
    return [found for found in in_turn if first[found.binarization] is found]


def _spread(max_cuts: int) -> Iterator[int]:
    """1..max_cuts with the far apart first: for 8, 4 1 8 2 6 3 7 5."""
    wanted = [4, 1, 8, 2, 6, 3, 7, 5]
    yield from (k for k in wanted if k <= max_cuts)
    yield from range(len(wanted) + 1, max_cuts + 1)


def _rotate(found: list[Reference], by: int) -> list[Reference]:
    by %= max(len(found), 1)
    return found[by:] + found[:by]


def _cut_points(levels: npt.NDArray[np.generic]) -> CutPoints | None:
    """Cut points from levels in order, or None when some fall together or outside 1..255."""
    values = tuple(int(level) for level in levels)
    distinct = all(a < b for a, b in pairwise(values))
    return CutPoints(values) if distinct and values[0] >= 1 and values[-1] < LEVELS else None
