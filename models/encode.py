"""Images to channels by level maps and lookup tables, on the device."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn import functional

from models.levels import level_image


@dataclass(frozen=True, eq=False)
class Part:
    """A part of a network's input: channels that are computed from one level map.

    table: lookup table (256, C) from levels to channels. levels: record of the level map, see models.levels.
    color: index of the color channel of the images; None for images with one channel.
    """

    table: npt.NDArray[np.generic]
    levels: Mapping[str, Any] = field(default_factory=lambda: {"map": "grey"})
    color: int | None = None


class Encoder:
    """Encodes images as channels. The lookup tables are copied to the device once."""

    def __init__(self, parts: Sequence[Part], device: torch.device) -> None:
        self._parts = parts
        self._tables = [torch.as_tensor(part.table, dtype=torch.float32, device=device) for part in parts]

    @property
    def channels(self) -> int:
        """Number of channels of all parts."""
        return sum(table.shape[1] for table in self._tables)

    def __call__(self, images_u8: Tensor) -> Tensor:
        """(N, H, W) or (N, H, W, 3) uint8 → (N, C, H, W) float32 in channels-last memory format.

        The channels of the parts follow one another.
        """
        found = []
        for part, table in zip(self._parts, self._tables, strict=True):
            plane_u8 = images_u8 if part.color is None else images_u8[..., part.color]
            found.append(look_up(level_image(plane_u8, part.levels), table))
        return found[0] if len(found) == 1 else torch.cat(found, 1)


def look_up(levels_u8: Tensor, table: Tensor) -> Tensor:
    """(N, H, W) uint8 and a table (256, C) → (N, C, H, W) in channels-last memory format."""
    return functional.embedding(levels_u8.int(), table).permute(0, 3, 1, 2)
