"""Splits by photo group, and fingerprints."""

import tracemalloc
from dataclasses import replace

import numpy as np
import pytest

from search.data.pictures import Part, Pictures
from search.data.split import SplitLeak, at_most_variants, check_no_leak, data_fingerprint, split_pictures
from search.errors import BadInput
from tests.conftest import toy_pictures


@pytest.mark.parametrize("seed", range(5))
def test_every_picture_is_in_one_part_and_no_photo_in_two(seed):
    pictures = toy_pictures(photos=15, variants=4)
    split = split_pictures(pictures, seed)
    parts = [split.train, split.validation, split.test]
    assert sum(len(part) for part in parts) == len(pictures.train)
    assert len(set.union(*(set(part.groups) for part in parts))) == sum(part.photos for part in parts)


@pytest.mark.parametrize("own_test", [False, True])
@pytest.mark.parametrize("folds", [2, 3, 7])
def test_each_development_photo_is_for_validation_in_exactly_one_fold(folds, own_test):
    pictures = toy_pictures(photos=15, variants=4)
    if own_test:
        pictures = replace(pictures, test=toy_pictures(seed=9).train)
    split = split_pictures(pictures, 3, folds)
    assert len(split.folds) == folds
    validated = np.concatenate([np.unique(fold.validation.groups) for fold in split.folds])
    assert sorted(validated) == sorted(set(split.development.groups))
    for fold in split.folds:
        assert not set(fold.train.groups) & set(fold.validation.groups)
        assert len(fold.train) + len(fold.validation) == len(split.development)
        assert set(fold.validation.labels) == set(fold.train.labels) == {0, 1, 2}
        assert own_test or not set(split.test.groups) & (set(fold.train.groups) | set(fold.validation.groups))


def test_the_test_photos_do_not_depend_on_the_folds():
    pictures = toy_pictures(photos=15)
    one, many = split_pictures(pictures, 0), split_pictures(pictures, 0, 6)
    assert np.array_equal(one.test.groups, many.test.groups)
    assert np.array_equal(one.development.groups, many.development.groups)
    assert one.split_fingerprint != many.split_fingerprint


@pytest.mark.parametrize(("folds", "fits"), [(8, True), (9, False)])
def test_more_folds_than_development_photos_of_a_class_are_refused(folds, fits):
    pictures = toy_pictures(photos=10)
    if fits:
        assert len(split_pictures(pictures, 0, folds).folds) == folds
        return
    with pytest.raises(
        BadInput, match=r"class 'A' has 8 photos outside the test set, .* at least 9: .* at most 8 folds"
    ):
        split_pictures(pictures, 0, folds)


def test_every_class_has_its_share_in_every_part():
    split = split_pictures(toy_pictures(photos=20), 0)
    for part, share in ((split.train, 12), (split.validation, 4), (split.test, 4)):
        assert [len(set(part.groups[part.labels == label])) for label in range(3)] == [share] * 3


def test_a_test_set_in_the_data_is_kept_unchanged():
    pictures = replace(toy_pictures(), test=toy_pictures(seed=9).train)
    split = split_pictures(pictures, 0)
    assert split.test is pictures.test
    assert len(split.train) + len(split.validation) == len(pictures.train)


def test_a_split_that_separates_a_photo_is_refused():
    with pytest.raises(SplitLeak, match="1 photos"):
        check_no_leak(np.array([1, 2, 3]), np.array([3, 4]))


