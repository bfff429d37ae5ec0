"""Optuna parameters ⇄ cut points.

`number_of_cut_points` is an integer k in 1..max_cuts, and `position_1` … `position_(max_cuts)` in [0, 1] are always
suggested, so that every trial has the same parameters and TPE stays multivariate. The first k of them break a stick,
from its upper end, into k positions

    p_k = u_k^(1/k),   p_i = p_(i+1) · u_i^(1/i),   i = k-1 … 1,

which are the order statistics of k uniform numbers when the u are uniform: position i says where cut point i lies
between 0 and the next higher one. The others have no effect. Positions become grey levels by a scale. Everything can
be inverted, so that references are trials like any other: a u is a power of a ratio, never 1 less such a power, so
it keeps its precision however many cut points there are. Where each color has cut points of its own, it has
parameters of its own: `number_of_cut_points_r`, `position_1_r`, …
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution

from models.constants import LEVELS, REAL
from search.binarization.binarization import Arithmetic, Binarization
from search.binarization.cut_points import RGB, CutPoints, cut_points_of, strictly_increasing
from search.binarization.encodings import ENCODINGS

Params = dict[str, int | float | str]


def pixel_scale(histogram: npt.NDArray[np.integer]) -> npt.NDArray[np.float64]:
    """Return a scale of which half follows the distribution of the training pixels and half is even.

    The even half gives every cut point 1..255 a part of the scale, so that each can be sampled and inverted, even where
    a grey level is unused.
    """
    pixels = histogram[1:] / max(histogram[1:].sum(), 1)
    return _scale(0.5 * pixels + 0.5 / (LEVELS - 1))


def linear_scale(histogram: npt.NDArray[np.integer]) -> npt.NDArray[np.float64]:
    """Return an even scale: every cut point 1..255 is equally likely, whatever the pixels are."""
    return _scale(np.ones(LEVELS - 1))


def _scale(mass: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Edges (256,) from 0 to 1: cut point c has the positions edges[c-1] <= p < edges[c]."""
    return np.concatenate([[0.0], np.cumsum(mass / mass.sum())[:-1], [1.0]])


# A histogram (256,) of the training pixels to edges (256,).
SCALES: dict[str, Callable[[npt.NDArray[np.integer]], npt.NDArray[np.float64]]] = {
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
    """All binarizations with 1..max_cuts cut points and the given encodings, weights and activations."""

    max_cuts: int
    encodings: tuple[str, ...]
    edges: npt.NDArray[np.float64]  # of a scale, (256,), or of one for each color, (3, 256)
    weights: tuple[str, ...] = (REAL,)
    activations: tuple[str, ...] = (REAL,)

    @property
    def choices(self) -> dict[str, tuple[str, ...]]:
        """The categorical choices; each is a parameter where it has more than one value."""
        return {"encoding": self.encodings, "weights": self.weights, "activations": self.activations}

    @property
    def kinds(self) -> list[tuple[str, Arithmetic]]:
        """Every combination of encoding and arithmetic."""
        return [(e, Arithmetic(w, a)) for w in self.weights for a in self.activations for e in self.encodings]

    def parts(self, encoding: str) -> list[tuple[str, npt.NDArray[np.float64]]]:
        """Return the suffix of parameter names and the edges for each channel that has cut points of its own.

        Cut points of a local encoding have even edges, because the levels of one image are spread evenly.
        """
        if ENCODINGS[encoding].local:
            even = linear_scale(np.ones(LEVELS, dtype=np.int64))
            return [(end, even) for end in self.ends]
        return list(zip(self.ends, self.edges.reshape(len(self.ends), -1), strict=True))

    @property
    def ends(self) -> list[str]:
        """The suffixes of parameter names: an empty one, or one for each color."""
        return [""] if self.edges.ndim == 1 else [f"_{c}" for c in RGB]

    @property
    def distributions(self) -> dict[str, BaseDistribution]:
        """The parameters of each trial, for Optuna."""
        made: dict[str, BaseDistribution] = {}
        for end in self.ends:
            made[number(end)] = IntDistribution(1, self.max_cuts)
            made |= {position(i, end): FloatDistribution(0.0, 1.0) for i in range(1, self.max_cuts + 1)}
        made |= {name: CategoricalDistribution(names) for name, names in self.choices.items() if len(names) > 1}
        return made

    def binarization(self, params: Mapping[str, int | float | str]) -> Binarization:
        """Return the binarization of a trial's parameters, with exactly k cut points."""
        named = {name: str(params.get(name, names[0])) for name, names in self.choices.items()}
        parts = []
        for end, edges in self.parts(named["encoding"]):
            place, levels = 1.0, []
            for i in range(int(params[number(end)]), 0, -1):
                place *= float(params[position(i, end)]) ** (1 / i)
                levels.append(int(np.searchsorted(edges, place, side="right")))
            parts.append(CutPoints(strictly_increasing(reversed(levels))))
        return Binarization.of({"cut_points": cut_points_of(parts).values, **named})

    def params(self, binarization: Binarization, seed: int = 0) -> Params:
        """Return parameters of a binarization: the inverse, at the middle of each cut point's part of the scale.

        Parameters without effect are drawn uniformly, so that references look like sampled trials.
        seed: of these draws; equal arguments give equal parameters.
        Raises: ValueError when the space does not hold it.
        """
        named, parts = binarization.record, binarization.cut_points.parts
        if (
            len(parts) != len(self.ends)
            or max(map(len, parts)) > self.max_cuts
            or any(named[name] not in names for name, names in self.choices.items())
        ):
            raise ValueError(f"{binarization} is not in a space of {self.max_cuts} cuts, {self.choices}")
        params: Params = {}
        for cuts, (end, edges) in zip(parts, self.parts(binarization.encoding), strict=True):
            drawn = np.random.default_rng([seed, *cuts]).random(self.max_cuts)
            params[number(end)] = len(cuts)
            params |= {position(i, end): float(u) for i, u in enumerate(drawn, start=1)}
            above = 1.0
            for i, cut in reversed(list(enumerate(cuts, start=1))):
                place = float(edges[cut - 1] + edges[cut]) / 2
                params[position(i, end)] = (place / above) ** i
                above = place
        return params | {name: named[name] for name, names in self.choices.items() if len(names) > 1}
