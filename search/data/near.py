"""Finds all pairs of images whose pixels correlate by more than a similarity, exactly and in bounded memory.

Comparing all pixels of all pairs would take most of the time. Therefore each image, centered and scaled to length 1,
is projected onto a few directions; the sketch holds these coordinates and the length r of the remainder. For images
x, y with coordinates p, q, the correlation is at most p·q + r(x) r(y) (Cauchy–Schwarz inequality). Only pairs whose
bound exceeds the similarity are compared by all pixels. No pair is lost, whatever the directions are; the leading
principal components of a sample exclude the most pairs.
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

SIMILARITY = 0.98  # default of --similarity
MARGIN = 1e-3  # tolerance of the bound, above its rounding error; r is off by at most 1e-3, and only near 0
DIRECTIONS = 32
SAMPLE = 256  # images from which the directions are computed
ROWS, COLUMNS = 1024, 4096  # size of a tile of pairs
VALUES = 1 << 24  # pixels converted to float at a time
PAIRS, STRIP = 2048, 128  # pairs, or rows of a tile, compared by all pixels at a time
DENSE = 100  # a tile in which more than one pair in 100 passes the bound is multiplied as a whole, which is faster
Floats = npt.NDArray[np.float32]
Indices = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]
Wanted = Callable[[Indices, Indices], Mask]


@dataclass(frozen=True, eq=False)
class Sketches:
    """Low-dimensional sketches of N images, sorted by their first coordinate.

    basis: the directions. places (N,): position of each image in the caller's order. rows (N,): its row in `images`.
    coarse (N, D + 1): the D coordinates and, in the last column, the length r of the remainder.
    """

    images: npt.NDArray[np.uint8]
    basis: Floats  # (H·W + 1, D)
    places: Indices
    rows: Indices
    coarse: Floats

    def pixels(self, some: Indices | slice) -> Floats:
        """Returns the standardized pixels (M, H·W + 1) of the images at some positions of the sorted order."""
        return standardize(self.images[self.rows[some]])


def directions(images: npt.NDArray[np.uint8], rows: Indices) -> Floats:
    """Returns orthonormal directions (H·W + 1, D) of largest variance in a sample of the images at these rows."""
    chosen = rows[np.linspace(0, len(rows) - 1, min(len(rows), SAMPLE)).astype(np.int64)]
    sample = standardize(images[chosen])
    sample -= sample.mean(axis=0)
    values, vectors = np.linalg.eigh((sample @ sample.T).astype(np.float64))
    kept = np.flatnonzero(values > 1e-6)[::-1][:DIRECTIONS]
    basis, _ = np.linalg.qr(sample.T @ vectors[:, kept])
    return basis.astype(np.float32)


def sketch(images: npt.NDArray[np.uint8], rows: Indices, basis: Floats | None = None) -> Sketches:
    """Returns sketches of the images at these rows, by default in the directions computed from them."""
    basis = directions(images, rows) if basis is None else basis
    coarse = np.zeros((len(rows), basis.shape[1] + 1), np.float32)
    step = max(1, VALUES // len(basis))
    for start in range(0, len(rows), step):
        block = slice(start, start + step)
        coarse[block, :-1] = standardize(images[rows[block]]) @ basis
        coarse[block, -1] = np.sqrt(np.maximum(0, 1 - np.square(coarse[block], dtype=np.float64).sum(axis=1)))
    order = np.argsort(coarse[:, 0], kind="stable")
    return Sketches(images, basis, order, rows[order], coarse[order])


def close_pairs(
    one: Sketches, other: Sketches, wanted: Wanted, similarity: float = SIMILARITY
) -> Iterator[tuple[Indices, Indices]]:
    """Yields places (M,), (M,) of pairs whose correlation exceeds `similarity`, in batches.

    If `other is one`, each pair is yielded once. wanted: given broadcastable arrays of places, returns which pairs the
    caller still needs; called before each comparison. similarity: 0 or more.
    """
    reach = math.sqrt(2 - 2 * similarity) + 1e-3  # largest difference of such a pair in any direction
    columns = min(COLUMNS, max(256, VALUES // len(other.basis)))
    for start in range(0, len(one.rows), ROWS):
        tall = np.arange(start, min(start + ROWS, len(one.rows)))
        first, last = one.coarse[tall[0], 0] - reach, one.coarse[tall[-1], 0] + reach
        begin, end = np.searchsorted(other.coarse[:, 0], [first, last])
        for left in range(max(begin, start) if other is one else begin, end, columns):
            wide = np.arange(left, min(left + columns, end))
            mask = one.coarse[tall] @ other.coarse[wide].T > similarity - MARGIN
            if other is one and left < tall[-1]:
                mask &= tall[:, None] < wide
            mask &= wanted(one.places[tall][:, None], other.places[wide])
            compare = _compare_tile if np.count_nonzero(mask) > mask.size // DENSE else _compare_pairs
            for i, j in compare(one, other, tall, wide, mask, wanted, similarity):
                yield one.places[i], other.places[j]


def _compare_tile(
    one: Sketches, other: Sketches, tall: Indices, wide: Indices, mask: Mask, wanted: Wanted, similarity: float
) -> Iterator[tuple[Indices, Indices]]:
    """Compares all pairs of a tile, strip by strip, for tiles with many close pairs.

    Earlier strips can make later pairs unnecessary, so `wanted` is called for each strip.
    """
    pixels = other.pixels(wide).T
    for start in range(0, len(tall), STRIP):
        strip = tall[start : start + STRIP]
        open_ = mask[start : start + STRIP] & wanted(one.places[strip][:, None], other.places[wide])
        if open_.any():
            i, j = np.nonzero(open_ & (one.pixels(strip) @ pixels > similarity))
            yield strip[i], wide[j]


def _compare_pairs(
    one: Sketches, other: Sketches, tall: Indices, wide: Indices, mask: Mask, wanted: Wanted, similarity: float
) -> Iterator[tuple[Indices, Indices]]:
    """Compares the pairs in the mask, the most likely first, which can make the other pairs unnecessary."""
    i, j = np.nonzero(mask)
    i, j = tall[i], wide[j]
    left = np.argsort(-np.einsum("nd,nd->n", one.coarse[i], other.coarse[j]))
    while len(left):
        some, left = left[:PAIRS], left[PAIRS:]
        alike = np.einsum("np,np->n", one.pixels(i[some]), other.pixels(j[some])) > similarity
        yield i[some[alike]], j[some[alike]]
        left = left[wanted(one.places[i[left]], other.places[j[left]])]


def standardize(images: npt.NDArray[np.uint8]) -> Floats:
    """Returns rows (N, H·W + 1) whose dot products are the correlations of the images.

    The correlation of an image with a single grey level is undefined; the last column makes all such images equal.
    """
    rows = np.empty((len(images), math.prod(images.shape[1:]) + 1), np.float32)
    flat = rows[:, :-1]
    flat[:] = images.reshape(len(images), flat.shape[1])
    flat -= flat.mean(axis=1, keepdims=True)
    norm = np.linalg.norm(flat, axis=1, keepdims=True)
    flat /= np.where(norm == 0, 1, norm)
    rows[:, -1:] = norm == 0
    return rows
