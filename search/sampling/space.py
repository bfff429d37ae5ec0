"""Optuna parameters ⇄ binarizations.

`number_of_cut_points` is an integer k in 1..max_cuts, and `position_1` … `position_(max_cuts)` in [0, 1] are always
suggested, so that every trial has the same parameters and TPE stays multivariate. The first k of them break a stick,
from its upper end, into k positions

    p_k = u_k^(1/k),   p_i = p_(i+1) · u_i^(1/i),   i = k-1 … 1,

which are the order statistics of k uniform numbers when the u are uniform: position i says where cut point i lies
between 0 and the next higher one. The others have no effect. Positions become levels by a scale, which depends on the
level map. Everything can be inverted, so that references are trials like any other: a u is a power of a ratio, never 1
less such a power, so it keeps its precision however many cut points there are.

Where each color has cut points of its own, it has parameters of its own: `number_of_cut_points_r`, `position_1_r`, …
Where an image may have several level maps, so has each further one: `number_of_cut_points_part2` in 0..max_cuts, where
0 means that the part is not there. The parameters of level maps are in level_choices.py.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution

from models.constants import LEVELS, REAL
from search.binarization.binarization import Arithmetic, Binarization
from search.binarization.cut_points import RGB, CutPoints, cut_points_of, strictly_increasing
from search.binarization.level_map import LevelMap
from search.sampling.level_choices import LevelChoices, Params

Edges = npt.NDArray[np.float64]  # of a scale, (256,)


def pixel_scale(histogram: npt.NDArray[np.integer], even: float = 0.5) -> npt.NDArray[np.float64]:
    """Return a scale of which a share is even and the rest follows the distribution of the training pixels.

    The even share gives every cut point 1..255 a part of the scale, so that each can be sampled and inverted, even
    where a level is unused.
    """
    pixels = histogram[1:] / max(histogram[1:].sum(), 1)
    return _scale((1 - even) * pixels + even / (LEVELS - 1))


def linear_scale(histogram: npt.NDArray[np.integer], even: float = 1.0) -> npt.NDArray[np.float64]:
    """Return an even scale: every cut point 1..255 is equally likely, whatever the pixels are."""
    return _scale(np.ones(LEVELS - 1))


def _scale(mass: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Edges (256,) from 0 to 1: cut point c has the positions edges[c-1] <= p < edges[c]."""
    return np.concatenate([[0.0], np.cumsum(mass / mass.sum())[:-1], [1.0]])


# A histogram (256,) of the training pixels and an even share to edges (256,).
SCALES: dict[str, Callable[[npt.NDArray[np.integer], float], npt.NDArray[np.float64]]] = {
    "pixels": pixel_scale,
    "linear": linear_scale,
}


def number(end: str = "") -> str:
    """Name the parameter for the number of cut points; end: of one color, such as `_r`."""
    return f"number_of_cut_points{end}"


def position(i: int, end: str = "") -> str:
    """Name the parameter for the position of cut point i = 1, 2, …"""
    return f"position_{i}{end}"


