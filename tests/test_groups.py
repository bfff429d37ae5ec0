"""Near copies and photo groups."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from search.data import near
from search.data.groups import copies_of_photos, grouped, near_copies
from search.data.near import standardize
from tests.conftest import toy_pictures


def test_variants_of_a_photo_form_one_group_and_photos_stay_separate():
    part = toy_pictures(photos=20, variants=4).train
    assert (copies_of_photos(part.images, part.labels) == part.groups).all()


def test_groups_do_not_depend_on_the_order_of_pictures():
    part = toy_pictures().train
    order = np.random.default_rng(1).permutation(len(part))
    found = copies_of_photos(part.images[order], part.labels[order])
    together = found[:, None] == found[None, :]
    assert (together == (part.groups[order][:, None] == part.groups[order][None, :])).all()


def test_small_blocks_give_the_same_groups(monkeypatch):
    part = toy_pictures().train
    monkeypatch.setattr(near, "ROWS", 5)
    monkeypatch.setattr(near, "VALUES", 500)
    monkeypatch.setattr(near, "PAIRS", 3)
    assert (copies_of_photos(part.images, part.labels) == part.groups).all()


def test_equal_pictures_of_different_classes_are_separate_photos():
    images = np.repeat(toy_pictures().train.images[:1], 2, axis=0)
    assert len(set(copies_of_photos(images, np.array([0, 1])))) == 2


def test_uniform_pictures_form_one_group():
    images = np.stack([np.full((8, 8), level, np.uint8) for level in (0, 9, 255)])
    assert copies_of_photos(images, np.zeros(3, np.int64)).tolist() == [0, 0, 0]


def test_chains_of_near_copies_are_one_photo():
    rng = np.random.default_rng(0)
    first, noise = rng.integers(60, 200, (8, 8)), rng.integers(-9, 10, (8, 8))
    images = np.stack([first + noise * step for step in range(5)]).astype(np.uint8)
    assert set(copies_of_photos(images, np.zeros(5, np.int64))) == {0}


def together(numbers):
    """Returns which pairs have the same number."""
    return numbers[:, None] == numbers[None, :]


@given(seed=st.integers(0, 10**6), similarity=st.sampled_from([0, 0.5, 0.9, 0.98, 0.9999]) | st.floats(0, 0.9999))
def test_near_copies_equal_those_of_a_full_comparison_at_any_similarity(seed, similarity):
    rng = np.random.default_rng(seed)
    photos = rng.integers(0, 256, (8, 6, 6))
    images = (np.repeat(photos, 5, axis=0) + rng.normal(0, 30, (40, 1, 1)) * rng.normal(0, 1, (40, 6, 6))).clip(0, 255)
    images, labels = images.astype(np.uint8), rng.integers(0, 2, 40)
    correlation = standardize(images).astype(np.float64) @ standardize(images).T
    if (np.abs(correlation - similarity) < 1e-5).any():
        return  # too close to the limit: decided by rounding
    expected = connected_components(csr_array((correlation > similarity) & together(labels)))[1]
    assert (together(copies_of_photos(images, labels, similarity)) == together(expected)).all()
    found = near_copies(images[:20], labels[:20], images[20:], labels[20:], similarity)
    assert (found == ((correlation > similarity) & together(labels))[:20, 20:].any(axis=1)).all()


def test_a_similarity_of_1_compares_no_pictures():
    images, labels = np.zeros((4, 8, 8), np.uint8), np.zeros(4, np.int64)
    found = grouped(images, labels, images, labels, np.array([3, 3, 5, 5]), np.array([5, 8, 8, 9]), similarity=1)
    assert found.copies.tolist() == [0, 1, 2, 3]
    assert (found.groups.tolist(), found.test_groups.tolist()) == ([0, 0, 1, 1], [1, 2, 2, 3])
    assert found.known_copies == 0
    assert not near_copies(images, labels, images, labels, 1).any()


def test_given_groups_are_joined_but_never_divided():
    part = toy_pictures(photos=2, variants=2, classes=2).train  # groups 0 0 1 1 2 2 3 3
    given = np.array([7, 5, 1, 1, 7, 4, 3, 3])  # divides photos 0 and 2 and joins their parts
    found = grouped(part.images, part.labels, given=given)
    assert found.groups.tolist() == [0, 0, 1, 1, 0, 0, 2, 2]
    assert found.copies.tolist() == part.groups.tolist()


@given(seed=st.integers(0, 10**6), given=st.booleans(), test_given=st.booleans())
def test_only_given_groups_are_shared_between_training_and_test_pictures(seed, given, test_given):
    rng = np.random.default_rng(seed)
    train, test = toy_pictures(photos=4, seed=1).train, toy_pictures(photos=3, seed=2).train
    names, test_names = rng.integers(0, 9, len(train)), rng.integers(5, 14, len(test))
    found = grouped(
        train.images,
        train.labels,
        test.images,
        test.labels,
        names if given else None,
        test_names if given and test_given else None,
    )
    assert (together(found.copies) == together(train.groups)).all()
    assert (together(found.test_copies) == together(test.groups)).all()
    shared = np.isin(found.test_groups, found.groups)
    if not (given and test_given):
        assert not shared.any()
        return
    # Connected by names in both sets, and by near copies within each set.
    every_name = np.concatenate([names, test_names])
    edges = together(every_name) | together(np.concatenate([train.groups, 1000 + test.groups]))
    expected = connected_components(csr_array(edges))[1]
    assert (together(np.concatenate([found.groups, found.test_groups])) == together(expected)).all()
    assert shared[np.isin(test_names, names)].all()


def test_near_copies_are_found_only_within_a_class():
    part = toy_pictures(photos=5, variants=2).train
    others = part[np.arange(0, 10)]
    found = near_copies(part.images, part.labels, others.images, others.labels)
    assert (found == np.isin(part.groups, others.groups)).all()
    moved = (part.labels + 1) % 3
    assert not near_copies(part.images, moved, others.images, others.labels).any()


def test_classes_without_other_pictures_have_no_copies():
    part = toy_pictures().train
    nobody = part[np.flatnonzero(part.labels == 1)]
    found = near_copies(part.images, part.labels, nobody.images, nobody.labels)
    assert (found == (part.labels == 1)).all()
