"""Candidates of a study that are not distinguishable from its best one.

A trial is one training or a few, and another seed gives another value on the same photos. The variance of a difference
is therefore the paired variance over photos plus the variance over seeds of both candidates. The latter is estimated
from the replicates of the study, together with a prior that counts as PRIOR_DF of them (the moderated variance of Smyth
2004); without replicates it is the prior. The variance of a share p over seeds is proportional to p (1 - p):
benchmarks/results/noise.csv has factors of 0.00044 at 92 %, 0.00046 at 96 % and 0.00049 at 98 %. The interaction of
photos and seeds is counted in both parts, which is conservative.

The best candidate is the luckiest of many, and every other one is compared with it. The p values are corrected by
Holm's method, so that an equally good candidate is rarely called worse, however many there are. python -m
benchmarks.ties simulates the rates of wrong and right calls; see docs/results/ties.md.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.stats import norm

from storage.scores import Scores

ERROR = 0.05
SEEDS_OF_SHARES = 0.00046  # variance of a share p over the seeds of one training, over p (1 - p)
SEEDS_OF_LOSS = 0.0086**2  # of log-loss, in nats
PRIOR_DF = 4


@dataclass(frozen=True, eq=False)
class Candidate:
    """A candidate and the values of its trials.

    value: the mean over trials. scores: the mean scores by photo; None where a trial has none.
    standard_error: of the value over photos; without scores, candidates are compared as if their photos were unpaired.
    """

    value: float
    trials: Sequence[float]
    standard_error: float
    scores: Scores | None = None


def tied(candidates: Sequence[Candidate], is_share: bool, trainings: int = 1) -> npt.NDArray[np.bool_]:
    """Which candidates are not distinguishable from the first, the best one; shape (candidates,).

    is_share: whether values are shares, 0..1, or log-losses. trainings: the number of networks that a trial trains.
    """
    from statsmodels.stats.multitest import multipletests  # takes two seconds

    best, *others = candidates
    if not others:
        return np.ones(1, dtype=bool)
    of_seeds = seed_variance(candidates, is_share, trainings)
    z = [_z(each, best, of_seeds * _unit((each.value + best.value) / 2, is_share)) for each in others]
    return np.concatenate([[True], ~multipletests(2 * norm.sf(z), ERROR, "holm")[0]])


def seed_variance(candidates: Sequence[Candidate], is_share: bool, trainings: int) -> float:
    """Variance of the value of a trial over seeds; for a share p in units of p (1 - p)."""
    prior = (SEEDS_OF_SHARES if is_share else SEEDS_OF_LOSS) / trainings
    squares, df = PRIOR_DF * prior, PRIOR_DF
    for each in candidates:
        unit = _unit(each.value, is_share)
        if len(each.trials) > 1 and unit > 0:
            squares += float(((np.asarray(each.trials) - each.value) ** 2).sum()) / unit
            df += len(each.trials) - 1
    return squares / df


def _unit(value: float, is_share: bool) -> float:
    return value * (1 - value) if is_share else 1.0


def _z(one: Candidate, best: Candidate, of_seeds: float) -> float:
    """The difference in standard errors. of_seeds: variance of the value of a trial over seeds."""
    if one.scores is None or best.scores is None:
        of_photos = one.standard_error**2 + best.standard_error**2
    else:
        of_photos = (one.scores - best.scores).standard_error ** 2
    variance = of_photos + of_seeds * (1 / len(one.trials) + 1 / len(best.trials))
    difference = abs(one.value - best.value)
    return float(difference / np.sqrt(variance)) if difference > 0 else 0.0
