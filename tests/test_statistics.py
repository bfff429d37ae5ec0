"""Intervals over photos and seeds."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest, norm, t

from benchmarks.coverage import Row, covered, simulate
from search.objective import standard_error
from search.statistics import Difference, difference, estimate, majority, majority_correct, per_photo

Z = norm.ppf(0.975)


@st.composite
def two_models(draw):
    """Correctness of two models with their own numbers of seeds, and photo groups of 1 to 5 variants."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    groups = rng.permutation(np.repeat(np.arange(draw(st.integers(5, 40))), draw(st.integers(1, 5))))
    rates = draw(st.tuples(st.floats(0, 1), st.floats(0, 1)))
    ours, theirs = (rng.random((draw(st.integers(2, 5)), len(groups))) < rate for rate in rates)
    return ours, theirs, groups


def two_way(photos, seeds, of_photo, of_seed, of_both, rng):
    """Shares of right variants, (S, G), around one half, from normal effects with these standard deviations."""
    effects = rng.normal(0, of_photo, photos) + rng.normal(0, of_seed, (seeds, 1))
    return np.clip(0.5 + effects + rng.normal(0, of_both, (seeds, photos)), 0, 1)


def variance_by_mean_squares(shares):
    """Of the mean, by textbook two-way analysis of variance: (MS photos + MS seeds - MS interaction) / (G S)."""
    s, g = shares.shape
    by_seed, by_photo = shares.mean(axis=1, keepdims=True), shares.mean(axis=0, keepdims=True)
    of_both = ((shares - by_seed - by_photo + shares.mean()) ** 2).sum() / ((s - 1) * (g - 1))
    return (s * by_photo.var(ddof=1) + g * by_seed.var(ddof=1) - of_both) / (g * s)


def test_with_many_photos_and_seeds_the_interval_is_the_normal_one():
    shares = two_way(400, 200, 0.1, 0.08, 0.1, np.random.default_rng(0))
    found = estimate(shares, np.arange(400))
    true = 0.1**2 / 400 + 0.08**2 / 200 + 0.1**2 / (400 * 200)
    assert found.high - found.low == pytest.approx(2 * Z * np.sqrt(variance_by_mean_squares(shares)), rel=0.02)
    assert found.high - found.low == pytest.approx(2 * Z * np.sqrt(true), rel=0.12)


def test_with_few_the_interaction_counts_once_and_students_t_is_wide():
    shares = two_way(20, 4, 0.02, 0.08, 0.15, np.random.default_rng(10))
    found = difference(shares, np.full((2, 20), 0.5), np.arange(20))
    variance = variance_by_mean_squares(shares)
    of_photos, of_seeds = shares.mean(axis=0).var(ddof=1) / 20, shares.mean(axis=1).var(ddof=1) / 4
    assert variance > 1.2 * of_photos  # or there were nothing to tell apart
    df = variance**2 / (of_photos**2 / 19 + of_seeds**2 / 3)
    assert found.high - found.low == pytest.approx(2 * t.ppf(0.975, df) * np.sqrt(variance), rel=0.02)


def test_with_few_photos_the_interval_is_students():
    shares = np.random.default_rng(9).uniform(0.4, 0.6, (1, 10)).repeat(2, axis=0)
    found = difference(shares, np.full((2, 10), 0.5), np.arange(10))
    assert found.high - found.low == pytest.approx(2 * t.ppf(0.975, 9) * shares[0].std(ddof=1) / np.sqrt(10), rel=0.02)


def test_the_difference_pairs_photos_and_adds_the_seeds_of_both():
    rng = np.random.default_rng(1)
    photo = rng.normal(0, 0.15, 400)
    ours, theirs = (two_way(400, s, 0.02, 0.06, 0.05, rng) + photo for s in (150, 100))
    ours, theirs = ours.clip(0, 1), theirs.clip(0, 1)
    found = difference(ours, theirs, np.arange(400))
    true = 2 * 0.02**2 / 400 + 0.06**2 * (1 / 150 + 1 / 100) + 0.05**2 / 400 * (1 / 150 + 1 / 100)
    assert found.high - found.low == pytest.approx(2 * Z * np.sqrt(true), rel=0.12)


def test_two_seeds_alone_have_the_interval_of_students_t():
    shares = np.tile(np.array([[0.50], [0.52]]), (1, 30))
    found = estimate(shares, np.arange(30))
    assert (found.low, found.high) == pytest.approx((0.51 - 12.7062 * 0.01, 0.51 + 12.7062 * 0.01), abs=1e-5)
    assert found.sd == pytest.approx(0.02 / np.sqrt(2))


