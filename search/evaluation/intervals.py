"""Intervals of a mean over photos and seeds: one stretched from a bootstrap, one for where few photos err.

Enters: what each photo adds to the mean, (G,), the most it could add, (G,), and the seeds' variance. Leaves: bounds.
Why there are two, and how search/confirmation/statistics.py joins them, stands there.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy.stats import beta, bootstrap, norm, t

from search.evaluation.metrics import NORMAL_95

CONFIDENCE = 0.95
DRAWS_AT_ONCE = 100_000  # photos in one batch of the bootstrap: half the time of one batch for all at 316 photos
NOTHING = 1e-18  # a variance below it is rounding
ROUNDING = 1e-6  # of shares that were kept as float32
UNSEEN = 0.5  # of a photo that is wholly wrong, added to the photos that were seen to err

Floats = npt.NDArray[np.float64]
Weights = npt.NDArray[np.int64]
Bounds = tuple[float, float]


@dataclass(frozen=True)
class Seeds:
    """Variance of one model's mean over its seeds: what they add to all photos alike, and with the interaction."""

    alone: float
    whole: float
    df: int


@dataclass(frozen=True)
class Bootstrap:
    method: Literal["BCa", "percentile"]
    seed: int
    resamples: int


def seeds_of(sums: Floats, sizes: Weights) -> Seeds:
    """From what each training gets right of each photo, (S, G), and the photos' sizes, (G,)."""
    s, g = sums.shape
    accuracies = sums.sum(axis=1) / sizes.sum()
    whole = accuracies.var(ddof=1)
    shifts = (accuracies - accuracies.mean())[:, None]
    residuals = sums - sums.mean(axis=0) - shifts * sizes
    interaction = (residuals**2).sum() / sizes.sum() ** 2 * g / ((g - 1) * (s - 1))
    return Seeds(max(0.0, float(whole - interaction)) / s, float(whole) / s, s - 1)


def stretched(photos: Floats, weights: Weights, seeds: Sequence[Seeds], how: Bootstrap) -> Bounds:
    """Of photos.sum() / weights.sum(): the bootstrap's shape, with arms of t and the variance of photos and seeds.

    The degrees of freedom are at least the seeds' own: Satterthwaite's formula promises that, but not after a
    variance that came out negative was set to 0, and t of less than one degree made intervals of many points.
    """
    mean = photos.sum() / weights.sum()
    of_photos = variance_over_photos(photos, weights)
    variance = of_photos + sum(s.alone for s in seeds)
    if variance < NOTHING:
        return float(mean), float(mean)
    df = variance**2 / (of_photos**2 / (len(photos) - 1) + sum(s.whole**2 / s.df for s in seeds))
    df = max(df, min(s.df for s in seeds))
    arm = t.ppf((1 + CONFIDENCE) / 2, df) * np.sqrt(variance)
    down, up = _shape(photos, weights, how) if of_photos >= NOTHING else (1, 1)
    return float(mean - arm * down), float(mean + arm * up)


def variance_over_photos(photos: Floats, weights: Weights | Floats) -> float:
    """Of the ratio photos.sum() / weights.sum(), when other photos were drawn."""
    g = len(photos)
    mean = photos.sum() / weights.sum()
    return float(g / (g - 1) * ((photos - mean * weights) ** 2).sum() / weights.sum() ** 2)


def effective_photos(parts: Floats, weights: Weights | Floats) -> float:
    """How many photos, each wholly right or wholly wrong, would say as much about parts.sum() / weights.sum().

    parts (G,): what is wrong of each photo, 0..weights. The photos' number over the design effect (Korn and Graubard
    1998), which is small when photos are wrong in part. So few may have been seen to err that the next one could be
    of another kind: the design effect is the mean of theirs and that of UNSEEN photos that are wholly wrong, 1.
    """
    p = parts.sum() / weights.sum()
    number = _number(weights)
    if not 0 < p < 1:
        return number
    seen = min(x.sum() ** 2 / (x**2).sum() for x in (parts, weights - parts))
    effect = variance_over_photos(parts, weights) / (p * (1 - p) / number)
    return number / float((seen * effect + UNSEEN) / (seen + UNSEEN))


def _number(weights: Weights | Floats) -> float:
    """How many photos of equal weight say as much as these (Kish 1965)."""
    return float(weights.sum()) ** 2 / float((weights.astype(float) ** 2).sum())


def exact(share: float, photos: float) -> Bounds:
    """Clopper and Pearson's interval of a share of so many photos, neither of which need be whole."""
    tail, count = (1 - CONFIDENCE) / 2, share * photos
    low = beta.ppf(tail, count, photos - count + 1) if share > 0 else 0.0
    high = beta.ppf(1 - tail, count + 1, photos - count) if share < 1 else 1.0
    return float(low), float(high)


def validation_interval(by_photo: Floats, weights: Floats) -> Bounds:
    """95 % interval over photos of a share 0..1 that one training reached, such as a trial's accuracy.

    by_photo (G,): what each photo adds to it, 0..weight; together they are the share. weights (G,): each photo's part
    of the total weight, together 1. What either of two intervals holds: 1.96 cluster-robust standard errors to each
    side (Cochran, Sampling Techniques, 9A), and the exact one for so many photos as say as much, which is no point
    where no photo errs. Says nothing of other training seeds. Raises: ValueError for values that are no share.
    """
    right, whole = by_photo.astype(np.float64), weights.astype(np.float64)
    if right.shape != whole.shape or right.ndim != 1 or not len(right):
        raise ValueError(f"expected two of shape (G,), not {right.shape} and {whole.shape}")
    if not (np.abs(right - right.clip(0, whole)) <= ROUNDING).all() or whole.sum() <= 0:
        raise ValueError("by_photo is no share of weights: each must lie between 0 and its photo's weight")
    right = right.clip(0, whole)
    share = float(right.sum() / whole.sum())
    share = 0.0 if share < ROUNDING else 1.0 if share > 1 - ROUNDING else share
    # One photo says nothing of how photos vary.
    arm = NORMAL_95 * float(np.sqrt(variance_over_photos(right, whole))) if len(right) > 1 else 0.0
    low, high = exact(
        share, effective_photos(whole - right, whole) if len(right) > 1 and 0 < share < 1 else _number(whole)
    )
    return max(0.0, min(low, share - arm)), min(1.0, max(high, share + arm))


def exact_difference(photos: Floats, weights: Weights | Floats) -> Bounds:
    """Of photos.sum() / weights.sum() from the exact intervals of gains and losses: MOVER (Zou and Donner 2008)."""
    number = effective_photos(np.abs(photos), weights)
    gain, loss = (float(x.sum() / weights.sum()) for x in (photos.clip(min=0), (-photos).clip(min=0)))
    (gain_low, gain_high), (loss_low, loss_high) = exact(gain, number), exact(loss, number)
    down = float(np.hypot(gain - gain_low, loss_high - loss))
    up = float(np.hypot(gain_high - gain, loss - loss_low))
    return gain - loss - down, gain - loss + up


def _shape(photos: Floats, weights: Weights, how: Bootstrap) -> Bounds:
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
