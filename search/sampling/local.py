"""A sampler that changes good earlier binarizations slightly: local search, with a share of trials for every k.

Takes a study's trials. Returns parameters of a binarization that was not tried before. The sampler has no state besides
the study, so it works with stopped and resumed studies and with several workers.

It is a (mu+1) evolution strategy over sets of cut points (Rechenberg 1973, Schwefel 1981): it chooses a parent among
several of the best, because a single value is noisy, and moves, adds or removes cut points on the space's scale.
"""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import combinations, product
from typing import Any

import numpy as np
import numpy.typing as npt
import optuna
from optuna.distributions import BaseDistribution
from optuna.trial import FrozenTrial

from models.constants import LEVELS
from search.binarization.binarization import Binarization
from search.binarization.cut_points import CutPoints, strictly_increasing
from search.binarization.level_map import LevelMap
from search.sampling.history import history
from search.sampling.level_choices import Params
from search.sampling.space import Edges, Space, number, position
from search.sampling.space_sampler import SpaceSampler

ATTEMPTS = 100  # to draw a binarization that was not tried, before all of them are enumerated


@dataclass(frozen=True)
class Steps:
    """Sizes and probabilities of the changes.

    Chosen among ten settings on the surrogate of benchmarks/many_cuts.py with eight seeds that docs/samplers.md does
    not use; most differences were within two standard errors. `levels`, `another` and `parts` were not measured.
    """

    startup: int = 10  # binarizations at random, fewer where references were tried
    fresh: float = 0.05  # share of trials that stay random
    every_k: float = 0.4  # share of trials whose k is drawn evenly; the others start at the best of all
    rank: float = 0.35  # a parent is the best with this probability, otherwise the next with this probability, …
    resize: float = 0.4  # probability that a child has a cut point more or fewer than its parent
    encoding: float = 0.15  # probability of another encoding, other weights, other activations
    levels: float = 0.5  # probability of a change of the level map, where there are several or it has parameters
    another: float = 0.2  # probability that such a change is another kind of level map
    parts: float = 0.15  # probability of a part more or fewer, where a binarization may have several
    more: float = 0.25  # probability of one more move, again and again
    smallest: float = 0.01  # standard deviations of moves, drawn log-uniformly; the scale is 0..1, a level about 0.004
    largest: float = 0.3


