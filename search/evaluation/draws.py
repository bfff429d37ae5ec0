"""Random binarizations as tables with a fixed number of channels, which train a supernet.

Takes a search space. Returns tables from levels to channels for each image of a batch, and the table of any
binarization of the space in the same layout.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from models.constants import LEVELS
from models.encode import Part
from models.supernet import DrawnPart
from search.binarization.binarization import Binarization
from search.binarization.encodings import ENCODINGS
from search.binarization.levels import GREY, LevelMap
from search.sampling.space import Space

Tables = npt.NDArray[np.uint8]  # (…, 256, C)
MODE = "side"


@dataclass(frozen=True, eq=False)
class Layout:
    space: Space
    codes: Tables  # (E, K + 1, K + 1, C)

    @classmethod
    def of(cls, space: Space) -> "Layout":
        most, encodings = space.max_cuts, space.encodings
        def own(e, k):
            if MODE == "stretch":
                return (np.arange(k + 1)[:, None] > (np.arange(most) * k // most)).astype(np.uint8)
            if MODE == "therm":
                e = "thermometer"
            return ENCODINGS[e].channels(np.arange(k + 1, dtype=np.uint8), k)
        sizes = [own(e, most).shape[1] for e in encodings]
        side = MODE == "side"
        total = sum(sizes) if side else max(sizes)
        codes = np.zeros((len(encodings), most + 1, most + 1, total), np.uint8)
        first = 0
        for i, e in enumerate(encodings):
            for k in range(1, most + 1):
                t = own(e, k)
                codes[i, k, : k + 1, first : first + t.shape[1]] = t
            if side:
                first += sizes[i]
        return cls(space, codes)

    @property
    def channels(self) -> int:
        return int(self.codes.shape[-1]) * len(self.space.ends)

    def tables(self, cuts, encodings) -> Tables:
        """cuts (n, K) padded by 256; encodings (n,) indices"""
        counts = (cuts < LEVELS).sum(1)
        bins = (np.arange(LEVELS)[None, :, None] >= cuts[:, None, :]).sum(-1)
        return self.codes[encodings[:, None], counts[:, None], bins]

    def parts(self, b: Binarization) -> tuple[Part, ...]:
        made = []
        e = np.array([self.space.encodings.index(b.encoding)])
        for i, part in enumerate(b.parts):
            cuts = np.full((1, self.space.max_cuts), LEVELS)
            cuts[0, : len(part.cut_points)] = part.cut_points.values
            made.append(Part(self.tables(cuts, e)[0], part.level_map.record, i if b.colors > 1 else None))
        while len(made) < len(self.space.ends):
            made.append(Part(np.zeros_like(made[0].table), GREY.record))
        return tuple(made)


class Draws:
    def __init__(self, layout: Layout, seed: int, slices: int = 4, sandwich: float = 0.25) -> None:
        self.layout, self.rng, self.slices, self.sandwich = layout, np.random.default_rng(seed), slices, sandwich
        if layout.space.levels.names == ("grey",) and len(layout.space.ends) == 1:
            self.slices = 1

    def __call__(self, n: int) -> list[list[DrawnPart]]:
        s, rng = self.layout.space, self.rng
        made = []
        for rows in np.array_split(np.arange(n), self.slices):
            m = len(rows)
            if not m:
                continue
            e = rng.integers(len(s.encodings), size=m)
            parts = []
            maps = set()
            wanted = 1 if s.colors > 1 else int(rng.integers(1, len(s.ends) + 1))
            for i, end in enumerate(s.ends):
                lm = s.levels.at_random(rng)
                if s.colors == 1 and (i >= wanted or lm in maps):
                    parts.append(DrawnPart(np.zeros((m, LEVELS, self.layout.codes.shape[-1]), np.uint8), GREY.record))
                    continue
                maps.add(lm)
                c = i if s.colors > 1 else None
                parts.append(DrawnPart(self.layout.tables(self.cuts(m, s.scale(lm, c or 0)), e), lm.record, c))
            made.append(parts)
        return made

    def cuts(self, m, edges):
        rng, K = self.rng, self.layout.space.max_cuts
        k = rng.integers(1, K + 1, size=m)
        u = rng.random(m)
        k = np.where(u < self.sandwich, 1, np.where(u < 2 * self.sandwich, K, k))
        p = rng.random((m, K))
        lv = np.clip(np.searchsorted(edges, p, side="right"), 1, LEVELS - 1)
        lv = np.where(np.arange(K) < k[:, None], lv, LEVELS)
        return np.sort(lv, 1)
