"""Photo groups."""

import numpy as np

from search.data import near
from search.data.groups import near_copies, photo_groups
from tests.conftest import toy_pictures


def test_variants_of_a_photo_are_one_group_and_photos_are_not():
    part = toy_pictures(photos=20, variants=4).train
    assert (photo_groups(part.images, part.labels) == part.groups).all()


def test_the_order_of_pictures_does_not_matter_to_who_belongs_together():
    part = toy_pictures().train
    order = np.random.default_rng(1).permutation(len(part))
    found = photo_groups(part.images[order], part.labels[order])
    together = found[:, None] == found[None, :]
    assert (together == (part.groups[order][:, None] == part.groups[order][None, :])).all()


def test_small_blocks_give_the_same_groups(monkeypatch):
    part = toy_pictures().train
    monkeypatch.setattr(near, "ROWS", 5)
    monkeypatch.setattr(near, "VALUES", 500)
    monkeypatch.setattr(near, "PAIRS", 3)
    assert (photo_groups(part.images, part.labels) == part.groups).all()


def test_equal_pictures_of_different_classes_are_different_photos():
    images = np.repeat(toy_pictures().train.images[:1], 2, axis=0)
    assert len(set(photo_groups(images, np.array([0, 1])))) == 2


def test_pictures_of_one_grey_level_belong_together():
    images = np.stack([np.full((8, 8), level, np.uint8) for level in (0, 9, 255)])
    assert photo_groups(images, np.zeros(3, np.int64)).tolist() == [0, 0, 0]


def test_chains_of_near_copies_are_one_photo():
    rng = np.random.default_rng(0)
    first, noise = rng.integers(60, 200, (8, 8)), rng.integers(-9, 10, (8, 8))
    images = np.stack([first + noise * step for step in range(5)]).astype(np.uint8)
    assert set(photo_groups(images, np.zeros(5, np.int64))) == {0}


def test_given_groups_are_joined_but_never_divided():
    part = toy_pictures(photos=2, variants=2, classes=2).train  # groups 0 0 1 1 2 2 3 3
    given = np.array([7, 5, 1, 1, 7, 4, 3, 3])  # divides photo 0 and 2, and joins them
    assert photo_groups(part.images, part.labels, given).tolist() == [0, 0, 1, 1, 0, 0, 2, 2]


def test_near_copies_are_found_within_the_class_only():
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
