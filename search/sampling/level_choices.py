"""Optuna parameters ⇄ level maps: which level maps a search may use, with their windows and patterns.

All parameters that some level map of the space needs are suggested in every trial, so that every trial has the same
parameters. A level map ignores the parameters of the others.

    levels      the level map, if there are several
    window      side of the window in pixels, odd, if a level map has one
    tile        side of the Bayer pattern of `dither`
    spread      range of the offsets of `dither`, in levels
    offset_2 …  offsets of `mosaic`, in levels: a free pattern of 2×2 pixels whose first offset is 0
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
from optuna.distributions import BaseDistribution, CategoricalDistribution, IntDistribution

from search.binarization.level_map import LevelMap
from search.binarization.levels import GREY, LEVEL_MAPS, Dither, Rank, level_map
from search.binarization.windows import WindowMap

Params = dict[str, Any]

DITHER, MOSAIC = Dither.name, "mosaic"
WINDOWED = tuple(name for name, kind in LEVEL_MAPS.items() if issubclass(kind, WindowMap))
NAMES = (*LEVEL_MAPS, MOSAIC)
ALL = "all"  # the name of all of them
TILES = (2, 4, 8)
SPREADS = (16, 240)  # least and largest range of a dither pattern, in levels
OFFSETS = (-128, 128)  # of a mosaic, relative to its first pixel
FREE = 3  # offsets of a mosaic of 2×2 pixels besides the first


@dataclass(frozen=True)
class LevelChoices:
    """The level maps of a search space.

    names: of NAMES. windows: least and largest side of a window in pixels, both odd.
    """

    names: tuple[str, ...] = (GREY.name,)
    windows: tuple[int, int] = (3, 31)

    @property
    def is_single(self) -> bool:
        """Whether the space holds a single level map, so that there is nothing to choose."""
        (name, *others), (low, high) = self.names, self.windows
        return not others and (name in (GREY.name, Rank.name) or (name in WINDOWED and low == high))

    @property
    def windowed(self) -> bool:
        """Whether a level map has a window."""
        return any(name in WINDOWED for name in self.names)

    def distributions(self, end: str) -> dict[str, BaseDistribution]:
        """The parameters of one part of a binarization. end: suffix of their names."""
        made: dict[str, BaseDistribution] = {}
        if len(self.names) > 1:
            made[f"levels{end}"] = CategoricalDistribution(self.names)
        if self.windowed:
            made[f"window{end}"] = IntDistribution(*self.windows, step=2)
        if DITHER in self.names:
            made[f"tile{end}"] = CategoricalDistribution(TILES)
            made[f"spread{end}"] = IntDistribution(*SPREADS)
        if MOSAIC in self.names:
            made |= {name: IntDistribution(*OFFSETS) for name in offset_names(end)}
        return made

    def level_map(self, params: Mapping[str, Any], end: str) -> LevelMap:
        """The level map of a trial's parameters."""
        name = str(params.get(f"levels{end}", self.names[0]))
        if name == DITHER:
            return Dither.bayer(int(params[f"tile{end}"]), int(params[f"spread{end}"]))
        if name == MOSAIC:
            first, second, third = (int(params[each]) for each in offset_names(end))
            return Dither(((0, first), (second, third)))
        return level_map({"map": name} | ({"window": int(params[f"window{end}"])} if name in WINDOWED else {}))

    def params(self, of: LevelMap, end: str, rng: np.random.Generator) -> Params:
        """Parameters of a level map: the inverse. rng: draws parameters without effect, so they look like sampled ones.

        Raises: ValueError if the space does not hold it.
        """
        params = self._drawn(rng, end)
        name, own = self.name_and_params(of, end)
        if name not in self.names:
            raise ValueError(f"{of} is not in a space of {', '.join(self.names)}")
        low, high = self.windows
        if not low <= own.get(f"window{end}", low) <= high:
            raise ValueError(f"{of}: the windows of the space are {low} to {high}")
        if len(self.names) > 1:
            params[f"levels{end}"] = name
        return params | own

    def name_and_params(self, of: LevelMap, end: str = "") -> tuple[str, Params]:
        """The name of a level map in the space, and the parameters that it uses. Raises: ValueError."""
        if not isinstance(of, Dither):
            window = of.record.get("window")
            return of.name, {} if window is None else {f"window{end}": window}
        # Neighboring spreads may give the same offsets; of.spread is the smallest of them.
        tile, spread = len(of.offsets), of.spread and max(of.spread, SPREADS[0])
        if spread and spread <= SPREADS[1] and Dither.bayer(tile, spread) == of:
            return DITHER, {f"tile{end}": tile, f"spread{end}": spread}
        flat = [each for row in of.offsets for each in row]
        if len(flat) == 1 + FREE and flat[0] == 0 and all(OFFSETS[0] <= each <= OFFSETS[1] for each in flat):
            return MOSAIC, dict(zip(offset_names(end), flat[1:], strict=True))
        raise ValueError(f"{of} is not in the search space: its offsets are neither a Bayer pattern nor a 2×2 mosaic")

    def at_random(self, rng: np.random.Generator) -> LevelMap:
        """A level map, uniformly at random in the parameters, with window sides drawn log-uniformly."""
        if self.is_single:
            return next(self.everything())
        drawn = self._drawn(rng, "")
        if len(self.names) > 1:
            drawn["levels"] = self.names[int(rng.integers(len(self.names)))]
        return self.level_map(drawn, "")

    def changed(
        self, of: LevelMap, rng: np.random.Generator, another: float, smallest: float, largest: float
    ) -> LevelMap:
        """A level map near another one.

        another: probability of another kind of level map. smallest, largest: standard deviations of the moves of a
        parameter on its scale 0..1, drawn log-uniformly.
        """
        if len(self.names) > 1 and rng.random() < another:
            return self.at_random(rng)
        name, params = self.name_and_params(of)
        step = smallest * (largest / smallest) ** rng.random()
        for key, value in params.items():
            if key == "window":
                params[key] = self._window(self._place(value) + step * rng.normal())
            elif key == "tile":
                params[key] = TILES[int(rng.integers(len(TILES)))] if rng.random() < another else value
            else:
                low, high = SPREADS if key == "spread" else OFFSETS
                moved = value + (high - low) * step * rng.normal() if rng.random() < 1 / (len(params)) else value
                params[key] = int(np.clip(round(moved), low, high))
        return self.level_map(params | {"levels": name}, "")

    def everything(self) -> Iterator[LevelMap]:
        """Yield all level maps of the space."""
        for name in self.names:
            sides = range(self.windows[0], self.windows[1] + 1, 2) if name in WINDOWED else (0,)
            for side, tile, spread in product(
                sides,
                TILES if name == DITHER else (0,),
                range(SPREADS[0], SPREADS[1] + 1) if name == DITHER else (0,),
            ):
                for offsets in product(*[range(OFFSETS[0], OFFSETS[1] + 1)] * FREE) if name == MOSAIC else ((),):
                    drawn = dict(zip(offset_names(""), offsets, strict=False))
                    yield self.level_map({"levels": name, "window": side, "tile": tile, "spread": spread} | drawn, "")

    def _drawn(self, rng: np.random.Generator, end: str) -> Params:
        """Random values of all parameters except `levels`."""
        params: Params = {}
        if self.windowed:
            params[f"window{end}"] = self._window(rng.random())
        if DITHER in self.names:
            params[f"tile{end}"] = TILES[int(rng.integers(len(TILES)))]
            params[f"spread{end}"] = int(rng.integers(SPREADS[0], SPREADS[1] + 1))
        if MOSAIC in self.names:
            params |= {name: int(rng.integers(OFFSETS[0], OFFSETS[1] + 1)) for name in offset_names(end)}
        return params

    def _window(self, place: float) -> int:
        """The window side at a place 0..1 on a logarithmic scale, nearest odd."""
        low, high = self.windows
        side = low * (high / low) ** float(np.clip(place, 0, 1))
        return int(np.clip(2 * round((side - 1) / 2) + 1, low, high))

    def _place(self, side: int) -> float:
        low, high = self.windows
        return 0.0 if low == high else float(np.log(side / low) / np.log(high / low))


def offset_names(end: str) -> list[str]:
    """The names of the parameters of a mosaic."""
    return [f"offset_{i}{end}" for i in range(2, 2 + FREE)]
