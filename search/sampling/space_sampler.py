"""What our own samplers share: they sample a whole Space at once, and anything else uniformly at random."""

from typing import Any

import optuna
from optuna.distributions import BaseDistribution
from optuna.samplers import BaseSampler, RandomSampler
from optuna.trial import FrozenTrial, TrialState

from search.sampling.space import Params, Space


class SpaceSampler(BaseSampler):
    """A sampler of one Space; subclasses implement sample_relative. In a study of something else it is random."""

    def __init__(self, space: Space, seed: int | None = None) -> None:
        self.space = space
        self._random = RandomSampler(seed)

    def reseed_rng(self) -> None:
        """A new seed for a copy in another thread."""
        self._random.reseed_rng()

    def infer_relative_search_space(self, study: optuna.Study, trial: FrozenTrial) -> dict[str, BaseDistribution]:
        """The whole space, unless a finished trial of the study has other parameters."""
        finished = study.get_trials(deepcopy=False, states=(TrialState.COMPLETE, TrialState.PRUNED))
        ours = all(trial.distributions == self.space.distributions for trial in finished)
        return self.space.distributions if ours else {}

    def sample_independent(
        self, study: optuna.Study, trial: FrozenTrial, param_name: str, param_distribution: BaseDistribution
    ) -> Any:
        """Uniformly at random."""
        return self._random.sample_independent(study, trial, param_name, param_distribution)

    def at_random(self, study: optuna.Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]) -> Params:
        """Each parameter by itself and uniformly."""
        return {name: self.sample_independent(study, trial, name, each) for name, each in search_space.items()}
