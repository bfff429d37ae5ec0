"""Intervals for means over photos and seeds: by bootstrap, and where few photos err by an exact bound.

Enters: what each photo adds to a mean, and how seeds vary. Leaves: two limits. search/statistics.py says what for.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy.stats import bootstrap, gamma, norm, t

CONFIDENCE = 0.95
RESAMPLES = 9999
DRAWS_AT_ONCE = 100_000  # photos in one batch of the bootstrap: half the time of one batch for all at 316 photos
RARE = 0.1  # share of the photos
NOTHING = 1e-18  # a variance below it is rounding

Floats = npt.NDArray[np.float64]


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


def seeds_of(sums: Floats, sizes: npt.NDArray[np.int64]) -> Seeds:
    s, g = sums.shape
    accuracies = sums.sum(axis=1) / sizes.sum()
    whole = accuracies.var(ddof=1)
    shifts = (accuracies - accuracies.mean())[:, None]
    residuals = sums - sums.mean(axis=0) - shifts * sizes
    interaction = (residuals**2).sum() / sizes.sum() ** 2 * g / ((g - 1) * (s - 1))
    return Seeds(max(0.0, float(whole - interaction)) / s, float(whole) / s, s - 1)


def over_photos_and_seeds(
    photos: Floats, weights: npt.NDArray[np.int64], seeds: Sequence[Seeds], how: Bootstrap
) -> tuple[float, float]:
    """The interval of photos.sum() / weights.sum(), as the module says; photos and weights are (G,)."""
    g = len(photos)
    mean = photos.sum() / weights.sum()
    of_photos = g / (g - 1) * ((photos - mean * weights) ** 2).sum() / weights.sum() ** 2
    variance = of_photos + sum(s.alone for s in seeds)
    if variance < NOTHING:
        return float(mean), float(mean)
    df = variance**2 / (of_photos**2 / (g - 1) + sum(s.whole**2 / s.df for s in seeds))
    df = max(df, min(s.df for s in seeds))  # a sum's are never fewer than those of its least known part
    arm = t.ppf((1 + CONFIDENCE) / 2, df) * np.sqrt(variance)
    down, up = _shape(photos, weights, how) if of_photos >= NOTHING else (1, 1)
    return float(mean - arm * down), float(mean + arm * up)


def _shape(photos: Floats, weights: npt.NDArray[np.int64], how: Bootstrap) -> tuple[float, float]:
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


def are_rare(shares: Floats) -> bool:
    """Whether few of the photos have a share (G,) >= 0: an effective number of at most a tenth of them."""
    squares = float((shares**2).sum())
    return squares == 0 or float(shares.sum()) ** 2 / squares <= RARE * len(shares)


def rare_limits(shares: Floats, largest: float, of_seeds: float = 0.0) -> tuple[float, float]:
    """Limits for the sum of shares (G,) >= 0 when only a few photos have any: Fay and Feuer 1997.

    Photos that err are taken as Poisson events, each weighted with its share. The lower limit is a gamma quantile with
    the sum's mean and variance, the upper one with those after one more event of the largest weight there can be: a
    photo, not seen here, that is wrong altogether. Without any event the upper limit is 3.7 such photos.
    of_seeds: variance that seeds add.
    """
    tail, total, variance = (1 - CONFIDENCE) / 2, float(shares.sum()), float((shares**2).sum())
    low = _gamma(tail, total, variance) if total > 0 else 0.0
    return low, _gamma(1 - tail, total + largest, variance + largest**2 + of_seeds)


def _gamma(probability: float, mean: float, variance: float) -> float:
    return float(gamma.ppf(probability, mean**2 / variance, scale=variance / mean))