@dataclass(frozen=True, eq=False)
class Space:
    """All binarizations with the given level maps, encodings, weights and activations and 1..max_cuts cut points.

    max_cuts: largest number of cut points of each color or level map. edges: of the scale of grey levels, (256,), or
    of one for each color, (3, 256). levels: the level maps. level_edges: the edges of other level maps than grey by
    name, in the shape of edges; a level map without edges has an even scale. most_parts: largest number of level maps
    of an image.
    Raises: ValueError for several level maps of a color image.
    """

    max_cuts: int
    encodings: tuple[str, ...]
    edges: npt.NDArray[np.float64]
    weights: tuple[str, ...] = (REAL,)
    activations: tuple[str, ...] = (REAL,)
    levels: LevelChoices = LevelChoices()
    level_edges: Mapping[str, npt.NDArray[np.float64]] = field(default_factory=dict)
    most_parts: int = 1

    def __post_init__(self) -> None:
        if self.colors > 1 and self.most_parts > 1:
            raise ValueError("several level maps of an image are searched for grey images only")

    @property
    def choices(self) -> dict[str, tuple[str, ...]]:
        """The categorical choices; each is a parameter where it has more than one value."""
        return {"encoding": self.encodings, "weights": self.weights, "activations": self.activations}

    @property
    def kinds(self) -> list[tuple[str, Arithmetic]]:
        """Every combination of encoding and arithmetic."""
        return [(e, Arithmetic(w, a)) for w in self.weights for a in self.activations for e in self.encodings]

    @property
    def colors(self) -> int:
        """Number of channels of the images with cut points of their own: 1 or 3."""
        return 1 if self.edges.ndim == 1 else len(self.edges)

    @property
    def ends(self) -> list[str]:
        """The suffixes of parameter names: one for each color, or for each level map of an image."""
        if self.colors > 1:
            return [f"_{c}" for c in RGB]
        return ["", *(f"_part{i}" for i in range(2, self.most_parts + 1))]

    def fewest(self, end: str) -> int:
        """The least number of cut points of a part: 0 for parts that may be missing."""
        return int(end == "" or self.colors > 1)

    def scale(self, level_map: LevelMap, channel: int = 0) -> Edges:
        """The edges (256,) of the scale of a level map. channel: index of the color."""
        known = {"grey": self.edges, "dither": self.edges} | dict(self.level_edges)
        edges = known.get(level_map.name)
        if edges is None:
            return linear_scale(np.ones(LEVELS, np.int64))
        found: Edges = edges.reshape(self.colors, -1)[channel]
        return found

    @property
    def distributions(self) -> dict[str, BaseDistribution]:
        """The parameters of each trial, for Optuna."""
        made: dict[str, BaseDistribution] = {}
        for end in self.ends:
            made[number(end)] = IntDistribution(self.fewest(end), self.max_cuts)
            made |= {position(i, end): FloatDistribution(0.0, 1.0) for i in range(1, self.max_cuts + 1)}
            made |= self.levels.distributions(end)
        made |= {name: CategoricalDistribution(names) for name, names in self.choices.items() if len(names) > 1}
        return made

    def binarization(self, params: Mapping[str, int | float | str]) -> Binarization:
        """Return the binarization of a trial's parameters. Of parts with equal level maps, the first is kept."""
        named = {name: str(params.get(name, names[0])) for name, names in self.choices.items()}
        parts: list[tuple[LevelMap, CutPoints]] = []
        for channel, end in enumerate(self.ends):
            level_map = self.levels.level_map(params, end)
            edges = self.scale(level_map, channel if self.colors > 1 else 0)
            place, levels = 1.0, []
            for i in range(int(params[number(end)]), 0, -1):
                place *= float(params[position(i, end)]) ** (1 / i)
                levels.append(int(np.searchsorted(edges, place, side="right")))
            if levels and (self.colors > 1 or level_map not in dict(parts)):
                parts.append((level_map, CutPoints(strictly_increasing(reversed(levels)))))
        return self.combined(parts, named)

    def combined(self, parts: Sequence[tuple[LevelMap, CutPoints]], named: Mapping[str, str]) -> Binarization:
        """Return the binarization with these parts. named: its encoding, weights and activations."""
        cut_points = cut_points_of([cuts for _, cuts in parts], colors=self.colors > 1)
        arithmetic = Arithmetic(named["weights"], named["activations"])
        return Binarization(cut_points, named["encoding"], arithmetic, tuple(level_map for level_map, _ in parts))

    def params(self, binarization: Binarization, seed: int = 0) -> Params:
        """Return parameters of a binarization: the inverse, at the middle of each cut point's part of the scale.

        Parameters without effect are drawn uniformly, so that references look like sampled trials.
        seed: of these draws; equal arguments give equal parameters.
        Raises: ValueError when the space does not hold it.
        """
        named, parts = binarization.record, binarization.parts
        if (
            binarization.colors != self.colors
            or len(parts) > len(self.ends)
            or max(len(part.cut_points) for part in parts) > self.max_cuts
            or any(named[name] not in names for name, names in self.choices.items())
        ):
            raise ValueError(f"{binarization} is not in a space of {self.max_cuts} cuts, {self.choices}")
        params: Params = {}
        for channel, end in enumerate(self.ends):
            part = parts[channel] if channel < len(parts) else None
            cuts = part.cut_points.values if part else ()
            rng = np.random.default_rng([seed, *cuts])
            params[number(end)] = len(cuts)
            params |= {position(i, end): float(u) for i, u in enumerate(rng.random(self.max_cuts), start=1)}
            level_map = part.level_map if part else self.levels.at_random(rng)
            params |= self.levels.params(level_map, end, rng)
            edges = self.scale(level_map, channel if self.colors > 1 else 0)
            above = 1.0
            for i, cut in reversed(list(enumerate(cuts, start=1))):
                place = float(edges[cut - 1] + edges[cut]) / 2
                params[position(i, end)] = (place / above) ** i
                above = place
        return params | {name: named[name] for name, names in self.choices.items() if len(names) > 1}
