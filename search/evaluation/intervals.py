"""Confidence intervals of a mean over photo groups and seeds.

There are two kinds: a bootstrap interval that is widened by the variance over seeds, and an exact interval for means
to which few photos contribute an error. search/confirmation/statistics.py explains why both are needed and combines
them. "Photo" means photo group here; G is their number.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy.stats import beta, bootstrap, norm, t

from search.evaluation.metrics import NORMAL_95

CONFIDENCE = 0.95
DRAWS_AT_ONCE = 100_000  # photos per batch of the bootstrap; with 316 photos, twice as fast as a single batch
NOTHING = 1e-18  # variances below this are rounding errors
ROUNDING = 1e-6  # rounding error of shares stored as float32
UNSEEN = 0.5  # weight of the design effect 1, in photos with errors; see effective_photos

Floats = npt.NDArray[np.float64]
Weights = npt.NDArray[np.int64]
Bounds = tuple[float, float]


@dataclass(frozen=True)
class Seeds:
    """Variance over seeds of the mean of one model.

    alone: the part that is common to all photos. whole: including the interaction of seeds and photos. df: degrees of
    freedom.
    """

    alone: float
    whole: float
    df: int


@dataclass(frozen=True)
class Bootstrap:
    """Settings of scipy.stats.bootstrap."""

    method: Literal["BCa", "percentile"]
    seed: int
    resamples: int


def seeds_of(sums: Floats, sizes: Weights) -> Seeds:
    """Variance over seeds, from the correct images of each photo in each training, (S, G), and photo sizes, (G,)."""
    s, g = sums.shape
    accuracies = sums.sum(axis=1) / sizes.sum()
    whole = accuracies.var(ddof=1)
    shifts = (accuracies - accuracies.mean())[:, None]
    residuals = sums - sums.mean(axis=0) - shifts * sizes
    interaction = (residuals**2).sum() / sizes.sum() ** 2 * g / ((g - 1) * (s - 1))
    return Seeds(max(0.0, float(whole - interaction)) / s, float(whole) / s, s - 1)


def stretched(photos: Floats, weights: Weights, seeds: Sequence[Seeds], how: Bootstrap) -> Bounds:
    """Interval of photos.sum() / weights.sum() that includes the variance over seeds.

    photos: contribution of each photo to the mean, (G,). weights: (G,). The arms of a t interval with the variance over
    photos and seeds are scaled by the asymmetry of the bootstrap over photos. The degrees of freedom are those of
    Satterthwaite, and at least the smallest of the seeds. After a negative variance estimate was set to 0, the formula
    can give less than one degree of freedom, and far too wide intervals.
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
    """Sampling variance over photos of the ratio photos.sum() / weights.sum(), both (G,)."""
    g = len(photos)
    mean = photos.sum() / weights.sum()
    return float(g / (g - 1) * ((photos - mean * weights) ** 2).sum() / weights.sum() ** 2)


def effective_photos(parts: Floats, weights: Weights | Floats) -> float:
    """The number of independent binary observations that determine parts.sum() / weights.sum() equally well.

    parts (G,): the wrong part of each photo, 0..weights. The result is the number of photos divided by the design
    effect (Korn and Graubard 1998), which is small when photos are wrong only in part. The design effect is estimated
    from the photos with errors, which may be few, so it is averaged with the design effect 1 of UNSEEN more photos.
    """
    p = parts.sum() / weights.sum()
    number = _number(weights)
    if not 0 < p < 1:
        return number
    seen = min(x.sum() ** 2 / (x**2).sum() for x in (parts, weights - parts))
    effect = variance_over_photos(parts, weights) / (p * (1 - p) / number)
    return number / float((seen * effect + UNSEEN) / (seen + UNSEEN))


def _number(weights: Weights | Floats) -> float:
    """Effective number of photos with equal weights (Kish 1965)."""
    return float(weights.sum()) ** 2 / float((weights.astype(float) ** 2).sum())


def exact(share: float, photos: float) -> Bounds:
    """Clopper-Pearson interval of a share of `photos` observations; the numbers need not be integers."""
    tail, count = (1 - CONFIDENCE) / 2, share * photos
    low = beta.ppf(tail, count, photos - count + 1) if share > 0 else 0.0
    high = beta.ppf(1 - tail, count + 1, photos - count) if share < 1 else 1.0
    return float(low), float(high)


def validation_interval(by_photo: Floats, weights: Floats) -> Bounds:
    """95 % interval over photos of a share in 0..1 from one training, such as the accuracy of a trial.

    by_photo (G,): contribution of each photo, 0..weight; the sum is the share. weights (G,): weight of each photo; the
    sum is 1. The interval is the union of two: 1.96 cluster-robust standard errors to each side (Cochran, Sampling
    Techniques, 9A), and the exact interval for the effective number of photos, which has a positive length even if no
    photo has an error. It does not include the variance over training seeds.
    Raises: ValueError for values that are not shares of the weights.
    """
    right, whole = by_photo.astype(np.float64), weights.astype(np.float64)
    if right.shape != whole.shape or right.ndim != 1 or not len(right):
        raise ValueError(f"expected by_photo and weights of shape (G,), not {right.shape} and {whole.shape}")
    if not (np.abs(right - right.clip(0, whole)) <= ROUNDING).all() or whole.sum() <= 0:
        raise ValueError("by_photo is not a share of weights: expected values from 0 to the weight of each photo")
    right = right.clip(0, whole)
    share = float(right.sum() / whole.sum())
    share = 0.0 if share < ROUNDING else 1.0 if share > 1 - ROUNDING else share
    # The variance over photos cannot be estimated from one photo.
    arm = NORMAL_95 * float(np.sqrt(variance_over_photos(right, whole))) if len(right) > 1 else 0.0
    low, high = exact(
        share, effective_photos(whole - right, whole) if len(right) > 1 and 0 < share < 1 else _number(whole)
    )
    return max(0.0, min(low, share - arm)), min(1.0, max(high, share + arm))


def exact_difference(photos: Floats, weights: Weights | Floats) -> Bounds:
    """Interval of a difference, photos.sum() / weights.sum(), by MOVER (Zou and Donner 2008).

    photos (G,): the difference in each photo, -weights..weights. Combines the exact intervals of gains and losses.
    """
    number = effective_photos(np.abs(photos), weights)
    gain, loss = (float(x.sum() / weights.sum()) for x in (photos.clip(min=0), (-photos).clip(min=0)))
    (gain_low, gain_high), (loss_low, loss_high) = exact(gain, number), exact(loss, number)
    down = float(np.hypot(gain - gain_low, loss_high - loss))
    up = float(np.hypot(gain_high - gain, loss - loss_low))
    return gain - loss - down, gain - loss + up


def _shape(photos: Floats, weights: Weights, how: Bootstrap) -> Bounds:
    """Lower and upper arm of the bootstrap interval, relative to those of a normal distribution."""

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