def test_groups_that_span_classes_do_not_leak():
    part = toy_pictures(photos=30).train
    spanning = Part(part.images, part.labels, part.groups // 2)  # each group spans two classes
    split = split_pictures(Pictures("toy", "toy", ("A", "B", "C"), spanning, None), 0)
    assert not set(split.train.groups) & set(split.validation.groups)


def test_a_class_with_too_few_photos_is_refused():
    with pytest.raises(BadInput, match=r"class 'A' has 4 photos, .* at least 5"):
        split_pictures(toy_pictures(photos=4), 0)


def test_a_class_in_a_single_group_is_refused():
    part = toy_pictures(photos=10).train
    people = Part(part.images, part.labels, np.where(part.labels == 0, part.groups, 1000 + part.labels))
    with pytest.raises(BadInput, match=r"class '[BC]' has 1 photo,"):
        split_pictures(Pictures("toy", "toy", ("A", "B", "C"), people, None), 0)


def test_with_groups_that_span_classes_every_class_is_in_every_part_or_the_split_is_refused():
    part = toy_pictures(photos=10).train
    few = Pictures("toy", "toy", ("A", "B", "C"), Part(part.images, part.labels, part.groups % 8), None)
    refused = 0
    for seed in range(20):
        try:
            split = split_pictures(few, seed)
        except BadInput:
            refused += 1
        else:
            assert all(len(set(each.labels)) == 3 for each in (split.train, split.validation, split.test))
    assert refused < 20


def test_a_single_class_is_refused():
    with pytest.raises(BadInput, match="only one class"):
        split_pictures(toy_pictures(classes=1), 0)


def test_fingerprints_change_with_pixels_labels_names_preprocessing_and_split():
    pictures = toy_pictures()
    changed = pictures.train.images.copy()
    changed[0, 0, 0] += 1
    others = [
        replace(pictures, train=Part(changed, pictures.train.labels, pictures.train.groups)),
        replace(pictures, train=Part(pictures.train.images, pictures.train.labels[::-1], pictures.train.groups)),
        replace(pictures, class_names=("A", "B", "X")),
        replace(pictures, test=pictures.train),
        replace(pictures, preprocessing={"color": "gray"}),
        replace(pictures, preprocessing={"color": "channel:r"}),
    ]
    prints = [data_fingerprint(each) for each in (pictures, *others)]
    assert len(set(prints)) == len(prints)
    first, again, other = (split_pictures(pictures, seed).split_fingerprint for seed in (0, 0, 1))
    assert first == again != other


def test_at_most_variants_keeps_every_photo():
    part = toy_pictures(variants=5).train
    some = at_most_variants(part, 2, 0)
    assert np.bincount(some.groups).tolist() == [2] * part.photos
    assert len(at_most_variants(part, 9, 0)) == len(at_most_variants(part, 0, 0)) == len(part)
    assert (at_most_variants(part, 2, 0).images == some.images).all()
    assert not np.array_equal(at_most_variants(part, 2, 1).images, some.images)


def test_a_split_with_many_folds_copies_no_pictures_and_selects_the_right_ones():
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (3000, 40, 40), np.uint8)
    part = Part(images, np.arange(3000) % 3, np.arange(3000) // 6)
    pictures = Pictures("toy", "toy", ("A", "B", "C"), part, None)
    tracemalloc.start()
    split = split_pictures(pictures, 0, 10)
    for each in (split.development, split.test, *(side for fold in split.folds for side in vars(fold).values())):
        at_most_variants(each, 2, 0, "groups")
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most < images.size / 2
    for fold in split.folds:
        twice = fold.train[np.arange(7)][np.array([3, 5])]
        assert np.array_equal(twice.images, fold.train.images[[3, 5]])
        assert np.array_equal(twice.images, images[twice.rows])
        assert np.array_equal(twice.labels, part.labels[twice.rows])
        assert np.array_equal(twice.copies, part.copies[twice.rows])
        mask = fold.train.labels == 1
        assert np.array_equal(fold.train[mask].images, images[fold.train.rows[mask]])


def test_the_fingerprint_depends_on_the_pictures_of_a_group_and_not_on_its_number():
    pictures = toy_pictures()
    part = pictures.train
    renumbered = replace(pictures, train=replace(part, groups=1000 - part.groups))
    assert data_fingerprint(renumbered) == data_fingerprint(pictures)
    joined = np.where(part.groups == part.groups[0], part.groups[-1], part.groups)
    assert data_fingerprint(replace(pictures, train=replace(part, groups=joined))) != data_fingerprint(pictures)
    apart = replace(pictures, test=replace(part, groups=part.groups + 1000))
    shared = replace(pictures, test=part)
    assert data_fingerprint(apart) != data_fingerprint(shared)