def test_equal_trainings_leave_the_standard_error_over_photos():
    rng = np.random.default_rng(2)
    groups = np.repeat(np.arange(1000), 3)
    correct = np.tile((rng.random(1000) < 0.5)[groups], (4, 1))
    found = estimate(correct, groups)
    assert found.high - found.low == pytest.approx(
        2 * Z * standard_error(correct[0], groups, np.ones(len(groups))), rel=0.03
    )


def test_a_constant_difference_is_known_exactly():
    rng = np.random.default_rng(3)
    rival = rng.uniform(0, 0.5, (1, 60)).repeat(3, axis=0)
    found = difference(rival + 0.25, rival, np.arange(60))
    assert (found.mean, found.low, found.high) == pytest.approx((0.25, 0.25, 0.25))
    assert found.verdict == "better"
    assert difference(rival, rival + 0.25, np.arange(60)).verdict == "worse"


def test_everything_right_is_not_certainty():
    found = estimate(np.ones((3, 100), bool), np.repeat(np.arange(50), 2))
    assert (found.mean, found.sd, found.high) == (1, 0, 1)
    assert found.low == pytest.approx(0.025 ** (1 / 50))
    assert estimate(np.zeros((3, 50), bool), np.arange(50)).high == pytest.approx(1 - 0.025 ** (1 / 50))


@pytest.mark.parametrize(("low", "high", "verdict"), [(0.1, 0.2, "better"), (-0.2, -0.1, "worse"), (0, 0.1, "tied")])
def test_a_verdict_needs_an_interval_without_zero(low, high, verdict):
    assert Difference((low + high) / 2, low, high, p=0.01).verdict == verdict
    assert Difference((low + high) / 2, low, high, p=0.06).verdict == "tied"


@settings(max_examples=25, deadline=None)
@given(two_models())
def test_a_model_is_tied_with_itself(models):
    ours, _, groups = models
    found = difference(ours, ours, groups, resamples=99)
    assert found.mean == 0
    assert found.verdict == "tied"


@settings(max_examples=25, deadline=None)
@given(two_models())
def test_exchanging_the_models_changes_the_signs(models):
    ours, theirs, groups = models
    one = difference(ours, theirs, groups, resamples=99)
    other = difference(theirs, ours, groups, resamples=99)
    assert (other.mean, other.low, other.high) == pytest.approx((-one.mean, -one.high, -one.low), abs=1e-12)


@settings(max_examples=25, deadline=None)
@given(two_models(), st.integers(0, 100))
def test_numbers_of_photos_and_order_of_seeds_do_not_matter(models, seed):
    ours, theirs, groups = models
    names = np.random.default_rng(seed).permutation(1000)[groups]
    one, other = difference(ours, theirs, groups, 7, 99), difference(ours[::-1], theirs, names, 7, 99)
    assert (other.mean, other.low, other.high) == pytest.approx((one.mean, one.low, one.high), abs=1e-12)


@settings(max_examples=25, deadline=None)
@given(two_models(), st.integers(2, 4))
def test_more_copies_of_every_picture_say_nothing_new(models, copies):
    ours, _, groups = models
    one = estimate(ours, groups, resamples=99)
    other = estimate(ours.repeat(copies, axis=1), groups.repeat(copies), resamples=99)
    assert (other.mean, other.low, other.high) == pytest.approx((one.mean, one.low, one.high), abs=1e-12)


@settings(max_examples=25, deadline=None)
@given(two_models())
def test_sums_of_photos_give_the_mean_over_pictures(models):
    ours, _, groups = models
    sums, sizes = per_photo(ours, groups)
    assert sums.sum() / sizes.sum() / len(ours) == pytest.approx(ours.mean())
    first = groups == groups[0]
    assert (sums[:, 0] == ours[:, first].sum(axis=1)).all()
    assert sizes[0] == first.sum()


def test_the_same_seed_gives_the_same_interval():
    rng = np.random.default_rng(4)
    correct, groups = rng.random((3, 200)) < 0.9, np.arange(200)
    assert estimate(correct, groups, 1) == estimate(correct, groups, 1)
    assert estimate(correct, groups, 1) != estimate(correct, groups, 2)


def test_intervals_hold_the_truth_as_often_as_they_say():
    """Seeds that move an accuracy by a point: an interval over photos alone would hold 83 and 74 %."""
    row = Row(seeds=3, seeds_sd=0.01, truth=0.0)
    drawn = simulate(row, simulations=200, resamples=199, seed=5)
    estimates = sum(d.estimate.low <= row.accuracy <= d.estimate.high for d in drawn)
    differences = sum(d.difference.low <= 0 <= d.difference.high for d in drawn)
    for hits in (estimates, differences):
        low, high = binomtest(hits, len(drawn)).proportion_ci(0.99)
        assert low <= 0.95 <= high, hits / len(drawn)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_a_photo_is_what_most_of_its_variants_are(seed):
    rng = np.random.default_rng(seed)
    groups = rng.integers(0, 6, 30)
    groups[:2] = 0, 1
    predicted = rng.integers(0, 3, (2, 30))
    found = majority(predicted, groups)
    for column, group in enumerate(dict.fromkeys(groups.tolist())):
        for row, classes in zip(found, predicted, strict=True):
            (first, votes), *others = Counter(classes[groups == group].tolist()).most_common()
            assert row[column] == (-1 if others and others[0][1] == votes else first)


