"""Rules that compute cut points from pixels."""

from itertools import combinations, pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import mutual_info_score

from search.references.pixels import Pixels
from search.references.rules import RULES, entropy, lloyd_max, multi_otsu, multi_otsu_exact, quantile, uniform
from tests.conftest import toy_pictures

LEVELS = [3, 40, 90, 130, 200, 255]  # of small level sets


def normal_pixels():
    """Three classes of different brightness."""
    rng = np.random.default_rng(0)
    drawn = [rng.normal(mean, 40, 20000).clip(0, 255).astype(int) for mean in (130, 150, 170)]
    return Pixels(np.stack([np.bincount(each, minlength=256) for each in drawn]))


PIXELS = normal_pixels()


def on_levels(by_class, levels=LEVELS):
    made = np.zeros((len(by_class), 256), dtype=np.int64)
    made[:, levels] = by_class
    return Pixels(made)


def small_pixels(classes):
    row = st.lists(st.integers(1, 100), min_size=len(LEVELS), max_size=len(LEVELS))
    return st.lists(row, min_size=classes, max_size=classes).map(on_levels)


histograms = st.lists(st.integers(0, 30), min_size=256, max_size=256).map(lambda row: Pixels(np.array([row])))


def between_variance(pixels, cuts):
    """Σ weight · mean² over the ranges: what multi-Otsu makes as large as possible."""
    levels, histogram = np.arange(256), pixels.histogram
    total = 0.0
    for low, high in pairwise((0, *cuts, 256)):
        weight = histogram[low:high].sum()
        total += (histogram[low:high] * levels[low:high]).sum() ** 2 / weight if weight else 0.0
    return total


def information(pixels, cuts):
    """Mutual information of a pixel's bin and its class, by scikit-learn."""
    table = [pixels.by_class[:, low:high].sum(axis=1) for low, high in pairwise((0, *cuts, 256))]
    return mutual_info_score(None, None, contingency=np.array(table, dtype=float))


def test_pixels_are_counted_by_class():
    part = toy_pictures().train
    pixels = Pixels.of(part.images, part.labels)
    assert pixels.by_class.shape == (3, 256)
    assert (pixels.histogram == np.bincount(part.images.ravel(), minlength=256)).all()
    second = part.images[part.labels == 1]
    assert pixels.by_class[1, 100] == (second == 100).sum()


@pytest.mark.parametrize("k", [1, 2, 3])
def test_scikit_image_and_dynamic_programming_agree(k):
    assert multi_otsu(PIXELS, k) == multi_otsu_exact(PIXELS, k)


@settings(max_examples=25)
@given(small_pixels(1), st.integers(1, 4))
def test_dynamic_programming_finds_the_largest_variance_of_all_combinations(pixels, k):
    found = multi_otsu_exact(pixels, k)
    best = max(between_variance(pixels, cuts) for cuts in combinations(LEVELS[1:], k))
    assert between_variance(pixels, found) == pytest.approx(best)


def test_one_otsu_cut_separates_two_levels_exactly():
    pixels = on_levels([[5, 5]], [10, 20])
    for find in (multi_otsu, multi_otsu_exact, lloyd_max):
        bins = find(pixels, 1).bins(np.array([10, 20], np.uint8))
        assert bins.tolist() == [0, 1]


@settings(max_examples=50)
@given(small_pixels(3), st.integers(1, 2))
def test_entropy_cuts_have_the_largest_mutual_information_of_all_combinations(pixels, k):
    found = entropy(pixels, k)
    best = max(information(pixels, cuts) for cuts in combinations(LEVELS[1:], k))
    if found is None:
        assert best == pytest.approx(max([0, *(information(pixels, [c]) for c in LEVELS[1:] if k == 2)]), abs=1e-8)
    else:
        assert information(pixels, found) == pytest.approx(best)


def test_an_entropy_cut_separates_two_classes_of_different_levels():
    by_class = np.ones((2, 256), dtype=np.int64)
    by_class[0, 150:171] += 50
    by_class[1, 171:190] += 50
    assert entropy(Pixels(by_class), 1).values == (171,)


@pytest.mark.parametrize("by_class", [[[7, 8, 9]], [[7, 8, 9], [14, 16, 18]]])
def test_pixels_without_information_about_the_class_have_no_entropy_cuts(by_class):
    assert entropy(on_levels(by_class, [10, 20, 30]), 1) is None


def test_there_is_no_entropy_cut_that_adds_no_information():
    pixels = on_levels([[5, 5, 0, 0], [0, 0, 5, 5]], [10, 20, 30, 40])
    assert entropy(pixels, 1).bins(np.array([10, 20, 30, 40], np.uint8)).tolist() == [0, 0, 1, 1]
    assert entropy(pixels, 2) is None


@settings(max_examples=40, deadline=None)
@given(histograms, st.integers(1, 9))
def test_each_lloyd_max_cut_is_halfway_between_the_means_of_its_neighboring_ranges(pixels, k):
    found = lloyd_max(pixels, k)
    if found is None:
        assert np.count_nonzero(pixels.histogram) <= k
        return
    levels = np.arange(256)
    means = [
        np.average(levels[low:high], weights=pixels.histogram[low:high]) for low, high in pairwise((0, *found, 256))
    ]
    halfway = np.array([(a + b) / 2 for a, b in pairwise(means)])
    present = np.flatnonzero(pixels.histogram)
    # The same levels lie above; a level exactly halfway may lie on either side.
    for cut, half in zip(found, halfway, strict=True):
        assert not ((present >= cut) & (present < half - 1e-9)).any()
        assert not ((present < cut) & (present > half + 1e-9)).any()


@pytest.mark.parametrize("k", [1, 2, 3, 5, 8])
def test_lloyd_max_is_at_most_as_good_as_multi_otsu_and_nearly_so(k):
    best, local = between_variance(PIXELS, multi_otsu(PIXELS, k)), between_variance(PIXELS, lloyd_max(PIXELS, k))
    none = between_variance(PIXELS, ())
    assert local <= best * (1 + 1e-12)
    assert local - none > 0.97 * (best - none)


def test_quantiles_divide_the_pixels_evenly():
    bins = quantile(PIXELS, 3).bins(np.arange(256, dtype=np.uint8))
    shares = np.bincount(bins, weights=PIXELS.histogram) / PIXELS.histogram.sum()
    assert np.allclose(shares, 0.25, atol=PIXELS.histogram.max() / PIXELS.histogram.sum())


def test_uniform_ranges_are_equally_wide():
    assert uniform(PIXELS, 3).values == (64, 128, 192)


@pytest.mark.parametrize("name", RULES)
@pytest.mark.parametrize("k", [1, 2, 5, 8, 20])
def test_every_rule_gives_k_cut_points(name, k):
    assert len(RULES[name](PIXELS, k)) == k


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 255), st.integers(0, 2), st.integers(1, 1000)), min_size=1), st.integers(1, 8))
def test_every_rule_gives_k_cut_points_or_none_for_any_pixels(counts, k):
    by_class = np.zeros((3, 256), dtype=np.int64)
    for level, label, count in counts:
        by_class[label, level] += count
    for rule in RULES.values():
        found = rule(Pixels(by_class), k)
        assert found is None or len(found) == k


def test_a_rule_returns_none_if_the_pixels_do_not_support_k_cut_points():
    black_and_white = on_levels([[600, 10], [300, 90]], [0, 255])
    for find in (multi_otsu, lloyd_max, entropy):
        assert find(black_and_white, 1) is not None
        assert find(black_and_white, 2) is None
        assert find(black_and_white, 6) is None
    assert quantile(black_and_white, 3) is None
