"""Samplers that search nothing: they train references again, as often as a search trains anything.

What a search found is worth its compute only if the same compute, spent on knowing better which reference is best,
finds less. These make that comparison a study like any other.
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
    """The reference with the fewest trials; of these the best. Where a study has no references, random ones.

    halving: after every EACH trials of all that are left, only the better half goes on (sequential halving, Karnin,
    Koren and Somekh 2013): among those that are clearly worse no repeat decides anything. Within each number of cut
    points, because the answer is the best for each.
    """

    def __init__(self, space: Space, seed: int | None = None, halving: bool = False) -> None:
        super().__init__(space, seed)
        self.halving = halving

    def sample_relative(
        self, study: optuna.Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        """Parameters of a reference, trained before or not."""
        found = history(study, self.space, trial.number).references()
        if search_space != self.space.distributions or not found:
            return self.at_random(study, trial, search_space)
        left = better_half(found) if self.halving else found
        return dict(self.space.params(min(left, key=lambda t: (t.trials, -t.mean)).binarization))


def better_half(found: list[Tried]) -> list[Tried]:
    """What is left of references: for each number of cut points half as many a round, at least one."""
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
