"""The interval of a validation share, whose length is always positive."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest

from search.evaluation.intervals import validation_interval
from search.evaluation.metrics import NORMAL_95
from storage.scores import Scores


@st.composite
def shares(draw):
    """Correct parts and weights of 2 to 60 photos: all correct, none, or some in part."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    weights = rng.integers(1, 22, draw(st.integers(2, 60))).astype(float)
    rate = draw(st.sampled_from([0.0, 0.5, 0.95, 1.0]))
    right = rng.binomial(1, rate, len(weights)) if draw(st.booleans()) else rng.binomial(21, rate, len(weights)) / 21
    return right * weights / weights.sum(), weights / weights.sum()


@settings(max_examples=200, deadline=None)
@given(shares())
def test_it_contains_the_value_and_the_interval_of_standard_errors(found):
    by_photo, weights = found
    low, high = validation_interval(by_photo, weights)
    arm = NORMAL_95 * Scores(by_photo, weights).standard_error
    value = by_photo.sum()
    assert 0 <= low <= value + 1e-12
    assert value - 1e-12 <= high <= 1
    assert low <= max(0, value - arm) + 1e-12
    assert high >= min(1, value + arm) - 1e-12
    assert high - low > 1e-3


@settings(max_examples=100, deadline=None)
@given(shares(), st.integers(0, 100))
def test_it_does_not_depend_on_the_order_of_photos_and_is_mirrored_for_the_error_rate(found, seed):
    by_photo, weights = found
    order = np.random.default_rng(seed).permutation(len(weights))
    low, high = validation_interval(by_photo, weights)
    assert validation_interval(by_photo[order], weights[order]) == pytest.approx((low, high))
    assert validation_interval(weights - by_photo, weights) == pytest.approx((1 - high, 1 - low), abs=1e-9)


@settings(max_examples=100, deadline=None)
@given(shares())
def test_scores_stored_as_float32_have_the_same_interval(found):
    by_photo, weights = found
    kept = validation_interval(by_photo.astype("<f4"), weights.astype("<f4"))
    assert kept == pytest.approx(validation_interval(by_photo, weights), abs=1e-4)


@pytest.mark.parametrize("photos", [1, 2, 97, 1240])
def test_without_errors_it_is_the_exact_binomial_interval(photos):
    even = np.full(photos, 1 / photos)
    assert validation_interval(even, even) == pytest.approx((0.025 ** (1 / photos), 1))
    assert validation_interval(0 * even, even) == pytest.approx((0, 1 - 0.025 ** (1 / photos)))


def test_with_few_errors_it_contains_the_exact_binomial_interval():
    even = np.full(97, 1 / 97)
    low, high = validation_interval(np.r_[0, 0, even[2:]], even)
    exact = binomtest(95, 97).proportion_ci(0.95)
    assert low == pytest.approx(exact.low, abs=1e-3)
    assert high >= exact.high - 1e-4


@pytest.mark.parametrize("wrong", [([0.6], [0.5]), ([-0.1, 0.2], [0.5, 0.5]), ([0.1], [0.5, 0.5]), ([np.nan], [1])])
def test_values_that_are_not_shares_are_refused(wrong):
    with pytest.raises(ValueError, match=r"share of weights|shape"):
        validation_interval(*(np.array(each, float) for each in wrong))
