"""Photo groups: which pictures are variants of one photograph.

Enters: images and labels. Leaves: a group number for each picture. Two pictures of one class whose
pixels correlate by more than 0.98 are variants of one photo, and so is whatever hangs together
through such pairs. On Sign Language MNIST this finds 1,274 groups of mostly 21 pictures (docs/data.md).
"""

import math

import numpy as np
import numpy.typing as npt
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

CORRELATION = 0.98
BLOCK = 2048  # rows of the correlation matrix that are in memory at a time


def photo_groups(
    images: npt.NDArray[np.uint8],
    labels: npt.NDArray[np.int64],
    given: npt.NDArray[np.int64] | None = None,
) -> npt.NDArray[np.int64]:
    """Group numbers (N,) from 0, in order of first appearance.

    given: groups that the data's owner knows, (N,); near copies join them, never divide them.
    """
    n = len(labels)
    pairs: list[npt.NDArray[np.int64]] = []
    if given is not None:
        _, first, inverse = np.unique(given, return_index=True, return_inverse=True)
        pairs.append(np.stack([np.arange(n), first[inverse]]))
    for label in np.unique(labels):
        rows = np.flatnonzero(labels == label)
        standard = _standardize(images[rows])
        for start in range(0, len(rows), BLOCK):
            close = np.argwhere(standard[start : start + BLOCK] @ standard.T > CORRELATION)
            pairs.append(np.stack([rows[close[:, 0] + start], rows[close[:, 1]]]))
    edges = np.concatenate(pairs, axis=1)
    graph = coo_array((np.ones(edges.shape[1], dtype=np.int8), (edges[0], edges[1])), shape=(n, n))
    _, component = connected_components(graph, directed=False)
    _, first, inverse = np.unique(component, return_index=True, return_inverse=True)
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
    for label in np.unique(labels):
        rows = np.flatnonzero(labels == label)
        standard, others = _standardize(images[rows]), _standardize(of_images[of_labels == label])
        for start in range(0, len(rows), BLOCK):
            close = standard[start : start + BLOCK] @ others.T > CORRELATION
            found[rows[start : start + BLOCK]] = close.any(axis=1)
    return found


def _standardize(images: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
    """Rows whose dot product is the pictures' correlation: (N, H·W + 1).

    A picture of one grey level has no correlation; the last column makes all of those alike.
    """
    flat = images.reshape(len(images), math.prod(images.shape[1:])).astype(np.float32)
    flat -= flat.mean(axis=1, keepdims=True)
    norm = np.linalg.norm(flat, axis=1, keepdims=True)
    flat /= np.where(norm == 0, 1, norm)
    return np.concatenate([flat, (norm == 0).astype(np.float32)], axis=1)
