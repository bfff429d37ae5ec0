"""A sampler that proposes what a supernet scores best, corrected by what the finished trials say.

Takes a pool of scored candidates and a study's trials. Returns parameters of a binarization that was not tried before.
The sampler has no state besides the study and the pool, so it works with stopped and resumed studies and with several
workers. The values of trials, less their scores, are smoothed by a Gaussian process over simple properties of the
binarizations; the next trial is one with a high upper confidence bound.
"""

import warnings
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict
from statistics import fmean, median
from typing import Any

import numpy as np
import optuna
from optuna.distributions import BaseDistribution
from optuna.study import StudyDirection
from optuna.trial import FrozenTrial, TrialState
from sklearn.exceptions import ConvergenceWarning
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import RBF, WhiteKernel

from models.constants import ACTIVATIONS, LEVELS, WEIGHTS
from search.binarization.binarization import Binarization
from search.binarization.encodings import ENCODINGS
from search.binarization.levels import LEVEL_MAPS, Dither
from search.sampling.history import history
from search.sampling.local import LocalSampler
from search.sampling.pool import Floats, Pool, flat_pool
from search.sampling.space import Space
from search.sampling.space_sampler import SpaceSampler
from storage.study_trials import Read, trials_of

BY_BITS = 0.4  # share of trials for a number of bits that is drawn evenly; all of them with two objectives
BY_TRIALS = 0.25  # share of trials that are local search from the best trials, without the supernet
STARTUP = 10  # binarizations from which such trials are possible
BRAVE = 1.0  # mean number of standard deviations that are added to the mean, drawn exponentially
FEWEST = 3  # trials from which the scores are corrected
ENOUGH = 10  # trials from which the hyperparameters of the Gaussian process are fitted
# Errors of scores before anything is known, in standard deviations of the scores of the pool: 0.24 on the table
# benchmarks/results/many_cuts.csv. It counts as much as FEWEST trials.
PRIOR = 0.2
MOST = 300  # trials that the correction uses, the newest, because its cost grows with the cube of their number


