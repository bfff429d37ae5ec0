"""How sure one may be of an accuracy, and of a difference between two, when photos and training seeds are few.

Enters: which pictures each of S trainings got right, (S, N), and each picture's photo group, (N,). Leaves: means with
95 % intervals over photos and seeds. Photos and seeds are the independent units, never pictures: variants of a photo
are nearly always right or wrong together. Never trains, reads a data set or decides who is compared with whom.

**The method** takes what either of two intervals holds (search/evaluation/intervals.py).

One has the shape of a bootstrap over photos (scipy.stats.bootstrap) of the mean over seeds, of two models on the same
photos. That counts the photos' variance and the photo × seed interaction, and counts them once. What seeds add to all
photos alike is estimated in closed form, the two-way analysis of variance known from readers × cases studies:
V = V_photos + max(0, V_seeds - V_interaction). The interval's arms are stretched by t · √V against z · √V_photos, with
Satterthwaite's degrees of freedom (Hillis 2007, Statistics in Medicine 26:596), because two or three seeds say little
about a variance. Seeds are not resampled: that counts the interaction up to three times (Owen 2007, Annals of Applied
Statistics 1:386) and shrinks the seeds' part by (S - 1)/S. An accuracy near 1 is skewed and takes BCa (Efron 1987).
A difference takes percentiles, for BCa follows the skew of a few discordant photos.

No resampling shows a photo that was not seen, and from 99.5 % on a handful of photos errs: alone, the first states an
accuracy too high and a difference too small. The other is exact: Clopper and Pearson's for so many photos as say as
much, being wrong in part (Korn and Graubard 1998, Survey Methodology 24:193), with half an unseen photo that is wholly
wrong. For a difference these are the photos' gains and losses, joined by MOVER (Zou and Donner 2008, Statistics in
Medicine 27:1693). Without any error it is the exact binomial interval over photos. An unseen photo would also undo most
differences near 100 %, though between equal models it is as likely on either side. So where permutation test and first
interval reject 0 and the other does not, the bound beside 0 is the first's. The test's p allows for what seeds add,
which signs of photos do not show.

**Measured** by python -m benchmarks.coverage (316 photos of 21 variants, 2 to 10 seeds that add 0 to 1.0 points to all
photos, accuracies of 97 to 100 % and differences of 0 to 2 points, 61 settings of 500 simulations, standard error 1.0;
its table is in docs/confirmation.md). Those of one accuracy hold it in 93.6 to 100 % of cases, those of a difference in
94.0 to 100 %; at 97 to 99.5 % in 93.6 to 98.2 and 94.2 to 98.4. Of equals, 0 to 5.8 % are called better or worse. The
half photo was chosen on these settings. From 99.8 % on, what equals are is held more often than promised.
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

    mean: over pictures and seeds. sd: of the n seeds' accuracies (ddof 1) on these photos.
    low, high: 95 % interval for the accuracy on other photos after training with other seeds.
    """

    mean: float
    sd: float
    n: int
    low: float
    high: float


@dataclass(frozen=True)
class Difference:
    """An accuracy less its rival's, -1..1, with a 95 % interval over photos and seeds.

    p: of the paired permutation test over photos, which changes the signs of their differences at random; what seeds
    add to all photos makes it larger.
    """

    mean: float
    low: float
    high: float
    p: float

    @property
    def verdict(self) -> Literal["better", "tied", "worse"]:
        """Better or worse when the interval excludes 0, otherwise tied.

        `difference` makes only intervals that exclude 0 when the permutation test rejects at 5 %: near 100 % few photos
        differ, and a bootstrap of four that agree excludes 0, although four coins agree in one of eight cases. Of other
        comparisons made beside this one it knows nothing.
        """
        if self.p > 1 - CONFIDENCE:
            return "tied"
        return "better" if self.low > 0 else "worse" if self.high < 0 else "tied"


