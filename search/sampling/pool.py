"""A pool of candidates that a supernet scored, found by local search on its scores.

Takes a space and a function that scores binarizations. Returns the scored candidates. Trains nothing: what scores are
is the caller's business, as long as equal binarizations have equal scores.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from search.binarization.binarization import Binarization
from search.sampling.local import LocalSampler, Parents, Steps
from search.sampling.space import Space

Floats = npt.NDArray[np.float64]
# N binarizations to N scores. A score estimates the value that a trial of the binarization would have.
Score = Callable[[Sequence[Binarization]], Floats]


@dataclass(frozen=True, eq=False)
class Pool:
    """Candidates with their scores. score: scores any binarization in the same way."""

    candidates: tuple[Binarization, ...]
    scores: Floats
    score: Score


@dataclass(frozen=True)
class Sizes:
    """How many candidates are scored."""

    first: int = 200  # at random
    rounds: int = 8
    children: int = 50  # of each round
    attempts: int = 20  # draws for each child, before a round ends with fewer children


# Every child has its number of cut points drawn evenly, so that each number gets its share of the search.
STEPS = Steps(fresh=0.1, every_k=1.0)


def find_pool(space: Space, score: Score, maximize: bool, seed: int, sizes: Sizes | None = None) -> Pool:
    """Searches the space by the scores, for every number of cut points. Deterministic for a seed and equal scores.

    maximize: whether higher scores are better.
    """
    sizes = sizes or Sizes()
    sampler = LocalSampler(space, seed, STEPS)
    rng = np.random.default_rng([seed, 1])
    known: dict[Binarization, float] = {}

    def add(draw: Callable[[], Binarization], number: int) -> None:
        new: dict[Binarization, None] = {}
        for _ in range(number * sizes.attempts):
            if len(new) == number:
                break
            if (drawn := draw()) not in known:
                new[drawn] = None
        known.update(zip(new, score(list(new)).tolist(), strict=True))

    add(sampler.anything, sizes.first)
    for _ in range(sizes.rounds):
        values, cuts = np.array(list(known.values())), np.array([len(each.cut_points) for each in known], np.int64)
        parents = Parents(list(known), values if maximize else -values, cuts, rng)
        add(lambda parents=parents: sampler.child(parents), sizes.children)  # type: ignore[misc]
    return Pool(tuple(known), np.array(list(known.values())), score)


def flat_pool(space: Space, seed: int) -> Pool:
    """Candidates at random that all have the score 0, for a search without a supernet."""

    def score(binarizations: Sequence[Binarization]) -> Floats:
        return np.zeros(len(binarizations))

    return find_pool(space, score, True, seed, Sizes(first=500, rounds=0))
