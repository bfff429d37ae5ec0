"""Random binarizations as tables with a fixed number of channels, which a supernet is trained and asked with.

Takes a search space and an encoding. Returns tables from levels to channels for each image of a batch, and the tables
of any binarization with that encoding in the same layout.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from models.constants import LEVELS
from models.encode import Part
from models.supernet import DrawnPart
from search.binarization.binarization import Binarization
from search.binarization.encodings import ENCODINGS
from search.binarization.level_map import LevelMap
from search.binarization.levels import GREY
from search.sampling.space import Edges, Space

Tables = npt.NDArray[np.uint8]  # (N, 256, C)
Integers = npt.NDArray[np.int64]

SLICES = 4  # of a batch, each with a level map of its own: one for each image would cost much more time
EXTREMES = 0.125  # share of images with the fewest cut points, and of those with the most; the others are drawn evenly


@dataclass(frozen=True, eq=False)
class Layout:
    """The channels of a supernet's input for one encoding.

    Each part of a binarization has the channels of max_cuts cut points; those that it does not need are 0, and so are
    those of a missing part.

    codes: (K + 1, K + 1, C), the channels of a pixel by number of cut points and bin.
    """

    space: Space
    codes: npt.NDArray[np.uint8]

    @classmethod
    def of(cls, space: Space, encoding: str) -> "Layout":
        """The layout of an encoding for a space."""
        most, encode = space.max_cuts, ENCODINGS[encoding].channels
        codes = np.zeros((most + 1, most + 1, encode(np.zeros(1, np.uint8), most).shape[-1]), np.uint8)
        for k in range(1, most + 1):
            own = encode(np.arange(k + 1, dtype=np.uint8), k)
            codes[k, : k + 1, : own.shape[1]] = own
        return cls(space, codes)

    @property
    def channels(self) -> int:
        """Number of channels of all parts."""
        return int(self.codes.shape[-1]) * len(self.space.ends)

    def tables(self, cuts: Integers) -> Tables:
        """Tables (N, 256, C) of one part. cuts: (N, K), increasing, padded by 256."""
        counts = (cuts < LEVELS).sum(axis=1)
        bins = np.stack([np.searchsorted(each, np.arange(LEVELS), side="right") for each in cuts])
        found: Tables = self.codes[counts[:, None], bins]
        return found

    def empty(self, n: int) -> Tables:
        """The tables of a part that is not there."""
        return np.zeros((n, LEVELS, self.codes.shape[-1]), np.uint8)

    def parts(self, binarization: Binarization) -> tuple[Part, ...]:
        """The parts of a network's input for one binarization of the space."""
        made = []
        for channel, part in enumerate(binarization.parts):
            cuts = np.full((1, self.space.max_cuts), LEVELS, np.int64)
            cuts[0, : len(part.cut_points)] = part.cut_points.values
            color = channel if binarization.colors > 1 else None
            made.append(Part(self.tables(cuts)[0], part.level_map.record, color))
        missing = len(self.space.ends) - len(made)
        return (*made, *(Part(self.empty(1)[0], GREY.record) for _ in range(missing)))


class Draws:
    """Draws the inputs of a batch: see models.supernet.Draw.

    Each slice of a batch has level maps of its own, each image its own cut points. Cut points are uniform on the scale
    of the level map, as in the search space.
    """

    def __init__(self, layout: Layout, seed: int) -> None:
        self._layout, self._rng = layout, np.random.default_rng(seed)
        space = layout.space
        one_map = space.levels.is_single and len(space.ends) == 1
        self._slices = 1 if one_map else SLICES

    def __call__(self, n: int) -> list[list[DrawnPart]]:
        """Draw the parts of n images, slice by slice."""
        sizes = [len(rows) for rows in np.array_split(np.arange(n), self._slices)]
        return [self._slice(size) for size in sizes if size]

    def _slice(self, n: int) -> list[DrawnPart]:
        space, rng = self._layout.space, self._rng
        if space.colors > 1:
            return [self._part(n, space.levels.at_random(rng), channel, channel) for channel in range(space.colors)]
        wanted = int(rng.integers(1, len(space.ends) + 1))
        # The order of parts has no meaning; it is that of Binarization.
        maps = sorted({space.levels.at_random(rng) for _ in range(wanted)})
        parts = [self._part(n, each, 0, None) for each in maps]
        return parts + [DrawnPart(self._layout.empty(n), GREY.record)] * (len(space.ends) - len(parts))

    def _part(self, n: int, level_map: LevelMap, channel: int, color: int | None) -> DrawnPart:
        cuts = self._cuts(n, self._layout.space.scale(level_map, channel))
        return DrawnPart(self._layout.tables(cuts), level_map.record, color)

    def _cuts(self, n: int, edges: Edges) -> Integers:
        """Cut points (n, K), increasing, padded by 256; equal ones are possible and leave a channel unused."""
        most, rng = self._layout.space.max_cuts, self._rng
        numbers, luck = rng.integers(1, most + 1, size=n), rng.random(n)
        numbers = np.where(luck < EXTREMES, 1, np.where(luck < 2 * EXTREMES, most, numbers))
        levels = np.searchsorted(edges, rng.random((n, most)), side="right").clip(1, LEVELS - 1)
        return np.sort(np.where(np.arange(most) < numbers[:, None], levels, LEVELS), axis=1)
