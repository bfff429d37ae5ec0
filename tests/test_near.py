"""Search for pairs of near copies."""

import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from search.data import near
from search.data.groups import copies_of_photos
from search.data.near import close_pairs, sketch, standardize


def alike_and_not(seed, n=60, side=6):
    """Photos with variants, chains of near copies, equal images and uniform images, in random order."""
    rng = np.random.default_rng(seed)
    photos = rng.integers(0, 256, (n // 6, side, side))
    noise = rng.normal(0, rng.uniform(1, 25, (n, 1, 1)), (n, side, side))
    images = (np.repeat(photos, 6, axis=0) + noise).clip(0, 255).astype(np.uint8)
    images[::7] = images[0]
    images[::11] = rng.integers(0, 256, (len(images[::11]), 1, 1))
    return images[rng.permutation(n)]


def all_pairs(images, others, similarity):
    """Returns pairs by full comparison, and which pairs are so close to the limit that rounding decides."""
    correlation = standardize(images).astype(np.float64) @ standardize(others).T
    return correlation > similarity, np.abs(correlation - similarity) < 1e-5


def found_pairs(one, other, shape, similarity):
    def every(i, j):
        return np.ones(np.broadcast_shapes(i.shape, j.shape), dtype=bool)

    found = np.zeros(shape, dtype=int)
    for i, j in close_pairs(one, other, every, similarity):
        found[i, j] += 1
    return found


SIMILARITIES = st.sampled_from([0.98, 0, 0.9999]) | st.floats(0, 0.9999)


@pytest.mark.parametrize("dense", [1, 100, 10**9])
@given(seed=st.integers(0, 10**6), similarity=SIMILARITIES)
def test_each_pair_is_found_exactly_once_for_any_similarity_and_tile_size(dense, seed, similarity):
    images = alike_and_not(seed)
    rows = np.arange(len(images))
    with pytest.MonkeyPatch.context() as patch:
        for name, value in (("DENSE", dense), ("ROWS", 16), ("COLUMNS", 20), ("STRIP", 3), ("PAIRS", 7)):
            patch.setattr(near, name, value)
        pictures, others = sketch(images, rows), sketch(images[::2], rows[:30], sketch(images, rows).basis)
        sides = ((pictures, pictures, (60, 60)), (others, pictures, (30, 60)))
        within, beside = (found_pairs(*each, similarity) for each in sides)
    expected, near_limit = all_pairs(images, images, similarity)
    assert within.max() <= 1
    assert np.array_equal((within + within.T > 0) | near_limit | np.eye(60, dtype=bool), expected | near_limit)
    assert np.array_equal((beside > 0) | near_limit[::2], expected[::2] | near_limit[::2])


@given(seed=st.integers(0, 10**6), directions=st.integers(0, 40))
def test_the_bound_is_never_below_the_correlation_for_any_directions(seed, directions):
    images = alike_and_not(seed)
    basis, _ = np.linalg.qr(np.random.default_rng(seed).normal(size=(37, directions)))
    pictures = sketch(images, np.arange(60), basis.astype(np.float32))
    correlation = standardize(images[pictures.places]) @ standardize(images[pictures.places]).T
    assert (pictures.coarse @ pictures.coarse.T >= correlation - near.MARGIN).all()


def test_memory_does_not_grow_with_the_number_of_pairs(monkeypatch):
    for name, value in (("ROWS", 256), ("COLUMNS", 1024), ("STRIP", 16)):
        monkeypatch.setattr(near, name, value)
    images = np.zeros((6000, 8, 8), np.uint8)
    images[:3000] = np.random.default_rng(0).integers(40, 200, (8, 8)) + np.arange(3000)[:, None, None] % 40
    tracemalloc.start()
    groups = copies_of_photos(images, np.zeros(6000, np.int64))
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (groups == np.arange(6000) // 3000).all()
    assert most < 25e6  # storing nine million pairs would take 144 MB