def test_a_photo_is_right_when_its_majority_is():
    predicted, groups = np.array([[1, 1, 0, 2, 2, 0], [0, 0, 1, 1, 1, 2]]), np.array([7, 7, 7, 3, 3, 3])
    labels = np.array([1, 1, 1, 2, 2, 2])
    assert majority_correct(predicted, labels, groups).tolist() == [[True, True], [False, False]]
    with pytest.raises(ValueError, match="more than one label"):
        majority_correct(predicted, np.array([1, 1, 0, 2, 2, 2]), groups)


def test_a_tie_between_classes_is_wrong():
    predicted, groups = np.array([[0, 1, 2, 2], [1, 1, 2, 0]]), np.array([0, 0, 1, 1])
    assert majority(predicted, groups).tolist() == [[-1, 2], [1, -1]]


@pytest.mark.parametrize(
    ("correct", "groups", "message"),
    [
        (np.ones((1, 4)), np.arange(4), "at least two"),
        (np.ones((2, 4)), np.zeros(4, int), "1 photo"),
        (np.ones((2, 4)), np.arange(3), r"\(2, 4\) and \(3,\)"),
        (np.ones(4), np.arange(4), r"\(4,\) and \(4,\)"),
        (np.full((2, 4), 23), np.arange(4), "not which class"),
        (np.full((2, 4), np.nan), np.arange(4), "not which class"),
    ],
)
def test_what_has_no_interval_is_refused(correct, groups, message):
    with pytest.raises(ValueError, match=message):
        estimate(correct, groups)
    with pytest.raises(ValueError, match=message):
        difference(correct, correct, groups)


def test_classes_are_not_negative():
    with pytest.raises(ValueError, match="-1 is negative"):
        majority(np.array([[0, -1], [0, 0]]), np.arange(2))
    with pytest.raises(ValueError, match="labels have shape"):
        majority_correct(np.zeros((2, 2), int), np.zeros(3, int), np.arange(2))


@pytest.mark.parametrize(("photos", "p", "verdict"), [(3, 2 / 8, "tied"), (4, 2 / 16, "tied"), (6, 2 / 64, "better")])
def test_a_few_photos_that_agree_prove_nothing_near_100_percent(photos, p, verdict):
    """One model is always right, the other always wrong on the same few photos: as likely as coins that agree."""
    groups = np.repeat(np.arange(316), 3)
    right = np.ones((10, len(groups)), dtype=bool)
    rival = right & (groups >= photos)
    found = difference(right, rival, groups)
    assert found.p == pytest.approx(p)
    assert found.verdict == verdict


def perfect(photos, seeds=3):
    return np.ones((seeds, photos), dtype=bool)


def test_two_models_without_an_error_may_differ_by_what_as_many_photos_cannot_exclude():
    """With no photo in doubt the limit is that of a Poisson count of none: -ln 0.025 of as many photos."""
    found = difference(perfect(316), perfect(316), np.arange(316))
    assert (found.low, found.high) == pytest.approx((np.log(0.025) / 316, -np.log(0.025) / 316))
    assert found.verdict == "tied"


def test_a_photo_in_doubt_makes_no_accuracy_more_certain_than_none_in_doubt():
    groups, almost = np.arange(316), perfect(316)
    almost[0, 0] = False
    assert estimate(almost, groups).low < estimate(perfect(316), groups).low


@given(st.integers(0, 6), st.integers(0, 6), st.integers(0, 2**32 - 1))
def test_near_100_percent_exchanging_the_models_changes_the_signs_too(wrong, rivals_wrong, seed):
    rng, pair = np.random.default_rng(seed), []
    for each in (wrong, rivals_wrong):
        correct = perfect(100)
        correct[:, rng.choice(100, each, replace=False)] = False
        pair.append(correct)
    there, back = (difference(a, b, np.arange(100), resamples=99) for a, b in (pair, pair[::-1]))
    assert (there.low, there.high, there.p) == pytest.approx((-back.high, -back.low, back.p))


@pytest.mark.parametrize(("accuracy", "truth"), [(0.998, 0.0), (0.9999, 0.001)])
def test_near_100_percent_intervals_hold_the_truth_too(accuracy, truth):
    drawn = simulate(Row(10, 0.0001, truth, accuracy), 60, 99, 0)
    assert covered([each.estimate for each in drawn], accuracy) >= 0.9
    assert covered([each.difference for each in drawn], truth) >= 0.9
