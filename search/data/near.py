"""Pairs of pictures that look alike, found exactly, in bounded memory.

Enters: pictures of one class, which may lie on disk. Leaves: pairs whose pixels correlate by more than a similarity. To
compare all pixels of all pairs would take most of the time. So a picture, less its mean and scaled to length 1, is
sketched by its part in a few directions and by the length r of the rest. Two pictures x, y with parts p, q in these
directions correlate by at most p·q + r(x) r(y) (Cauchy–Schwarz); all pixels are compared only where this lets a pair
through. Whatever the directions are, no pair is lost; those in which the pictures differ most save most.
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

SIMILARITY = 0.98  # unless the user says another
MARGIN = 1e-3  # of the bound, more than rounding moves it; r is off by 1e-3 at most, and only where it is near 0
DIRECTIONS = 32
SAMPLE = 256  # pictures that the directions are chosen by
ROWS, COLUMNS = 1024, 4096  # of the pairs that are looked at at a time
VALUES = 1 << 24  # pixels that are floats at a time
PAIRS, STRIP = 2048, 128  # pairs that are compared by all pixels at a time, or rows of them
DENSE = 100  # a tile where more than every 100th pair is to be compared is multiplied as a whole, which is faster
Floats = npt.NDArray[np.float32]
Indices = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]
Wanted = Callable[[Indices, Indices], Mask]


@dataclass(frozen=True, eq=False)
class Sketches:
    """Some of the images, in the order of their first direction.

    places (N,): which of the N each is; rows (N,): into the images; coarse (N, D + 1): parts, and r in the last column.
    """

    images: npt.NDArray[np.uint8]
    basis: Floats  # (H·W + 1, D)
    places: Indices
    rows: Indices
    coarse: Floats

    def pixels(self, some: Indices | slice) -> Floats:
        """Those at some positions of the order, standardized: (M, H·W + 1)."""
        return standardize(self.images[self.rows[some]])


def directions(images: npt.NDArray[np.uint8], rows: Indices) -> Floats:
    """Orthonormal directions (H·W + 1, D) in which a sample of the images at these rows differs most."""
    chosen = rows[np.linspace(0, len(rows) - 1, min(len(rows), SAMPLE)).astype(np.int64)]
    sample = standardize(images[chosen])
    sample -= sample.mean(axis=0)
    values, vectors = np.linalg.eigh((sample @ sample.T).astype(np.float64))
    kept = np.flatnonzero(values > 1e-6)[::-1][:DIRECTIONS]
    basis, _ = np.linalg.qr(sample.T @ vectors[:, kept])
    return basis.astype(np.float32)


def sketch(images: npt.NDArray[np.uint8], rows: Indices, basis: Floats | None = None) -> Sketches:
    """Sketches of the images at these rows, in the given directions or in their own."""
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
    """Places (M,), (M,) of pictures that look alike, some at a time; with `other is one` each pair once.

    wanted: which of the pairs of places, that broadcast, the caller does not know yet; asked before each comparison.
    similarity: what the correlation has to exceed, 0 or more.
    """
    reach = math.sqrt(2 - 2 * similarity) + 1e-3  # no two such pictures are farther apart in any direction
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
            compare = _as_a_whole if np.count_nonzero(mask) > mask.size // DENSE else _pair_by_pair
            for i, j in compare(one, other, tall, wide, mask, wanted, similarity):
                yield one.places[i], other.places[j]


def _as_a_whole(
    one: Sketches, other: Sketches, tall: Indices, wide: Indices, mask: Mask, wanted: Wanted, similarity: float
) -> Iterator[tuple[Indices, Indices]]:
    """All pixels of all pairs of a tile, for where many are close. A strip at a time: the first may answer the rest."""
    pixels = other.pixels(wide).T
    for start in range(0, len(tall), STRIP):
        strip = tall[start : start + STRIP]
        open_ = mask[start : start + STRIP] & wanted(one.places[strip][:, None], other.places[wide])
        if open_.any():
            i, j = np.nonzero(open_ & (one.pixels(strip) @ pixels > similarity))
            yield strip[i], wide[j]


def _pair_by_pair(
    one: Sketches, other: Sketches, tall: Indices, wide: Indices, mask: Mask, wanted: Wanted, similarity: float
) -> Iterator[tuple[Indices, Indices]]:
    """All pixels of the pairs in the mask. The likely ones come first, and spare their group the other pairs."""
    i, j = np.nonzero(mask)
    i, j = tall[i], wide[j]
    left = np.argsort(-np.einsum("nd,nd->n", one.coarse[i], other.coarse[j]))
    while len(left):
        some, left = left[:PAIRS], left[PAIRS:]
        alike = np.einsum("np,np->n", one.pixels(i[some]), other.pixels(j[some])) > similarity
        yield i[some[alike]], j[some[alike]]
        left = left[wanted(one.places[i[left]], other.places[j[left]])]


def standardize(images: npt.NDArray[np.uint8]) -> Floats:
    """Rows whose dot product is the pictures' correlation: (N, H·W + 1).

    A picture of one grey level has no correlation; the last column makes all of those alike.
    """
    rows = np.empty((len(images), math.prod(images.shape[1:]) + 1), np.float32)
    flat = rows[:, :-1]
    flat[:] = images.reshape(len(images), flat.shape[1])
    flat -= flat.mean(axis=1, keepdims=True)
    norm = np.linalg.norm(flat, axis=1, keepdims=True)
    flat /= np.where(norm == 0, 1, norm)
    rows[:, -1:] = norm == 0
    return rows
