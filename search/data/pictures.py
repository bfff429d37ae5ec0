"""A data set in memory: pictures, labels, photo groups, class names. Values that cannot be wrong."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from search.data.near import SIMILARITY

# Where groups come from: near copies of one class, by their correlation; the data's owner and near copies; nowhere.
AUTOMATIC: Mapping[str, Any] = {"groups": "automatic", "similarity": SIMILARITY}
GIVEN, NONE = "given", "none"
SMALLEST_SIDE = 4  # pixels; the network halves a picture at least twice


@dataclass(frozen=True, eq=False)
class Part:
    """Pictures that belong together: pixels (N, H, W) or (N, H, W, 3) uint8, labels (N,) 0..C-1, groups (N,).

    Pictures with the same group number stay on one side of every split, and a test photo with the number of a training
    photo is one of that group. copies (N,): pictures with the same number look nearly alike; the groups where the
    groups were found by that alone. rows (N,): which of the pixels' pictures these are, where pixels are those of more.
    So a split costs no copy of its pictures, in memory or on disk, until they are taken.
    """

    pixels: npt.NDArray[np.uint8]
    labels: npt.NDArray[np.int64]
    groups: npt.NDArray[np.int64]
    copies: npt.NDArray[np.int64] = None  # type: ignore[assignment]  # set below
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
        places = np.arange(len(self))[rows]  # of a mask too
        of_all = places if self.rows is None else self.rows[places]
        return Part(self.pixels, self.labels[rows], self.groups[rows], self.copies[rows], of_all)

    @property
    def images(self) -> npt.NDArray[np.uint8]:
        """The pictures, (N, H, W) or (N, H, W, 3). Of some pictures among more each use is a copy: take it once."""
        return self.pixels if self.rows is None else self.pixels[self.rows]

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
    def groups_given(self) -> bool:
        """Whether the data's owner said which pictures belong together."""
        return bool(self.grouping["groups"] == GIVEN)

    @property
    def similarity(self) -> float:
        """What the correlation of near copies exceeds; 1 where no pixels are compared."""
        return float(self.grouping.get("similarity", 1))

    @property
    def colors(self) -> int:
        """Channels that have cut points of their own: 1, or 3 of pictures in color."""
        return 1 if self.train.pixels.ndim == 3 else self.train.pixels.shape[3]

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width in pixels."""
        return self.train.pixels.shape[1], self.train.pixels.shape[2]
