"""A data set in memory: pictures, labels, photo groups, class names. Values that cannot be wrong."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

SMALLEST_SIDE = 4  # pixels; the network halves a picture at least twice


@dataclass(frozen=True, eq=False)
class Part:
    """Pictures that belong together: images (N, H, W) or (N, H, W, 3) uint8, labels (N,) 0..C-1, groups (N,).

    Pictures with the same group number are variants of one photo.
    """

    images: npt.NDArray[np.uint8]
    labels: npt.NDArray[np.int64]
    groups: npt.NDArray[np.int64]

    def __post_init__(self) -> None:
        if self.images.dtype != np.uint8 or self.images.ndim not in (3, 4):
            raise ValueError(f"images are {self.images.dtype} {self.images.shape}, not uint8 (N, H, W) or (N, H, W, 3)")
        if not len(self.images) == len(self.labels) == len(self.groups):
            raise ValueError(f"{len(self.images)} images, {len(self.labels)} labels, {len(self.groups)} groups")

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, rows: npt.NDArray[np.integer]) -> "Part":
        return Part(self.images[rows], self.labels[rows], self.groups[rows])

    @property
    def photos(self) -> int:
        """The number of photo groups: what counts as independent."""
        return len(np.unique(self.groups))


@dataclass(frozen=True, eq=False)
class Pictures:
    """A data set. `test` is None when the data brings no test set. `origin` says where it lies.

    preprocessing: what was done to the pixels on the way in, as plain values; empty where nothing was. Whoever
    applies the thresholds to new pictures has to do the same. notes: what the user should hear about the reading.
    """

    name: str
    origin: str
    class_names: tuple[str, ...]
    train: Part
    test: Part | None
    known_copies: int = 0  # test pictures that are near copies of training pictures
    preprocessing: Mapping[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    @property
    def colors(self) -> int:
        """Channels that have cut points of their own: 1, or 3 of pictures in colour."""
        return 1 if self.train.images.ndim == 3 else self.train.images.shape[3]

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width in pixels."""
        return self.train.images.shape[1], self.train.images.shape[2]
