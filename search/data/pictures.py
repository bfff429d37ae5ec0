"""A data set in memory: images, labels, photo groups and class names."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from search.data.near import SIMILARITY

# Origin of the photo groups: near copies found by correlation; given by the user and joined by near copies; none.
AUTOMATIC: Mapping[str, Any] = {"groups": "automatic", "similarity": SIMILARITY}
GIVEN, NONE = "given", "none"
SMALLEST_SIDE = 4  # pixels; the network halves the sides at least twice


@dataclass(frozen=True, eq=False)
class Part:
    """A part of a data set: pixels (M, H, W) or (M, H, W, 3) uint8, labels (N,) in 0..C-1, groups (N,).

    Pictures with the same group number stay on one side of every split. Equal numbers in the training and the test part
    mean the same group. copies (N,): equal numbers for near copies; by default the groups. rows (N,): the rows of
    `pixels` that belong to this part, or None for all, so that a split copies no pixels until `images` is used.
    Raises ValueError for another type or shape, and for arrays of different length.
    """

    pixels: npt.NDArray[np.uint8]
    labels: npt.NDArray[np.int64]
    groups: npt.NDArray[np.int64]
    copies: npt.NDArray[np.int64] = None  # type: ignore[assignment]  # set in __post_init__
    rows: npt.NDArray[np.integer] | None = None

    def __post_init__(self) -> None:
        if self.copies is None:
            object.__setattr__(self, "copies", self.groups)
        if self.pixels.dtype != np.uint8 or self.pixels.ndim not in (3, 4):
            raise ValueError(f"images are {self.pixels.dtype} {self.pixels.shape}, not uint8 (N, H, W) or (N, H, W, 3)")
        n = len(self.pixels if self.rows is None else self.rows)
        if not n == len(self.labels) == len(self.groups) == len(self.copies):
            raise ValueError(f"{n} images, {len(self.labels)} labels, {len(self.groups)} groups")

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, rows: npt.NDArray[np.integer | np.bool_]) -> "Part":
        places = np.arange(len(self))[rows]  # also converts a mask
        of_all = places if self.rows is None else self.rows[places]
        return Part(self.pixels, self.labels[rows], self.groups[rows], self.copies[rows], of_all)

    @property
    def images(self) -> npt.NDArray[np.uint8]:
        """Pictures (N, H, W) or (N, H, W, 3). If `rows` is set, each access makes a copy, so keep the result."""
        return self.pixels if self.rows is None else self.pixels[self.rows]

    @property
    def photos(self) -> int:
        """Number of photo groups, the independent units of a data set."""
        return len(np.unique(self.groups))


@dataclass(frozen=True, eq=False)
class Pictures:
    """A data set. `test` is None if the data have no test set. `origin` is the path or source, for messages.

    preprocessing: record of the conversions applied to the pixels, as plain values; empty if there were none. They have
    to be applied to new images before thresholds are used. notes: messages to the user. grouping: origin of the photo
    groups, as plain values; part of the protocol.
    """

    name: str
    origin: str
    class_names: tuple[str, ...]
    train: Part
    test: Part | None
    known_copies: int = 0  # test images that are near copies of training images
    preprocessing: Mapping[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    grouping: Mapping[str, Any] = field(default_factory=lambda: dict(AUTOMATIC))

    @property
    def groups_given(self) -> bool:
        """Whether the photo groups were given by the user."""
        return bool(self.grouping["groups"] == GIVEN)

    @property
    def similarity(self) -> float:
        """The correlation that near copies exceed; 1 if no images are compared."""
        return float(self.grouping.get("similarity", 1))

    @property
    def colors(self) -> int:
        """Number of channels with separate cut points: 1, or 3 for color images."""
        return 1 if self.train.pixels.ndim == 3 else self.train.pixels.shape[3]

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width in pixels."""
        return self.train.pixels.shape[1], self.train.pixels.shape[2]
