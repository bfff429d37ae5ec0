"""Histograms of the training pixels, as grey levels or after a level map.

Takes training images and labels. Rules, the scales of the search space and learned thresholds start from them.
"""

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from models.constants import LEVELS
from search.binarization.level_map import LevelMap
from search.binarization.levels import GREY

MOST_IMAGES = 4000  # that a level map other than grey is computed for, evenly spaced among the training images


@dataclass(frozen=True, eq=False)
class Pixels:
    """Histograms of the training pixels. by_class (classes, 256): the number of pixels of each level."""

    by_class: npt.NDArray[np.int64]

    @classmethod
    def of(cls, levels: npt.NDArray[np.uint8], labels: npt.NDArray[np.int64]) -> "Pixels":
        """Histograms of levels (N, H, W) with labels (N,)."""
        counts = [np.bincount(levels[labels == c].ravel(), minlength=LEVELS) for c in range(int(labels.max()) + 1)]
        return cls(np.stack(counts))

    @property
    def histogram(self) -> npt.NDArray[np.int64]:
        """Counts (256,) over all classes."""
        total: npt.NDArray[np.int64] = self.by_class.sum(axis=0)
        return total

    def quantiles(self, shares: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
        """The lowest levels x such that at least these shares of the pixels are <= x."""
        below = np.cumsum(self.histogram)
        found: npt.NDArray[np.int64] = np.searchsorted(below, below[-1] * shares)
        return found


@dataclass(frozen=True, eq=False)
class TrainingPixels:
    """The training pixels of images (N, H, W) or (N, H, W, 3) with labels (N,), as levels of any level map."""

    images: npt.NDArray[np.uint8]
    labels: npt.NDArray[np.int64]
    _known: dict[LevelMap, list[Pixels]] = field(default_factory=dict)

    @property
    def colors(self) -> int:
        """Number of channels of the images."""
        return 1 if self.images.ndim == 3 else self.images.shape[3]

    @property
    def width(self) -> int:
        """Width of the images in pixels."""
        return int(self.images.shape[2])

    def of(self, level_map: LevelMap = GREY) -> list[Pixels]:
        """The histograms of each channel of the images. Those of grey levels are of all images."""
        if level_map not in self._known:
            rows = np.arange(len(self.images))
            if level_map != GREY:
                rows = np.unique(np.linspace(0, len(rows) - 1, MOST_IMAGES).astype(int))
            images, labels = self.images[rows], self.labels[rows]
            planes = [images] if self.colors == 1 else [images[..., i] for i in range(self.colors)]
            self._known[level_map] = [Pixels.of(level_map(plane), labels) for plane in planes]
        return self._known[level_map]
