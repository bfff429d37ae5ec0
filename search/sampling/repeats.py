"""Samplers without search: they repeat the references, as a baseline with the same number of trials.

A search is worth its compute only if it finds more than the same compute that is spent on repeating the references, to
know better which one is the best.
"""

from collections import defaultdict
from typing import Any

import optuna
from optuna.distributions import BaseDistribution
from optuna.trial import FrozenTrial

from search.sampling.history import Tried, history
from search.sampling.space import Space
from search.sampling.space_sampler import SpaceSampler

EACH = 2  # trials of each reference in a round of halving


class RepeatsSampler(SpaceSampler):
    """Samples the reference with the fewest trials, of several the best; random parameters without references.

    halving: after EACH trials of all remaining references, only the better half remains (sequential halving, Karnin,
    Koren and Somekh 2013), separately for each number of cut points.
    """

    def __init__(self, space: Space, seed: int | None = None, halving: bool = False) -> None:
        super().__init__(space, seed)
        self.halving = halving

    def sample_relative(
        self, study: optuna.Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        """Return the parameters of a reference."""
        found = history(study, self.space, trial.number).references()
        if search_space != self.space.distributions or not found:
            return self.at_random(study, trial, search_space)
        left = better_half(found) if self.halving else found
        return dict(self.space.params(min(left, key=lambda t: (t.trials, -t.mean)).binarization))


def better_half(found: list[Tried]) -> list[Tried]:
    """Return the remaining references: in each round half as many for each number of cut points, at least one."""
    by_k: dict[int, list[Tried]] = defaultdict(list)
    for each in sorted(found, key=lambda t: -t.mean):
        by_k[len(each.binarization.cut_points)].append(each)
    left = []
    for ranked in by_k.values():
        wanted = EACH
        while len(ranked) > 1 and all(each.trials >= wanted for each in ranked):
            ranked = ranked[: (len(ranked) + 1) // 2]
            wanted += EACH
        left += ranked
    return left
