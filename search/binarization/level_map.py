"""The interface of level maps: what cut points are compared with.

A level map takes uint8 images (N, H, W) and returns uint8 levels (N, H, W), computed in integers only, so that a device
can compute the same values. A pixel lies above the cut point c if its level is at least c.
"""

from abc import ABC, abstractmethod
from dataclasses import asdict, astuple, dataclass
from functools import total_ordering
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from models.constants import LEVELS

Bits = npt.NDArray[np.uint8]
Integers = npt.NDArray[np.int64]

AT_ONCE = 2**17  # pixels that are converted at once, to bound memory


@total_ordering
@dataclass(frozen=True)
class LevelMap(ABC):
    """A level map with its parameters. Equal by value, hashable, ordered by name and parameters."""

    name: ClassVar[str]

    def __call__(self, images: Bits) -> Bits:
        """Computes the levels (N, H, W) of uint8 images (N, H, W). Raises: ValueError for another type or shape."""
        if images.dtype != np.uint8 or images.ndim != 3 or 0 in images.shape[1:]:
            raise ValueError(f"images are {images.dtype} {images.shape}; expected uint8 (N, H, W), H and W at least 1")
        levels = np.empty(images.shape, np.uint8)
        step = max(1, AT_ONCE // images[0].size) if len(images) else 1
        for i in range(0, len(images), step):
            levels[i : i + step] = np.clip(self._levels(images[i : i + step].astype(np.int64)), 0, LEVELS - 1)
        return levels

    @abstractmethod
    def _levels(self, x: Integers) -> Integers:
        """Returns the levels of grey levels x (N, H, W) before they are clipped."""

    @abstractmethod
    def threshold(self, cut: int) -> str:
        """Describes what a pixel above the cut point reaches, such as `mean of 9×9 − 5`."""

    @property
    @abstractmethod
    def formula(self) -> str:
        """The level of a pixel x in integer arithmetic, for the reader of a JSON file."""

    @property
    def record(self) -> dict[str, Any]:
        """Plain values from which `level_map` builds an equal level map."""
        return {"map": self.name, **asdict(self)}

    def __str__(self) -> str:
        return self.name

    def __lt__(self, other: object) -> bool:
        if not isinstance(other, LevelMap):
            return NotImplemented
        return (self.name, astuple(self)) < (other.name, astuple(other))


def is_integer(value: object) -> bool:
    """Whether a value is an integer; True and False are not."""
    return isinstance(value, int | np.integer) and not isinstance(value, bool | np.bool_)
