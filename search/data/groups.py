"""Photo groups: which pictures belong to one photograph, one person or one video.

Enters: images and labels, and groups where the data's owner knows them. Leaves: a group number for each picture. Two
pictures of one class whose pixels correlate by more than a similarity (0.98) are near copies, and so is whatever hangs
together through such pairs. On Sign Language MNIST this finds 1,274 groups of mostly 21 pictures (docs/data.md).
Given groups are joined where their pictures are near copies, never divided. Pairs are merged as they are found, so that
memory does not grow with their number.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from search.data.near import SIMILARITY, Sketches, close_pairs, sketch

Numbers = npt.NDArray[np.int64]
Images = npt.NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class Grouped:
    """Groups and near copies of training pictures (N,) and of test pictures (M,), where there are any.

    A group with the same number on both sides is the same group; numbers of copies belong to one side. known_copies:
    how many test pictures are near copies of training pictures.
    """

    groups: Numbers
    copies: Numbers
    test_groups: Numbers | None = None
    test_copies: Numbers | None = None
    known_copies: int = 0


class _Components:
    """Which things hang together: numbers (n,), each the place of one of them, merged by pairs."""

    def __init__(self, known: Numbers) -> None:
        """known: the same number for what hangs together already."""
        _, first, inverse = np.unique(known, return_index=True, return_inverse=True)
        self.numbers: Numbers = first[inverse]

    def apart(self, i: Numbers, j: Numbers) -> npt.NDArray[np.bool_]:
        """Which of the pairs are not known to hang together."""
        different: npt.NDArray[np.bool_] = self.numbers[i] != self.numbers[j]
        return different

    def merge(self, i: Numbers, j: Numbers) -> None:
        """The things of each pair hang together from now on."""
        touched, ends = np.unique(np.concatenate([self.numbers[i], self.numbers[j]]), return_inverse=True)
        edges = (np.ones(len(i), dtype=np.int8), (ends[: len(i)], ends[len(i) :]))
        _, component = connected_components(coo_array(edges, shape=(len(touched),) * 2), directed=False)
        _, first, inverse = np.unique(component, return_index=True, return_inverse=True)
        renumbered = np.arange(len(self.numbers))
        renumbered[touched] = touched[first[inverse]]
        self.numbers = renumbered[self.numbers]

    @property
    def in_order(self) -> Numbers:
        """Numbers (n,) from 0, in order of first appearance."""
        _, first, inverse = np.unique(self.numbers, return_index=True, return_inverse=True)
        order = np.argsort(np.argsort(first))
        return order[inverse].astype(np.int64)


def copies_of_photos(images: Images, labels: Numbers, similarity: float = SIMILARITY) -> Numbers:
    """Numbers (N,) from 0, in order of first appearance: the same for what hangs together through near copies.

    similarity: what the correlation has to exceed; 1 compares nothing.
    """
    photos = _Components(np.arange(len(labels)))
    for label in np.unique(labels) if similarity < 1 else ():
        rows = np.flatnonzero(labels == label)
        of_class = _Components(np.arange(len(rows)))
        pictures = sketch(images, rows)
        for i, j in close_pairs(pictures, pictures, of_class.apart, similarity):
            of_class.merge(i, j)
        photos.merge(rows, rows[of_class.numbers])
    return photos.in_order


def photo_groups(copies: Numbers, given: Numbers | None = None) -> Numbers:
    """Group numbers (N,) from 0, in order of first appearance: given groups (N,), joined by near copies (N,)."""
    if given is None:
        return _Components(copies).in_order
    groups = _Components(given)
    _, first, inverse = np.unique(copies, return_index=True, return_inverse=True)
    groups.merge(np.arange(len(copies)), first[inverse])
    return groups.in_order


def grouped(
    images: Images,
    labels: Numbers,
    test_images: Images | None = None,
    test_labels: Numbers | None = None,
    given: Numbers | None = None,
    test_given: Numbers | None = None,
    similarity: float = SIMILARITY,
) -> Grouped:
    """Groups of the pictures of both sides. given, test_given: numbers of the same groups on both sides."""
    copies = copies_of_photos(images, labels, similarity)
    if test_images is None or test_labels is None:
        return Grouped(photo_groups(copies, given), copies)
    test_copies = copies_of_photos(test_images, test_labels, similarity)
    n = len(copies)
    known = copies if given is None else given
    beyond = known.max() + 1  # copies of the one side are no copies of the other
    test_known = beyond + test_copies if test_given is None else test_given
    groups = photo_groups(np.concatenate([copies, n + test_copies]), np.concatenate([known, test_known]))
    close = near_copies(test_images, test_labels, images, labels, similarity)
    return Grouped(groups[:n], copies, groups[n:], test_copies, int(close.sum()))


def near_copies(
    images: Images, labels: Numbers, of_images: Images, of_labels: Numbers, similarity: float = SIMILARITY
) -> npt.NDArray[np.bool_]:
    """Which of the images (N,) are near copies of one of the other images of their class; with similarity 1 none is."""
    found = np.zeros(len(labels), dtype=bool)
    for label in np.intersect1d(labels, of_labels) if similarity < 1 else ():
        rows = np.flatnonzero(labels == label)
        others = sketch(of_images, np.flatnonzero(of_labels == label))
        found[rows] = _have_close(sketch(images, rows, others.basis), others, similarity)
    return found


def _have_close(pictures: Sketches, others: Sketches, similarity: float) -> npt.NDArray[np.bool_]:
    """Which of the pictures (N,) are close to one of the others."""
    found = np.zeros(len(pictures.rows), dtype=bool)
    for i, _ in close_pairs(pictures, others, lambda i, _: ~found[i], similarity):
        found[i] = True
    return found
