"""The base class of the project's own samplers, which sample all parameters of a Space together."""

from typing import Any

import optuna
from optuna.distributions import BaseDistribution
from optuna.samplers import BaseSampler, RandomSampler
from optuna.trial import FrozenTrial

from search.sampling.history import finished
from search.sampling.level_choices import Params
from search.sampling.space import Space


class SpaceSampler(BaseSampler):
    """A sampler of one Space. Subclasses implement sample_relative. Other parameters are sampled uniformly."""

    def __init__(self, space: Space, seed: int | None = None) -> None:
        self.space = space
        self._random = RandomSampler(seed)

    def reseed_rng(self) -> None:
        """Take a new seed, for a copy in another thread."""
        self._random.reseed_rng()

    def infer_relative_search_space(self, study: optuna.Study, trial: FrozenTrial) -> dict[str, BaseDistribution]:
        """Return the whole space, or nothing if a finished trial of the study has other parameters."""
        return self.space.distributions if finished(study, self.space).only_this_space else {}

    def sample_independent(
        self, study: optuna.Study, trial: FrozenTrial, param_name: str, param_distribution: BaseDistribution
    ) -> Any:
        """Sample one parameter uniformly at random."""
        return self._random.sample_independent(study, trial, param_name, param_distribution)

    def at_random(self, study: optuna.Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]) -> Params:
        """Sample each parameter independently and uniformly."""
        return {name: self.sample_independent(study, trial, name, each) for name, each in search_space.items()}