def per_photo(correct: Correct, groups: Groups) -> tuple[Floats, npt.NDArray[np.int64]]:
    """How much of each photo is right: sums (S, G) and the photos' sizes (G,), in pictures.

    correct: (S, N), bool or shares in 0..1. groups: (N,). Photos come in the order in which they appear, so their
    numbers do not matter. The mean over pictures is sums.sum() / sizes.sum() / S.
    Raises: ValueError for fewer than two seeds or photos, shapes that do not fit, values outside 0..1.
    """
    photo = _photos(correct, groups)
    if not ((correct >= 0) & (correct <= 1)).all():
        raise ValueError("correct has values outside 0..1: it says what is right, not which class")
    sums: Floats = np.stack([np.bincount(photo, weights=row) for row in correct]).astype(np.float64)
    return sums, np.bincount(photo).astype(np.int64)


def estimate(correct: Correct, groups: Groups, seed: int = 0, resamples: int = RESAMPLES) -> Estimate:
    """The accuracy of one model, trained with S seeds: correct (S, N), groups (N,).

    Where every picture is right (or wrong) after every training, nothing varies, and the interval is the exact
    binomial one for that many photos. Equal arguments give equal results. Raises: as per_photo.
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
    """Accuracy of one model less that of its rival, on the same photos: correct (S, N), rival (T, N), groups (N,).

    Of unequal numbers of trainings the first min(S, T) of each are compared: near 100 % errors are rare and skewed, so
    of equals the one that is trained more often shows more of them, and was called worse in 5 of 100 cases, not 2.5.
    Photos are paired, seeds are not: the i-th trainings of two models share at most the order of their batches. If they
    did share more, the interval would be too wide and never too narrow.
    Exchanging the two changes the signs and nothing else. Raises: as per_photo.
    """
    seeds = min(len(correct), len(rival))
    ours, sizes = per_photo(correct[:seeds], groups)
    theirs, _ = per_photo(rival[:seeds], groups)
    # Whole numbers, not means: exchanging the models, or the seeds' order, must not differ by rounding.
    photos, weights = ours.sum(axis=0) - theirs.sum(axis=0), sizes * seeds
    of_seeds = [seeds_of(ours, sizes), seeds_of(theirs, sizes)]
    around = stretched(photos, weights, of_seeds, Bootstrap("percentile", seed, resamples))
    p = _permuted(photos, weights, sum(s.alone for s in of_seeds), seed, resamples)
    low, high = _joined(around, exact_difference(photos, weights), p)
    return Difference(float(photos.sum() / weights.sum()), max(-1.0, low), min(1.0, high), p)


def _joined(around: Bounds, exactly: Bounds, p: float) -> Bounds:
    """The smallest interval around both, except beside 0.

    It contains 0 if the test or the first interval does not reject 0. If both reject it and only the second contains
    0, the bound beside 0 is the first's.
    """
    low, high = min(*around, *exactly), max(*around, *exactly)
    if p > 1 - CONFIDENCE or around[0] <= 0 <= around[1]:
        return min(0.0, low), max(0.0, high)
    if around[0] > 0:
        return low if low > 0 else around[0], high
    return low, high if high < 0 else around[1]


def _permuted(photos: Floats, weights: Weights, of_seeds: float, seed: int, resamples: int) -> float:
    """p of the permutation test of no difference, from the photos' differences (G,); exact for a few photos.

    of_seeds: variance that seeds add to all photos alike, which signs of photos do not show. p is that of a normal
    distribution so much wider.
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
    """The class most variants of a photo are taken for, (S, G), from predicted classes (S, N) and groups (N,).

    A tie gives -1, no class, and so counts as wrong: any other rule would favour some class or need luck.
    Photos are in per_photo's order. Raises: ValueError as per_photo, and for negative classes.
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
    """Whether each photo's majority is its label, (S, G). With groups np.arange(G) it goes to estimate and difference.

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
    """Each picture's photo, 0..G-1 in order of appearance, (N,). Raises: ValueError as per_photo says."""
    if values.ndim != 2 or groups.shape != values.shape[1:]:
        raise ValueError(f"expected (S, N) and groups (N,), not {values.shape} and {groups.shape}")
    if len(values) < 2:
        raise ValueError(f"{len(values)} seed: an interval over seeds takes at least two")
    photo, found = pd.factorize(groups)
    if len(found) < 2:
        raise ValueError(f"{len(found)} photo: an interval over photos takes at least two")
    return photo.astype(np.int64)
