"""Samplers and pruners by name.

Optuna does not store a sampler's random state. Here each trial has a sampler of its own, seeded with the study's seed
and the trial's rank among the trials that count. So workers draw differently, and a study of one worker that was
stopped and resumed draws what it would have drawn without the stop. (With several workers, a killed one frees its rank,
and the next trial may repeat its draw: the same cut points with another training seed.) The exceptions are cmaes, which
counts a stopped trial as a lost one of its generation, and qmc, which stores its place in one sequence of Sobol' points
for the whole study. The hyperband pruner depends on trial numbers.
"""

import warnings
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import optuna
from optuna.distributions import BaseDistribution
from optuna.exceptions import ExperimentalWarning
from optuna.samplers import BaseSampler, CmaEsSampler, GPSampler, QMCSampler, RandomSampler, TPESampler
from optuna.trial import FrozenTrial, TrialState

from search.sampling.local import LocalSampler
from search.sampling.one_shot import OneShotSampler
from search.sampling.pool import Pool
from search.sampling.repeats import RepeatsSampler
from search.sampling.space import Space
from storage.study_trials import Read, trials_of

SEQUENCE_SEED = 0  # of the scrambled Sobol' sequence


def tpe(seed: int, space: Space, pool: Pool | None) -> BaseSampler:
    """Tree-structured Parzen estimator, multivariate; 10 start-up trials, references among them."""
    return TPESampler(seed=seed, n_startup_trials=10)


def random(seed: int, space: Space, pool: Pool | None) -> BaseSampler:
    """Uniform at random."""
    return RandomSampler(seed=seed)


def cmaes(seed: int, space: Space, pool: Pool | None) -> BaseSampler:
    """CMA-ES on k and the u; the encoding is drawn at random.

    Optuna keeps its state as a pickle in the database: use it with databases that you trust.
    """
    return CmaEsSampler(seed=seed, warn_independent_sampling=False)


def gp(seed: int, space: Space, pool: Pool | None) -> BaseSampler:
    """Gaussian process; asking takes seconds, which pays where a training takes minutes."""
    return GPSampler(seed=seed, warn_independent_sampling=False)


def qmc(seed: int, space: Space, pool: Pool | None) -> BaseSampler:
    """Scrambled Sobol' points; k and encoding of the very first trial are drawn at random."""
    return QMCSampler(
        scramble=True,
        seed=SEQUENCE_SEED,
        independent_sampler=RandomSampler(seed=seed),
        warn_asynchronous_seeding=False,
        warn_independent_sampling=False,
    )


def local(seed: int, space: Space, pool: Pool | None) -> BaseSampler:
    """Move, add or remove cut points of a good earlier trial, never twice the same. See search/sampling/local.py."""
    return LocalSampler(space, seed)


def one_shot(seed: int, space: Space, pool: Pool | None) -> BaseSampler:
    """Propose the best candidates of a supernet, corrected by finished trials. See search/sampling/one_shot.py."""
    return OneShotSampler(space, seed, pool)


def repeats(seed: int, space: Space, pool: Pool | None) -> BaseSampler:
    """No search: repeat the references, those with the fewest trials first."""
    return RepeatsSampler(space, seed)


def halving(seed: int, space: Space, pool: Pool | None) -> BaseSampler:
    """No search: repeat the references, in each round the better half of those with as many cut points."""
    return RepeatsSampler(space, seed, halving=True)


ONE_SHOT = "one-shot"  # the sampler that takes a pool
# A seed, the space and, for ONE_SHOT, scored candidates to a sampler.
SAMPLERS: dict[str, Callable[[int, Space, Pool | None], BaseSampler]] = {
    "tpe": tpe,
    "random": random,
    "cmaes": cmaes,
    "gp": gp,
    "qmc": qmc,
    "local": local,
    ONE_SHOT: one_shot,
    "repeats": repeats,
    "halving": halving,
}


def make_sampler(name: str, seed: int, rank: int, space: Space, pool: Pool | None = None) -> BaseSampler:
    """Return the sampler for the trial of that rank: see `rank_of`."""
    fresh = int(np.random.SeedSequence([seed, rank]).generate_state(1)[0])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ExperimentalWarning)
        return SAMPLERS[name](fresh, space, pool)


def rank_of(study: optuna.Study, number: int) -> int:
    """Return the number of trials before that number, without those that were stopped and queued again."""
    # Another process may have created a trial since Optuna read the study in study.ask. It has to count here, or both
    # trials get the same seed.
    return trials_of(study, Read.STATES).rank(number)


class SeededByRank(BaseSampler):
    """A sampler that makes a sampler of the given name for each trial, with a seed of the trial's own.

    pool: scored candidates for the sampler ONE_SHOT; None for a search without a supernet.
    """

    def __init__(self, name: str, seed: int, space: Space, pool: Pool | None = None) -> None:
        self.name, self.seed, self.space, self.pool = name, seed, space, pool
        self._of_trial = make_sampler(name, seed, 0, space, pool)

    def before_trial(self, study: optuna.Study, trial: FrozenTrial) -> None:
        """Make the sampler of the trial."""
        self._of_trial = make_sampler(self.name, self.seed, rank_of(study, trial.number), self.space, self.pool)
        self._of_trial.before_trial(study, trial)

    def infer_relative_search_space(self, study: optuna.Study, trial: FrozenTrial) -> dict[str, BaseDistribution]:
        """As the trial's sampler."""
        return self._of_trial.infer_relative_search_space(study, trial)

    def sample_relative(
        self, study: optuna.Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        """As the trial's sampler."""
        return self._of_trial.sample_relative(study, trial, search_space)

    def sample_independent(
        self, study: optuna.Study, trial: FrozenTrial, param_name: str, param_distribution: BaseDistribution
    ) -> Any:
        """As the trial's sampler."""
        return self._of_trial.sample_independent(study, trial, param_name, param_distribution)

    def after_trial(
        self, study: optuna.Study, trial: FrozenTrial, state: TrialState, values: Sequence[float] | None
    ) -> None:
        """As the trial's sampler."""
        self._of_trial.after_trial(study, trial, state, values)

    def reseed_rng(self) -> None:
        """Do nothing, because each trial has a seed of its own."""