class OneShotSampler(SpaceSampler):
    """A sampler of one Space by the scores of a pool. Other parameters are sampled uniformly at random.

    pool: None for a search without a supernet, by a Gaussian process alone.
    """

    def __init__(self, space: Space, seed: int | None = None, pool: Pool | None = None) -> None:
        super().__init__(space, seed)
        self._rng = np.random.default_rng(seed)
        self._local = LocalSampler(space, seed)
        self._pool = pool

    def reseed_rng(self) -> None:
        """Take a new seed, for a copy in another thread."""
        super().reseed_rng()
        self._rng = np.random.default_rng()
        self._local.reseed_rng()

    def sample_relative(
        self, study: optuna.Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        """Return parameters of a binarization that was neither tried nor is running, as long as there is one."""
        if search_space != self.space.distributions:
            return self.at_random(study, trial, search_space)
        tried, maximize = history(study, self.space, trial.number), study.directions[0] is StudyDirection.MAXIMIZE
        pool = self._pool or flat_pool(self.space, int(self._rng.integers(2**31)))
        finished = trials_of(study, Read.NOTHING).summary((_Values, self.space), lambda: _Values(self.space, maximize))
        correct = Correction(finished.values(pool.score), pool)
        untried = np.array([each not in tried for each in pool.candidates])
        if not untried.any() or (len(tried) >= STARTUP and self._rng.random() < BY_TRIALS):
            return self._local.sample_relative(study, trial, search_space)
        corrected, deviations = correct(pool.candidates, pool.scores)
        bounds = (corrected if maximize else -corrected) + self._rng.exponential(BRAVE) * deviations
        if len(study.directions) > 1 or self._rng.random() < BY_BITS:
            bits = np.array([each.bits for each in pool.candidates])
            among = np.unique(bits[untried])
            untried &= bits == among[int(self._rng.integers(len(among)))]
        rows = np.flatnonzero(untried)
        return dict(self.space.params(pool.candidates[int(rows[bounds[rows].argmax()])]))


class _Values:
    """First values of finished trials by binarization. It is a summary of storage.study_trials.StudyTrials."""

    def __init__(self, space: Space, maximize: bool) -> None:
        self._space, self._distributions = space, space.distributions
        self._worse = min if maximize else max
        self._complete: dict[Binarization, list[float]] = defaultdict(list)
        self._pruned: dict[Binarization, None] = {}

    def add(self, trial: FrozenTrial) -> None:
        """Take one more finished trial into account."""
        if trial.distributions != self._distributions:
            return
        if trial.state is TrialState.COMPLETE:
            self._complete[self._space.binarization(trial.params)].append(trial.values[0])
        elif trial.state is TrialState.PRUNED:
            self._pruned[self._space.binarization(trial.params)] = None

    def values(self, predict: Callable[[Sequence[Binarization]], Floats]) -> dict[Binarization, float]:
        """The mean value of each binarization.

        A pruned one gets the median of those with as many cut points, because it was pruned for being worse, or what is
        predicted if that is worse still.
        """
        found = {each: fmean(values) for each, values in self._complete.items()}
        pruned = [each for each in self._pruned if each not in found]
        medians = {k: median(v for each, v in found.items() if len(each.cut_points) == k) for k in _numbers(found)}
        for each, predicted in zip(pruned, predict(pruned).tolist(), strict=True):
            found[each] = self._worse(predicted, medians.get(len(each.cut_points), predicted))
        return found


def _numbers(binarizations: Iterable[Binarization]) -> set[int]:
    return {len(each.cut_points) for each in binarizations}


class Correction:
    """Predicts values from scores and the finished trials.

    The errors of scores are a Gaussian process over `features` and the score. values: of finished trials by
    binarization. Fewer than FEWEST of them change nothing.
    """

    def __init__(self, values: Mapping[Binarization, float], pool: Pool) -> None:
        self._mean, self._spread = float(pool.scores.mean()), float(pool.scores.std()) or 1.0
        self._center, self._scale = 0.0, 0.0
        trained = list(values)[-MOST:]
        if len(trained) < FEWEST:
            return
        scores = pool.score(trained)
        errors = np.array([values[each] for each in trained]) - scores
        self._center = float(np.median(errors))
        usual = PRIOR * pool.scores.std()
        squares = ((errors - self._center) ** 2).sum() + FEWEST * usual**2
        self._scale = float(np.sqrt(squares / (len(errors) + FEWEST)))
        if self._scale == 0:
            return
        kernel = RBF(1.0, (0.3, 5.0)) + WhiteKernel(0.2, (0.02, 1.0))
        # Few trials say nothing about the hyperparameters.
        self._process = GaussianProcessRegressor(kernel, optimizer="fmin_l_bfgs_b" if len(trained) >= ENOUGH else None)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)  # a hyperparameter may lie at its bound
            self._process.fit(self._properties(trained, scores), (errors - self._center) / self._scale)

    def __call__(self, binarizations: Sequence[Binarization], scores: Floats) -> tuple[Floats, Floats]:
        """Predict the values of binarizations with these scores: means (N,) and standard deviations (N,)."""
        if self._scale == 0:
            return scores + self._center, np.zeros(len(scores))
        mean, deviation = self._process.predict(self._properties(binarizations, scores), return_std=True)
        noise = self._process.kernel_.k2.noise_level  # of one training: it is no property of the binarization
        own = np.sqrt(np.maximum(deviation**2 - noise, 0))
        return scores + self._center + self._scale * mean, self._scale * own

    def _properties(self, binarizations: Sequence[Binarization], scores: Floats) -> Floats:
        return np.column_stack([features(binarizations), (scores - self._mean) / self._spread])


def features(binarizations: Sequence[Binarization]) -> Floats:
    """Properties (N, F) that the errors of scores may depend on, each with a range of about 1."""
    return np.array([_features(each) for each in binarizations])


def _features(binarization: Binarization) -> list[float]:
    parts = binarization.parts
    maps = [float(np.mean([part.level_map.name == name for part in parts])) for name in LEVEL_MAPS]
    windows = [np.log2(part.level_map.record.get("window") or 32) / 4 for part in parts]
    spreads = [np.ptp(part.level_map.offsets) / LEVELS for part in parts if isinstance(part.level_map, Dither)]
    cuts = np.array([each for part in parts for each in part.cut_points.values]) / LEVELS
    kinds = asdict(binarization.arithmetic)
    return [
        *maps,
        float(np.mean(windows)),
        float(np.mean(spreads)) if spreads else 0.0,
        2 * float(cuts.mean()),
        2 * float(cuts.min()),
        2 * float(cuts.max()),
        float(np.log2(len(cuts))),
        *(float(binarization.encoding == name) for name in ENCODINGS),
        *(float(kinds["weights"] == name) for name in WEIGHTS),
        *(float(kinds["activations"] == name) for name in ACTIVATIONS),
    ]
