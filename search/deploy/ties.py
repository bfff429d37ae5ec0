"""Which candidates of a study are not distinguishable from its best.

Enters: each candidate's value, what its trials scored on each photo, the values of its trials. Leaves: who is tied.

A trial is one training, or a few, and another seed gives another value on the same photos. So the variance of a
difference is the paired one over photos plus what seeds add to either. That is estimated from the study's replicates,
together with a prior that counts as PRIOR_DF of them (Smyth 2004's moderated variance); without replicates it is the
prior alone. Near 100 % seeds move a share less, in proportion to p (1 - p): benchmarks/results/noise.csv has 0.00044 at
92 %, 0.00046 at 96 % and 0.00049 at 98 %. What photos and seeds do together counts in both parts, on the careful side.

The best is the luckiest of many, and each other one is compared with it. Their p are corrected for that with Holm's
method, so that one that is as good is seldom told from it however many there are. Which share is told wrongly, and
which rightly, is simulated by python -m benchmarks.ties; its table is in docs/search.md.
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
    """value: the mean of trials' values. scores: their mean by photo, None where they were not kept.

    standard_error: over photos, which serves where there are no scores, as if each had photos of its own.
    """

    value: float
    trials: Sequence[float]
    standard_error: float
    scores: Scores | None = None


def tied(candidates: Sequence[Candidate], is_share: bool, trainings: int = 1) -> npt.NDArray[np.bool_]:
    """Which candidates are not distinguishable from the first, which is the best.

    is_share: whether values are shares of 1, or log-losses. trainings: networks of which a trial's value is the mean.
    """
    from statsmodels.stats.multitest import multipletests  # takes two seconds

    best, *others = candidates
    if not others:
        return np.ones(1, dtype=bool)
    of_seeds = seed_variance(candidates, is_share, trainings)
    z = [_z(each, best, of_seeds * _unit((each.value + best.value) / 2, is_share)) for each in others]
    return np.concatenate([[True], ~multipletests(2 * norm.sf(z), ERROR, "holm")[0]])


def seed_variance(candidates: Sequence[Candidate], is_share: bool, trainings: int) -> float:
    """Variance of a trial's value over its seeds; of a share p in units of p (1 - p)."""
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
    """How many standard errors they differ by. of_seeds: variance of a trial's value over its seeds."""
    if one.scores is None or best.scores is None:
        of_photos = one.standard_error**2 + best.standard_error**2
    else:
        of_photos = (one.scores - best.scores).standard_error ** 2
    variance = of_photos + of_seeds * (1 / len(one.trials) + 1 / len(best.trials))
    difference = abs(one.value - best.value)
    return float(difference / np.sqrt(variance)) if difference > 0 else 0.0
