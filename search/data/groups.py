"""Photo groups: the images that show one photograph, one person or one video.

Two images of a class are near copies if the correlation of their pixels exceeds a similarity (0.98 by default). A
photo group is a connected component of near copies. On Sign Language MNIST this gives 1,274 groups, most of 21 images
(docs/data.md). Groups given by the user are joined if they contain near copies of each other, and never divided. Pairs
are merged as they are found, so memory does not grow with their number.
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
    """Group and copy numbers of the training images (N,) and of the test images (M,), if there are any.

    Equal group numbers mean the same group in both sets; copy numbers are separate for each set. known_copies: number
    of test images that are near copies of training images.
    """

    groups: Numbers
    copies: Numbers
    test_groups: Numbers | None = None
    test_copies: Numbers | None = None
    known_copies: int = 0


class _Components:
    """Connected components of n items, merged pair by pair (union-find).

    numbers (n,): for each item, the index of the first item of its component.
    """

    def __init__(self, known: Numbers) -> None:
        """known (n,): equal numbers for items that are connected from the start."""
        _, first, inverse = np.unique(known, return_index=True, return_inverse=True)
        self.numbers: Numbers = first[inverse]

    def separate(self, i: Numbers, j: Numbers) -> npt.NDArray[np.bool_]:
        """Returns which pairs of items are still in different components."""
        different: npt.NDArray[np.bool_] = self.numbers[i] != self.numbers[j]
        return different

    def merge(self, i: Numbers, j: Numbers) -> None:
        """Joins the components of the two items of each pair."""
        touched, ends = np.unique(np.concatenate([self.numbers[i], self.numbers[j]]), return_inverse=True)
        edges = (np.ones(len(i), dtype=np.int8), (ends[: len(i)], ends[len(i) :]))
        _, component = connected_components(coo_array(edges, shape=(len(touched),) * 2), directed=False)
        _, first, inverse = np.unique(component, return_index=True, return_inverse=True)
        renumbered = np.arange(len(self.numbers))
        renumbered[touched] = touched[first[inverse]]
        self.numbers = renumbered[self.numbers]

    @property
    def in_order(self) -> Numbers:
        """Component numbers (n,) from 0, in order of first appearance."""
        _, first, inverse = np.unique(self.numbers, return_index=True, return_inverse=True)
        order = np.argsort(np.argsort(first))
        return order[inverse].astype(np.int64)


def copies_of_photos(images: Images, labels: Numbers, similarity: float = SIMILARITY) -> Numbers:
    """Returns the components of near copies within each class, numbered (N,) from 0 in order of first appearance.

    similarity: the correlation that near copies exceed; 1 compares no images.
    """
    photos = _Components(np.arange(len(labels)))
    for label in np.unique(labels) if similarity < 1 else ():
        rows = np.flatnonzero(labels == label)
        of_class = _Components(np.arange(len(rows)))
        pictures = sketch(images, rows)
        for i, j in close_pairs(pictures, pictures, of_class.separate, similarity):
            of_class.merge(i, j)
        photos.merge(rows, rows[of_class.numbers])
    return photos.in_order


def photo_groups(copies: Numbers, given: Numbers | None = None) -> Numbers:
    """Returns given groups (N,), joined by near copies (N,), numbered from 0 in order of first appearance."""
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
    """Returns the groups of training and test images. given, test_given: group numbers that both sets share."""
    copies = copies_of_photos(images, labels, similarity)
    if test_images is None or test_labels is None:
        return Grouped(photo_groups(copies, given), copies)
    test_copies = copies_of_photos(test_images, test_labels, similarity)
    n = len(copies)
    known = copies if given is None else given
    beyond = known.max() + 1  # copy numbers of the two sets must not coincide
    test_known = beyond + test_copies if test_given is None else test_given
    groups = photo_groups(np.concatenate([copies, n + test_copies]), np.concatenate([known, test_known]))
    close = near_copies(test_images, test_labels, images, labels, similarity)
    return Grouped(groups[:n], copies, groups[n:], test_copies, int(close.sum()))


def near_copies(
    images: Images, labels: Numbers, of_images: Images, of_labels: Numbers, similarity: float = SIMILARITY
) -> npt.NDArray[np.bool_]:
    """Returns which images (N,) are near copies of one of `of_images` of their class; none with similarity 1."""
    found = np.zeros(len(labels), dtype=bool)
    for label in np.intersect1d(labels, of_labels) if similarity < 1 else ():
        rows = np.flatnonzero(labels == label)
        others = sketch(of_images, np.flatnonzero(of_labels == label))
        found[rows] = _have_copy(sketch(images, rows, others.basis), others, similarity)
    return found


def _have_copy(pictures: Sketches, others: Sketches, similarity: float) -> npt.NDArray[np.bool_]:
    """Returns which images (N,) have a near copy among the others."""
    found = np.zeros(len(pictures.rows), dtype=bool)
    for i, _ in close_pairs(pictures, others, lambda i, _: ~found[i], similarity):
        found[i] = True
    return found
