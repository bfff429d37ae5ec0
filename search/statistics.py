"""How sure one may be of an accuracy, and of a difference between two, when photos and training seeds are few.

Enters: which pictures each of S trainings got right, (S, N), and each picture's photo group, (N,). Leaves: means with
95 % intervals over photos and seeds. Photos and seeds are the independent units, never pictures: variants of a photo
are nearly always right or wrong together. Never trains, reads a data set or decides who is compared with whom.

**The method.** The interval's shape comes from a bootstrap over photos (scipy.stats.bootstrap) of the mean over seeds,
of two models on the same photos. That counts the photos' variance and the photo × seed interaction, and counts them
once. What seeds add to all photos alike is estimated in closed form, the two-way analysis of variance known from
readers × cases studies: V = V_photos + max(0, V_seeds - V_interaction). The interval's arms are stretched by
t · √V against z · √V_photos, with Satterthwaite's degrees of freedom (Hillis 2007, Statistics in Medicine 26:596),
because two or three seeds say little about a variance. Seeds are not resampled: that counts the interaction up to
three times (Owen 2007, Annals of Applied Statistics 1:386) and shrinks the seeds' part by (S - 1)/S. An accuracy near
1 is skewed and takes BCa (Efron 1987). A difference takes percentiles, for BCa follows the skew of a few discordant
photos: it held 93 %, and 87 in the worst of twelve settings of 250 simulations, where percentiles held 95 and 92.

**Measured** (python -m benchmarks.coverage: 316 photos of 21 variants, models of 97 %, 500 simulations of each of 12
settings, standard error 1.0). With 2, 3, 5 and 10 seeds that add 0 to 1.0 points to all photos, the intervals of equal
models hold 0 in 94.2 to 97.8 % of cases, and 1.8 to 5.8 % are called better or worse; those of one accuracy hold it in
92.2 to 97.2 %. The plain bootstrap over photos and seeds holds 98 to 99 % where seeds differ little, a fifth wider at
5 seeds, and 92 % with two seeds that differ by a point. Two seeds are dear: on average half again as wide as three.
With them, at 0.3 points, a model that is one point better is called so in 11 % of cases; with ten in 47 %. Near 99 and
99.5 % the intervals hold 91.8 to 97.0 %: with ten seeds they are a little too narrow.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.stats import binomtest, bootstrap, norm, permutation_test, t

CONFIDENCE = 0.95
RESAMPLES = 9999
DRAWS_AT_ONCE = 100_000  # photos in one batch of the bootstrap: half the time of one batch for all at 316 photos
NOTHING = 1e-18  # a variance below it is rounding

Correct = npt.NDArray[np.bool_] | npt.NDArray[np.floating]
Groups = npt.NDArray[np.integer]
Floats = npt.NDArray[np.float64]


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

    p: of the paired permutation test over photos, which changes the signs of their differences at random.
    """

    mean: float
    low: float
    high: float
    p: float

    @property
    def verdict(self) -> Literal["better", "tied", "worse"]:
        """Better or worse when the interval excludes 0 and the permutation test rejects at 5 %, otherwise tied.

        Near 100 % few photos differ, and a bootstrap of four that agree excludes 0, although four coins agree in one
        of eight cases. It knows of no other comparisons made beside this one.
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
    mean = float(sums.sum() / (sizes.sum() * len(sums)))
    if mean in (0, 1):
        low, high = binomtest(int(mean) * len(sizes), len(sizes)).proportion_ci(CONFIDENCE)
    else:
        seeds = [_seeds(sums, sizes)]
        low, high = _interval(sums.sum(axis=0), sizes * len(sums), seeds, _Bootstrap("BCa", seed, resamples))
    return Estimate(mean, float(accuracies.std(ddof=1)), len(sums), max(0.0, float(low)), min(1.0, float(high)))


def difference(
    correct: Correct, rival: Correct, groups: Groups, seed: int = 0, resamples: int = RESAMPLES
) -> Difference:
    """Accuracy of one model less that of its rival, on the same photos: correct (S, N), rival (T, N), groups (N,).

    Photos are paired, seeds are not: the i-th trainings of two models share at most the order of their batches, and
    S may differ from T. If they did share more, the interval would be too wide and never too narrow.
    Exchanging the two changes the signs and nothing else. Raises: as per_photo.
    """
    ours, sizes = per_photo(correct, groups)
    theirs, _ = per_photo(rival, groups)
    # Whole numbers, not means: exchanging the models, or the seeds' order, must not differ by rounding.
    photos = ours.sum(axis=0) * len(theirs) - theirs.sum(axis=0) * len(ours)
    weights = sizes * (len(ours) * len(theirs))
    seeds = [_seeds(ours, sizes), _seeds(theirs, sizes)]
    low, high = _interval(photos, weights, seeds, _Bootstrap("percentile", seed, resamples))
    return Difference(
        float(photos.sum() / weights.sum()), max(-1.0, low), min(1.0, high), _permuted(photos, seed, resamples)
    )


def _permuted(photos: Floats, seed: int, resamples: int) -> float:
    """p of the permutation test of no difference, from the photos' differences (G,); exact for a few photos."""
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
    return float(test.pvalue)


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


