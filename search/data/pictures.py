"""A data set in memory: pictures, labels, photo groups, class names. Values that cannot be wrong."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

AUTOMATIC: Mapping[str, Any] = {"groups": "automatic", "similarity": 0.98}  # of one class, by their correlation
SMALLEST_SIDE = 4  # pixels; the network halves a picture at least twice


@dataclass(frozen=True, eq=False)
class Part:
    """Pictures that belong together: images (N, H, W) or (N, H, W, 3) uint8, labels (N,) 0..C-1, groups (N,).

    Pictures with the same group number stay on one side of every split. copies (N,): pictures with the same number look
    nearly alike; the groups where the groups were found by that alone.
    """

    images: npt.NDArray[np.uint8]
    labels: npt.NDArray[np.int64]
    groups: npt.NDArray[np.int64]
    copies: npt.NDArray[np.int64] = None  # type: ignore[assignment]  # set below

    def __post_init__(self) -> None:
        if self.copies is None:
            object.__setattr__(self, "copies", self.groups)
        if self.images.dtype != np.uint8 or self.images.ndim not in (3, 4):
            raise ValueError(f"images are {self.images.dtype} {self.images.shape}, not uint8 (N, H, W) or (N, H, W, 3)")
        if not len(self.images) == len(self.labels) == len(self.groups) == len(self.copies):
            raise ValueError(f"{len(self.images)} images, {len(self.labels)} labels, {len(self.groups)} groups")

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, rows: npt.NDArray[np.integer]) -> "Part":
        return Part(self.images[rows], self.labels[rows], self.groups[rows], self.copies[rows])

    @property
    def photos(self) -> int:
        """The number of photo groups: what counts as independent."""
        return len(np.unique(self.groups))


@dataclass(frozen=True, eq=False)
class Pictures:
    """A data set. `test` is None when the data brings no test set. `origin` says where it lies.

    preprocessing: what was done to the pixels on the way in, as plain values; empty where nothing was. Whoever
    applies the thresholds to new pictures has to do the same. notes: what the user should hear about the reading.
    grouping: where the groups come from, as plain values; a part of the protocol.
    """

    name: str
    origin: str
    class_names: tuple[str, ...]
    train: Part
    test: Part | None
    known_copies: int = 0  # test pictures that are near copies of training pictures
    preprocessing: Mapping[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    grouping: Mapping[str, Any] = field(default_factory=lambda: dict(AUTOMATIC))

    @property
    def colors(self) -> int:
        """Channels that have cut points of their own: 1, or 3 of pictures in colour."""
        return 1 if self.train.images.ndim == 3 else self.train.images.shape[3]

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width in pixels."""
        return self.train.images.shape[1], self.train.images.shape[2]
