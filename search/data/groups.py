"""Photo groups: which pictures are variants of one photograph.

Enters: images and labels. Leaves: a group number for each picture. Two pictures of one class whose
pixels correlate by more than 0.98 are variants of one photo, and so is whatever hangs together
through such pairs. On Sign Language MNIST this finds 1,274 groups of mostly 21 pictures (docs/data.md).
Pairs are merged as they are found, so that memory does not grow with their number.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from search.data.near import Sketches, close_pairs, sketch


@dataclass(frozen=True, eq=False)
class Grouped:
    """Group numbers of training and test pictures, and how many test pictures are near copies of training pictures."""

    train: npt.NDArray[np.int64]
    test: npt.NDArray[np.int64] | None
    known_copies: int = 0


class _Components:
    """Which things hang together: numbers (n,), each the place of one of them, merged by pairs."""

    def __init__(self, known: npt.NDArray[np.int64]) -> None:
        """known: the same number for what hangs together already."""
        _, first, inverse = np.unique(known, return_index=True, return_inverse=True)
        self.numbers: npt.NDArray[np.int64] = first[inverse]

    def apart(self, i: npt.NDArray[np.int64], j: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
        """Which of the pairs are not known to hang together."""
        different: npt.NDArray[np.bool_] = self.numbers[i] != self.numbers[j]
        return different

    def merge(self, i: npt.NDArray[np.int64], j: npt.NDArray[np.int64]) -> None:
        """The things of each pair hang together from now on."""
        touched, ends = np.unique(np.concatenate([self.numbers[i], self.numbers[j]]), return_inverse=True)
        edges = (np.ones(len(i), dtype=np.int8), (ends[: len(i)], ends[len(i) :]))
        _, component = connected_components(coo_array(edges, shape=(len(touched),) * 2), directed=False)
        _, first, inverse = np.unique(component, return_index=True, return_inverse=True)
        renumbered = np.arange(len(self.numbers))
        renumbered[touched] = touched[first[inverse]]
        self.numbers = renumbered[self.numbers]


def photo_groups(
    images: npt.NDArray[np.uint8],
    labels: npt.NDArray[np.int64],
    given: npt.NDArray[np.int64] | None = None,
) -> npt.NDArray[np.int64]:
    """Group numbers (N,) from 0, in order of first appearance.

    given: groups that the data's owner knows, (N,); near copies join them, never divide them.
    """
    groups = _Components(np.arange(len(labels)) if given is None else given)
    for label in np.unique(labels):
        rows = np.flatnonzero(labels == label)
        of_class = _Components(groups.numbers[rows])
        pictures = sketch(images, rows)
        for i, j in close_pairs(pictures, pictures, of_class.apart):
            of_class.merge(i, j)
        groups.merge(rows, rows[of_class.numbers])
    _, first, inverse = np.unique(groups.numbers, return_index=True, return_inverse=True)
    order = np.argsort(np.argsort(first))
    return order[inverse].astype(np.int64)


def near_copies(
    images: npt.NDArray[np.uint8],
    labels: npt.NDArray[np.int64],
    of_images: npt.NDArray[np.uint8],
    of_labels: npt.NDArray[np.int64],
) -> npt.NDArray[np.bool_]:
    """Which of the images (N,) are near copies of one of the other images of their class."""
    found = np.zeros(len(labels), dtype=bool)
    for label in np.intersect1d(labels, of_labels):
        rows = np.flatnonzero(labels == label)
        others = sketch(of_images, np.flatnonzero(of_labels == label))
        found[rows] = _have_close(sketch(images, rows, others.basis), others)
    return found


def _have_close(pictures: Sketches, others: Sketches) -> npt.NDArray[np.bool_]:
    """Which of the pictures (N,) are close to one of the others."""
    found = np.zeros(len(pictures.rows), dtype=bool)
    for i, _ in close_pairs(pictures, others, lambda i, _: ~found[i]):
        found[i] = True
    return found