@dataclass(frozen=True)
class _Seeds:
    """Variance of one model's mean over its seeds: what they add to all photos alike, and with the interaction."""

    alone: float
    whole: float
    df: int


@dataclass(frozen=True)
class _Bootstrap:
    method: Literal["BCa", "percentile"]
    seed: int
    resamples: int


def _seeds(sums: Floats, sizes: npt.NDArray[np.int64]) -> _Seeds:
    s, g = sums.shape
    accuracies = sums.sum(axis=1) / sizes.sum()
    whole = accuracies.var(ddof=1)
    shifts = (accuracies - accuracies.mean())[:, None]
    residuals = sums - sums.mean(axis=0) - shifts * sizes
    interaction = (residuals**2).sum() / sizes.sum() ** 2 * g / ((g - 1) * (s - 1))
    return _Seeds(max(0.0, float(whole - interaction)) / s, float(whole) / s, s - 1)


def _interval(
    photos: Floats, weights: npt.NDArray[np.int64], seeds: Sequence[_Seeds], how: _Bootstrap
) -> tuple[float, float]:
    """The interval of photos.sum() / weights.sum(), as the module says; photos and weights are (G,)."""
    g = len(photos)
    mean = photos.sum() / weights.sum()
    of_photos = g / (g - 1) * ((photos - mean * weights) ** 2).sum() / weights.sum() ** 2
    variance = of_photos + sum(s.alone for s in seeds)
    if variance < NOTHING:
        return float(mean), float(mean)
    df = variance**2 / (of_photos**2 / (g - 1) + sum(s.whole**2 / s.df for s in seeds))
    arm = t.ppf((1 + CONFIDENCE) / 2, df) * np.sqrt(variance)
    down, up = _shape(photos, weights, how) if of_photos >= NOTHING else (1, 1)
    return float(mean - arm * down), float(mean + arm * up)


def _shape(photos: Floats, weights: npt.NDArray[np.int64], how: _Bootstrap) -> tuple[float, float]:
    """The arms of the bootstrap's interval over photos, in those of a normal distribution: 1 and 1 if it were one."""

    def ratio(photos: Floats, weights: Floats, axis: int) -> Floats:
        found: Floats = photos.sum(axis=axis) / weights.sum(axis=axis)
        return found

    found = bootstrap(
        (photos, weights),
        ratio,
        paired=True,
        vectorized=True,
        n_resamples=how.resamples,
        batch=max(1, DRAWS_AT_ONCE // len(photos)),
        confidence_level=CONFIDENCE,
        method=how.method,
        rng=np.random.default_rng(how.seed),
    )
    mean = photos.sum() / weights.sum()
    normal = norm.ppf((1 + CONFIDENCE) / 2) * found.standard_error
    return (mean - found.confidence_interval.low) / normal, (found.confidence_interval.high - mean) / normal
