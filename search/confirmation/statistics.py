"""Intervals for accuracies, and for differences of two accuracies, over few photos and few training seeds.

The input is a table of correct predictions, (S, N) for S trainings and N images, and the photo group of each image,
(N,). Photos and seeds are the independent units, not images: variants of one photo are nearly always all right or all
wrong.

**Method.** The result is the union of two intervals (search/evaluation/intervals.py).

The first is a bootstrap over photos (scipy.stats.bootstrap) of the mean over seeds; for a difference both models are
resampled on the same photos. It covers the variance of photos and the interaction of photos and seeds. The variance of
seeds is estimated in closed form by a two-way analysis of variance, as in multi-reader multi-case studies: V = V_photos
+ max(0, V_seeds - V_interaction). The arms of the interval are stretched by t · √V / (z · √V_photos) with
Satterthwaite's degrees of freedom (Hillis 2007, Statistics in Medicine 26:596), because two or three seeds determine a
variance poorly. Seeds are not resampled: this would count the interaction up to three times (Owen 2007, Annals of
Applied Statistics 1:386) and shrink the variance of seeds by (S - 1)/S. An accuracy near 1 is skewed and uses BCa
(Efron 1987). A difference uses percentiles, because BCa follows the skew of a few discordant photos.

A bootstrap cannot show photos that were not sampled. Above 99.5 % only a handful of photos has errors, and the
bootstrap alone gives too high accuracies and too small differences. The second interval is therefore exact: Clopper and
Pearson's for the effective number of photos, with partly wrong photos counted in part (Korn and Graubard 1998, Survey
Methodology 24:193), plus half an unseen photo that is entirely wrong. For a difference it is computed for the gains and
the losses of photos, which are joined by MOVER (Zou and Donner 2008, Statistics in Medicine 27:1693). Without any error
it is the exact binomial interval over photos. The unseen photo would also hide most differences near 100 %, although
between equal models it is as likely on either side. Therefore, if the permutation test and the first interval reject 0
and the second does not, the bound next to 0 is that of the first. The p value of the test accounts for the variance of
seeds, which sign flips of photos do not show.

**Measured** by python -m benchmarks.coverage: 316 photos of 21 variants, 2 to 10 seeds with standard deviations of 0 to
1.0 points, accuracies of 97 to 100 %, differences of 0 to 2 points, 61 settings with 500 simulations each (standard
error 1.0); see docs/results/coverage.md. Intervals of an accuracy contain it in 93.6 to 100 % of simulations, those of
a difference in 94.0 to 100 %; between 97 and 99.5 % accuracy in 93.6 to 98.2 % and 94.2 to 98.4 %. Equal models are
called better or worse in 0 to 5.8 %. The half photo was chosen on these settings. Above 99.8 % intervals are
conservative.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.stats import norm, permutation_test

from search.evaluation.intervals import (
    CONFIDENCE,
    DRAWS_AT_ONCE,
    Bootstrap,
    Bounds,
    Floats,
    Weights,
    effective_photos,
    exact,
    exact_difference,
    seeds_of,
    stretched,
)

RESAMPLES = 9999

Correct = npt.NDArray[np.bool_] | npt.NDArray[np.floating]
Groups = npt.NDArray[np.integer]


@dataclass(frozen=True)
class Estimate:
    """An accuracy, 0..1.

    mean: over images and seeds. sd: standard deviation (ddof 1) of the accuracies of the n seeds on these photos.
    low, high: 95 % interval for the accuracy on other photos after training with other seeds.
    """

    mean: float
    sd: float
    n: int
    low: float
    high: float


@dataclass(frozen=True)
class Difference:
    """The difference of two accuracies, -1..1, with a 95 % interval over photos and seeds.

    p: of the paired permutation test, which flips the signs of the photos' differences at random. The variance of seeds
    makes it larger.
    """

    mean: float
    low: float
    high: float
    p: float

    @property
    def verdict(self) -> Literal["better", "tied", "worse"]:
        """Better or worse if the interval excludes 0, otherwise tied; not corrected for other comparisons.

        The interval of `difference` excludes 0 only if the permutation test rejects at 5 %. A bootstrap alone would not
        do: near 100 % it excludes 0 as soon as four photos differ in the same direction, which happens by chance in one
        of eight cases.
        """
        if self.p > 1 - CONFIDENCE:
            return "tied"
        return "better" if self.low > 0 else "worse" if self.high < 0 else "tied"


def per_photo(correct: Correct, groups: Groups) -> tuple[Floats, npt.NDArray[np.int64]]:
    """Correct images per photo: sums (S, G), and the numbers of images per photo (G,).

    correct: (S, N), bool or shares in 0..1. groups: (N,). Photos are in order of first appearance. The mean over
    images is sums.sum() / sizes.sum() / S.
    Raises: ValueError for fewer than two seeds or photos, shapes that do not fit, values outside 0..1.
    """
    photo = _photos(correct, groups)
    if not ((correct >= 0) & (correct <= 1)).all():
        raise ValueError("correct has values outside 0..1; pass correctness, not predicted classes")
    sums: Floats = np.stack([np.bincount(photo, weights=row) for row in correct]).astype(np.float64)
    return sums, np.bincount(photo).astype(np.int64)


def estimate(correct: Correct, groups: Groups, seed: int = 0, resamples: int = RESAMPLES) -> Estimate:
    """The accuracy of one model, trained with S seeds: correct (S, N), groups (N,).

    If all images are right, or all wrong, after every training, the interval is the exact binomial one for the number
    of photos. Equal arguments give equal results. Raises: as per_photo.
    """
    sums, sizes = per_photo(correct, groups)
    accuracies = sums.sum(axis=1) / sizes.sum()
    right, weights = sums.sum(axis=0), sizes * len(sums)
    mean = float(right.sum() / weights.sum())
    low, high = exact(mean, effective_photos(weights - right, weights))
    if 0 < mean < 1:
        around = stretched(right, weights, [seeds_of(sums, sizes)], Bootstrap("BCa", seed, resamples))
        low, high = max(0.0, min(low, around[0])), min(1.0, max(high, around[1]))
    return Estimate(mean, float(accuracies.std(ddof=1)), len(sums), low, high)


def difference(
    correct: Correct, rival: Correct, groups: Groups, seed: int = 0, resamples: int = RESAMPLES
) -> Difference:
    """Accuracy of one model minus that of its rival on the same photos: correct (S, N), rival (T, N), groups (N,).

    The first min(S, T) trainings of each are compared. With unequal numbers, the model that is trained more often would
    show more of the rare and skewed errors near 100 %: of equal models it was called worse in 5 % of cases, not 2.5 %.
    Photos are paired and seeds are not, because the i-th trainings of two models share at most the order of their
    batches; if they shared more, the interval would be conservative. Exchanging the two only changes the signs.
    Raises: as per_photo.
    """
    seeds = min(len(correct), len(rival))
    ours, sizes = per_photo(correct[:seeds], groups)
    theirs, _ = per_photo(rival[:seeds], groups)
    # Integers, not means, so that the result does not depend on the order of models or seeds through rounding.
    photos, weights = ours.sum(axis=0) - theirs.sum(axis=0), sizes * seeds
    of_seeds = [seeds_of(ours, sizes), seeds_of(theirs, sizes)]
    around = stretched(photos, weights, of_seeds, Bootstrap("percentile", seed, resamples))
    p = _permuted(photos, weights, sum(s.alone for s in of_seeds), seed, resamples)
    low, high = _joined(around, exact_difference(photos, weights), p)
    return Difference(float(photos.sum() / weights.sum()), max(-1.0, low), min(1.0, high), p)


def _joined(around: Bounds, exactly: Bounds, p: float) -> Bounds:
    """The union of both intervals, with an exception at 0.

    It contains 0 if the test or the first interval does not reject 0. If both reject 0 and only the second contains it,
    the bound next to 0 is that of the first.
    """
    low, high = min(*around, *exactly), max(*around, *exactly)
    if p > 1 - CONFIDENCE or around[0] <= 0 <= around[1]:
        return min(0.0, low), max(0.0, high)
    if around[0] > 0:
        return low if low > 0 else around[0], high
    return low, high if high < 0 else around[1]


def _permuted(photos: Floats, weights: Weights, of_seeds: float, seed: int, resamples: int) -> float:
    """The p value of the permutation test of no difference, from the differences of photos (G,); exact for few photos.

    of_seeds: the variance of seeds, which sign flips of photos do not show. The p value is converted to that of a
    normal distribution which is wider by this variance.
    """
    differing = photos[photos != 0]
    if len(differing) < 2:
        return 1.0
    test = permutation_test(
        (differing,),
        lambda x, axis: x.sum(axis=axis),
        permutation_type="samples",
        vectorized=True,
        n_resamples=resamples,
        batch=max(1, DRAWS_AT_ONCE // len(differing)),
        rng=np.random.default_rng(seed),
    )
    of_photos = float((differing**2).sum()) / float(weights.sum()) ** 2
    return float(2 * norm.sf(norm.isf(test.pvalue / 2) * np.sqrt(of_photos / (of_photos + of_seeds))))


def majority(predicted: npt.NDArray[np.integer], groups: Groups) -> npt.NDArray[np.int64]:
    """The majority vote of the variants of each photo, (S, G), from predicted classes (S, N) and groups (N,).

    A tie gives -1 and counts as wrong; any other rule would favor a class or be random. Photos are ordered as in
    per_photo. Raises: ValueError as per_photo, and for negative classes.
    """
    photo = _photos(predicted, groups)
    if predicted.min() < 0:
        raise ValueError(f"predicted class {predicted.min()} is negative")
    shape = (len(predicted), int(photo.max()) + 1, int(predicted.max()) + 1)
    cell = np.ravel_multi_index((np.arange(shape[0])[:, None], photo[None, :], predicted), shape)
    votes = np.bincount(cell.ravel(), minlength=int(np.prod(shape))).reshape(shape)
    tied = (votes == votes.max(axis=2, keepdims=True)).sum(axis=2) > 1
    return np.where(tied, -1, votes.argmax(axis=2))


def majority_correct(
    predicted: npt.NDArray[np.integer], labels: npt.NDArray[np.integer], groups: Groups
) -> npt.NDArray[np.bool_]:
    """Whether the majority vote of each photo is its label, (S, G), as input of estimate with groups np.arange(G).

    predicted: (S, N). labels, groups: (N,). Raises: as majority, and ValueError when a photo has two labels.
    """
    photo = _photos(predicted, groups)
    if labels.shape != groups.shape:
        raise ValueError(f"labels have shape {labels.shape}, groups {groups.shape}")
    _, first = np.unique(photo, return_index=True)
    if (labels[first][photo] != labels).any():
        raise ValueError("a photo group has more than one label")
    found: npt.NDArray[np.bool_] = majority(predicted, groups) == labels[first]
    return found


def _photos(values: npt.NDArray[np.generic], groups: Groups) -> npt.NDArray[np.int64]:
    """The photo of each image, 0..G-1 in order of first appearance, (N,). Raises: ValueError, see per_photo."""
    if values.ndim != 2 or groups.shape != values.shape[1:]:
        raise ValueError(f"expected (S, N) and groups (N,), not {values.shape} and {groups.shape}")
    if len(values) < 2:
        raise ValueError(f"{len(values)} seed: an interval over seeds needs at least two")
    photo, found = pd.factorize(groups)
    if len(found) < 2:
        raise ValueError(f"{len(found)} photo: an interval over photos needs at least two")
    return photo.astype(np.int64)