class LocalSampler(SpaceSampler):
    """A sampler of one Space by local search. Other parameters are sampled uniformly at random."""

    def __init__(self, space: Space, seed: int | None = None, steps: Steps | None = None) -> None:
        super().__init__(space, seed)
        self.steps, self._rng = steps or Steps(), np.random.default_rng(seed)

    def reseed_rng(self) -> None:
        """Take a new seed, for a copy in another thread."""
        super().reseed_rng()
        self._rng = np.random.default_rng()

    def sample_relative(
        self, study: optuna.Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        """Return parameters of a binarization that was neither tried nor is running, as long as there is one."""
        if search_space != self.space.distributions:
            return self.at_random(study, trial, search_space)
        tried = history(study, self.space, trial.number)
        if len(study.directions) > 1:
            front = (t for t in study.best_trials if t.distributions == search_space)
            binarizations = list(dict.fromkeys(self.space.binarization(t.params) for t in front))
            cuts = np.array([len(each.cut_points) for each in binarizations], np.int64)
            parents = Parents(binarizations, np.zeros(len(binarizations)), cuts, self._rng)
        else:
            parents = Parents(*tried.parents(), self._rng)
        for _ in range(ATTEMPTS):
            new = self.child(parents) if len(tried) >= self.steps.startup and parents else self.anything()
            if new not in tried:
                return self.space.params(new)
        unseen = next((each for each in everything(self.space) if each not in tried), None)
        return self.space.params(unseen or self.anything())

    def anything(self) -> Binarization:
        """Return a binarization, uniformly at random in the parameters."""
        params: Params = {}
        for end in self.space.ends:
            drawn = self._rng.random(self.space.max_cuts)
            params |= {position(i, end): float(u) for i, u in enumerate(drawn, start=1)}
            params[number(end)] = int(self._rng.integers(self.space.fewest(end), self.space.max_cuts + 1))
            params |= self.space.levels.params(self.space.levels.at_random(self._rng), end, self._rng)
        return self.space.binarization(params | {name: self._one(name) for name in self._drawn})

    @property
    def _drawn(self) -> list[str]:
        """The choices that are drawn. A single encoding is drawn too, so that earlier studies keep their draws."""
        return [name for name, choices in self.space.choices.items() if name == "encoding" or len(choices) > 1]

    def _one(self, name: str) -> str:
        choices = self.space.choices[name]
        return choices[int(self._rng.integers(len(choices)))]

    def child(self, parents: "Parents") -> Binarization:
        """Return a parent with its level map changed, or some cut points moved, added or removed."""
        steps, rng, colors = self.steps, self._rng, self.space.colors
        if rng.random() < steps.fresh:
            return self.anything()
        resized = int(rng.choice((-1, 1))) if rng.random() < steps.resize else 0
        if rng.random() < steps.every_k:
            k = int(rng.integers(colors, len(self.space.ends) * self.space.max_cuts + 1))
            parent = parents.near(k - resized, steps.rank)
        else:
            parent = parents.best(steps.rank)
            k = len(parent.cut_points) + resized
        maps = list(parent.level_maps)
        parts = [list(part) for part in parent.cut_points.parts]
        if self.space.most_parts > 1 and rng.random() < steps.parts:
            return self._with_parts(parent, maps, parts)
        changing = int(rng.integers(len(parts))) if len(parts) > 1 else 0  # the cut points of one color or level map
        size = min(max(len(parts[changing]) + k - len(parent.cut_points), 1), self.space.max_cuts)
        # Drawn anew twice as often as changed: with two to choose from, half of the draws change nothing.
        named = {name: self._one(name) for name in self._drawn if rng.random() < 2 * steps.encoding}
        changed = len(parts[changing]) != size or any(parent.record[name] != value for name, value in named.items())
        channel = changing if colors > 1 else 0
        if not self.space.levels.is_single and rng.random() < steps.levels:
            before = maps[changing]
            maps[changing] = self.space.levels.changed(before, rng, steps.another, 2 * steps.smallest, steps.largest)
            changed |= maps[changing] != before
            if maps[changing].name != before.name:
                scales = self.space.scale(before, channel), self.space.scale(maps[changing], channel)
                parts[changing] = _on_other_scale(parts[changing], *scales)
        moves = int(rng.geometric(1 - steps.more)) - (changed and rng.random() < 0.5)
        parts[changing] = self._moved(parts[changing], size, moves, self.space.scale(maps[changing], channel))
        return self._made(parent, maps, parts, named)

    def _with_parts(self, parent: Binarization, maps: list[LevelMap], parts: list[list[int]]) -> Binarization:
        """Return a parent with one part more, of one cut point, or without one of its parts."""
        if len(parts) == 1 or (len(parts) < self.space.most_parts and self._rng.random() < 0.5):
            maps.append(self.space.levels.at_random(self._rng))
            parts.append(self._moved([], 1, 0, self.space.scale(maps[-1])))
        else:
            left_out = int(self._rng.integers(len(parts)))
            del maps[left_out], parts[left_out]
        return self._made(parent, maps, parts, {})

    def _made(
        self, parent: Binarization, maps: list[LevelMap], parts: list[list[int]], named: dict[str, str]
    ) -> Binarization:
        """Return the parent with other parts, encoding and arithmetic. Of parts with equal level maps, one is kept."""
        cut_points = [CutPoints(tuple(part)) for part in parts]
        pairs = list(zip(maps, cut_points, strict=True))
        return self.space.combined(pairs if self.space.colors > 1 else list(dict(pairs).items()), parent.record | named)

    def _moved(self, cuts: list[int], k: int, moves: int, edges: Edges) -> list[int]:
        """Return `cuts` after adding or removing some to have k, and moving `moves` of them on the scale, in order."""
        steps, rng = self.steps, self._rng
        while len(cuts) > k:
            cuts.pop(int(rng.integers(len(cuts))))
        for moved in [True] * moves + [False] * (k - len(cuts)):
            position = rng.random()
            if moved and cuts:
                cut = cuts.pop(int(rng.integers(len(cuts))))
                step = steps.smallest * (steps.largest / steps.smallest) ** rng.random()
                position = abs((edges[cut - 1] + edges[cut]) / 2 + step * rng.normal()) % 2
                position = min(position, 2 - position)  # reflected at the ends of the scale
            cuts.append(_nearest_free(_level(position, edges), cuts))
        return sorted(cuts)


class Parents:
    """Binarizations to choose from: the higher their mean value, the likelier.

    means (N,): of each binarization's values, NaN for one that is no parent; ties are in random order.
    cuts (N,): numbers of cut points.
    """

    def __init__(
        self,
        binarizations: Sequence[Binarization],
        means: npt.NDArray[np.float64],
        cuts: npt.NDArray[np.int64],
        rng: np.random.Generator,
    ) -> None:
        rows = np.flatnonzero(~np.isnan(means))
        order = rows[rng.permutation(len(rows))]
        self._ranked = order[np.argsort(-means[order], kind="stable")]  # indices of binarizations, the best first
        self._binarizations, self._cuts, self._rng = binarizations, cuts, rng

    def __len__(self) -> int:
        return len(self._ranked)

    def best(self, share: float) -> Binarization:
        """Return one of the best of all."""
        return self._pick(self._ranked, share)

    def near(self, k: int, share: float) -> Binarization:
        """Return one of the best with k cut points, or with the nearest number of cut points that was tried."""
        nearest = min(np.unique(self._cuts[self._ranked]).tolist(), key=lambda each: (abs(each - k), each))
        return self._pick(self._ranked[self._cuts[self._ranked] == nearest], share)

    def _pick(self, ranked: npt.NDArray[np.int64], share: float) -> Binarization:
        return self._binarizations[int(ranked[(int(self._rng.geometric(share)) - 1) % len(ranked)])]


def _level(position: float, edges: Edges) -> int:
    """Return the cut point at a position of a scale."""
    return min(max(int(np.searchsorted(edges, position, side="right")), 1), LEVELS - 1)


def _on_other_scale(cuts: Sequence[int], edges: Edges, other: Edges) -> list[int]:
    """Return cut points at the same positions of another scale."""
    return list(strictly_increasing(_level((edges[cut - 1] + edges[cut]) / 2, other) for cut in cuts))


def _nearest_free(level: int, cuts: list[int]) -> int:
    """Return the grey level in 1..255 nearest to `level` that is not a cut point."""
    return min((c for c in range(1, LEVELS) if c not in cuts), key=lambda c: abs(c - level))


def everything(space: Space) -> Iterator[Binarization]:
    """Yield all binarizations of a space with one part, or of three colors, the fewest cut points first.

    With the level map grey alone these are 255 of each kind with one cut point, 32385 with two, and so on.
    """
    sizes = sorted(product(range(1, space.max_cuts + 1), repeat=space.colors), key=lambda s: (sum(s), s))
    for parts in (parts for size in sizes for parts in product(*(combinations(range(1, LEVELS), k) for k in size))):
        for maps in product(space.levels.everything(), repeat=space.colors):
            for encoding, arithmetic in space.kinds:
                named = {"encoding": encoding} | asdict(arithmetic)
                yield space.combined(list(zip(maps, map(CutPoints, parts), strict=True)), named)
