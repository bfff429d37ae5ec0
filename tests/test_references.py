"""Cut points that need no search."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from search.references import COMPUTED, PAPER, multi_otsu, multi_otsu_exact, quantile, references, uniform

ENCODINGS = ("range", "thermometer")
PIXELS = np.bincount(np.random.default_rng(0).normal(150, 40, 20000).clip(0, 255).astype(int), minlength=256)


def between_variance(histogram, cuts):
    """Σ weight · mean² over the ranges: what multi-Otsu makes as large as possible."""
    levels = np.arange(256)
    total = 0.0
    for low, high in zip((0, *cuts), (*cuts, 256), strict=True):
        weight = histogram[low:high].sum()
        total += (histogram[low:high] * levels[low:high]).sum() ** 2 / weight if weight else 0.0
    return total


@pytest.mark.parametrize("k", [1, 2, 3])
def test_scikit_image_and_the_dynamic_programme_agree(k):
    assert multi_otsu(PIXELS, k) == multi_otsu_exact(PIXELS, k)


@settings(max_examples=25)
@given(st.lists(st.integers(1, 100), min_size=6, max_size=6), st.integers(1, 4))
def test_the_dynamic_programme_finds_the_largest_variance_of_all_combinations(counts, k):
    histogram = np.zeros(256, dtype=np.int64)
    histogram[[3, 40, 90, 130, 200, 255]] = counts
    found = multi_otsu_exact(histogram, k)
    best = max(between_variance(histogram, cuts) for cuts in combinations([40, 90, 130, 200, 255], k))
    assert between_variance(histogram, found) == pytest.approx(best)


def test_one_otsu_cut_separates_two_levels_exactly():
    histogram = np.zeros(256, dtype=np.int64)
    histogram[10] = histogram[20] = 5
    for find in (multi_otsu, multi_otsu_exact):
        bins = find(histogram, 1).bins(np.array([10, 20], np.uint8))
        assert bins.tolist() == [0, 1]


def test_quantiles_divide_the_pixels_evenly():
    bins = quantile(PIXELS, 3).bins(np.arange(256, dtype=np.uint8))
    shares = np.bincount(bins, weights=PIXELS) / PIXELS.sum()
    assert np.allclose(shares, 0.25, atol=PIXELS.max() / PIXELS.sum())


def test_uniform_ranges_are_equally_wide():
    assert uniform(PIXELS, 3).values == (64, 128, 192)


@pytest.mark.parametrize("name", COMPUTED)
@pytest.mark.parametrize("k", [1, 2, 5, 8, 20])
def test_every_computed_reference_has_k_cut_points(name, k):
    assert len(COMPUTED[name](PIXELS, k)) == k


def test_a_reference_that_the_pixels_do_not_support_does_not_exist():
    black_and_white = np.zeros(256, dtype=np.int64)
    black_and_white[[0, 255]] = 900, 100
    assert multi_otsu(black_and_white, 2) is None
    assert multi_otsu(black_and_white, 6) is None
    assert quantile(black_and_white, 3) is None


def test_all_is_every_kind_for_every_number_of_cuts_and_the_paper():
    found = references("all", PIXELS, 8, ENCODINGS, sign_mnist=False)
    assert len(found) == 3 * 8 + 8
    assert {(r.name, len(r.binarization.cut_points)) for r in found if r.name != "paper"} == {
        (name, k) for name in COMPUTED for k in range(1, 9)
    }


def test_the_papers_eight_settings_are_ranges():
    found = references("paper", PIXELS, 8, ENCODINGS, sign_mnist=True)
    assert {r.binarization.cut_points.ranges for r in found} == set(PAPER)
    assert {r.binarization.encoding for r in found} == {"range"}


def test_auto_leaves_the_paper_to_its_own_pictures():
    assert {r.name for r in references("auto", PIXELS, 8, ENCODINGS, sign_mnist=False)} == set(COMPUTED)
    assert {r.name for r in references("auto", PIXELS, 8, ENCODINGS, sign_mnist=True)} == {*COMPUTED, "paper"}


def test_none_is_none_and_the_number_of_cuts_is_a_limit():
    assert references("none", PIXELS, 8, ENCODINGS, sign_mnist=True) == []
    assert max(len(r.binarization.cut_points) for r in references("all", PIXELS, 3, ENCODINGS, True)) == 3


def test_the_order_gives_variety_early():
    early = references("all", PIXELS, 8, ENCODINGS, sign_mnist=True)[:8]
    assert {r.name for r in early} == {*COMPUTED, "paper"}
    assert len({len(r.binarization.cut_points) for r in early}) >= 5
    assert {r.binarization.encoding for r in early} == set(ENCODINGS)


def test_no_reference_comes_twice():
    even = np.ones(256, dtype=np.int64)  # uniform and quantile cuts coincide
    found = [r.binarization for r in references("all", even, 8, ("range",), sign_mnist=True)]
    assert len(found) == len(set(found))
