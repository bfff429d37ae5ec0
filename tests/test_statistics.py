"""Intervals over photos and seeds."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest, norm, t

from benchmarks.coverage import Row, simulate
from search.confirmation.statistics import Difference, difference, estimate, majority, majority_correct, per_photo
from search.evaluation.intervals import Bootstrap, Seeds, effective_photos, exact, exact_difference, seeds_of, stretched
from search.evaluation.objective import standard_error

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
    found = difference(shares, np.full((4, 20), 0.5), np.arange(20))
    variance = variance_by_mean_squares(shares)
    of_photos, of_seeds = shares.mean(axis=0).var(ddof=1) / 20, shares.mean(axis=1).var(ddof=1) / 4
    assert variance > 1.2 * of_photos  # or there were nothing to tell apart
    df = max(3, variance**2 / (of_photos**2 / 19 + of_seeds**2 / 3))
    assert found.high - found.low == pytest.approx(2 * t.ppf(0.975, df) * np.sqrt(variance), rel=0.02)


def test_with_few_photos_what_the_bootstrap_gives_is_students():
    shares, sizes = np.random.default_rng(9).uniform(0.4, 0.6, (1, 10)).repeat(2, axis=0), np.ones(10, dtype=np.int64)
    seeds, how = [seeds_of(shares, sizes)] * 2, Bootstrap("percentile", 0, 9999)
    low, high = stretched(shares.sum(axis=0) - 1, 2 * sizes, seeds, how)
    assert high - low == pytest.approx(2 * t.ppf(0.975, 9) * shares[0].std(ddof=1) / np.sqrt(10), rel=0.02)
    found = difference(shares, np.full((2, 10), 0.5), np.arange(10))
    assert found.low <= low < high <= found.high


def test_the_difference_pairs_photos_and_adds_the_seeds_of_both():
    rng = np.random.default_rng(1)
    photo = rng.normal(0, 0.15, 400)
    ours, theirs = (two_way(400, 100, 0.02, 0.06, 0.05, rng) + photo for _ in range(2))
    ours, theirs = ours.clip(0, 1), theirs.clip(0, 1)
    found = difference(ours, theirs, np.arange(400))
    true = 2 * 0.02**2 / 400 + 0.06**2 * 2 / 100 + 0.05**2 / 400 * 2 / 100
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


def test_a_constant_difference_leaves_the_doubt_about_a_photo_of_another_kind():
    rng = np.random.default_rng(3)
    rival = rng.uniform(0, 0.5, (1, 60)).repeat(3, axis=0)
    found = difference(rival + 0.25, rival, np.arange(60))
    # The design effect of 60 photos that do not vary is 0, and that of half an unseen photo is 1.
    photos = 60 / (0.5 / 60.5)
    gain, loss = exact(0.25, photos), exact(0, photos)
    assert found.mean == pytest.approx(0.25)
    assert found.low == pytest.approx(0.25 - np.hypot(0.25 - gain[0], loss[1]))
    assert found.high == pytest.approx(gain[1])
    assert found.verdict == "better"
    assert difference(rival, rival + 0.25, np.arange(60)).verdict == "worse"


def test_everything_right_is_not_certainty():
    found = estimate(np.ones((3, 100), bool), np.repeat(np.arange(50), 2))
    assert (found.mean, found.sd, found.high) == (1, 0, 1)
    assert found.low == pytest.approx(0.025 ** (1 / 50))
    assert estimate(np.zeros((3, 50), bool), np.arange(50)).high == pytest.approx(1 - 0.025 ** (1 / 50))


def test_two_perfect_models_differ_by_less_than_four_photos():
    """The exact binomial interval of gains and of losses: 1.16 points of 316 photos, 3.7 photos."""
    right, groups = np.ones((10, 316 * 3), bool), np.repeat(np.arange(316), 3)
    found = difference(right, right[:3], groups)
    assert found.mean == 0
    assert (found.low, found.high) == pytest.approx((0.025 ** (1 / 316) - 1, 1 - 0.025 ** (1 / 316)))
    assert found.high == pytest.approx(-np.log(0.025) / 316, rel=0.01)
    assert found.verdict == "tied"


def test_photos_of_unequal_sizes_count_as_fewer():
    sizes = np.array([1, 1, 1, 1, 16])
    assert effective_photos(np.zeros(5), sizes) == pytest.approx(20**2 / (4 + 256))
    found = estimate(np.ones((2, 20), bool), np.repeat(np.arange(5), sizes))
    assert found.low == pytest.approx(0.025 ** (260 / 400))


def test_photos_that_are_wholly_wrong_have_the_exact_binomial_interval():
    """When each photo is right or wrong altogether, the design effect is 1 (but for G / (G - 1)), seen or unseen."""
    correct = np.ones((5, 316), bool)
    correct[:, :2] = False
    found = estimate(correct, np.arange(316))
    low, high = binomtest(314, 316).proportion_ci(0.95)
    assert found.low == pytest.approx(low, abs=1e-4)
    assert found.high >= high - 1e-4


def test_photos_that_are_wrong_in_part_say_more_than_whole_ones():
    """Of 20 photos 0.1 is wrong: the design effect is 0.1 (less p²), and that of half an unseen photo is 1."""
    parts, sizes = np.r_[np.full(20, 0.1), np.zeros(296)], np.ones(316, dtype=np.int64)
    p = 2 / 316
    seen = (0.1 * p - p**2) * 316 / 315 / (p * (1 - p))
    assert effective_photos(parts, sizes) == pytest.approx(316 / ((20 * seen + 0.5) / 20.5))
    assert effective_photos(1 - parts, sizes) == pytest.approx(effective_photos(parts, sizes))


def test_gains_and_losses_make_the_difference():
    """Of 100 photos 8 are gained and 2 lost: Zou and Donner's equation, written out."""
    photos = np.r_[np.ones(8), -np.ones(2), np.zeros(90)]
    number = effective_photos(np.abs(photos), np.ones(100, dtype=np.int64))
    (g_low, g_high), (l_low, l_high) = exact(0.08, number), exact(0.02, number)
    assert exact_difference(photos, np.ones(100, dtype=np.int64)) == pytest.approx(
        (
            0.06 - np.sqrt((0.08 - g_low) ** 2 + (l_high - 0.02) ** 2),
            0.06 + np.sqrt((g_high - 0.08) ** 2 + (0.02 - l_low) ** 2),
        )
    )
    assert exact(0.08, 100) == pytest.approx(tuple(binomtest(8, 100).proportion_ci(0.95)))


@settings(max_examples=25, deadline=None)
@given(two_models())
def test_no_interval_is_a_point_and_the_verdict_is_its_place(models):
    ours, theirs, groups = models
    found = difference(ours, theirs, groups, resamples=99)
    assert found.low < found.high
    assert (found.verdict == "tied") == (found.low <= 0 <= found.high)
    assert found.low <= found.mean <= found.high
    alone = estimate(ours, groups, resamples=99)
    assert alone.low < alone.high


def test_what_seeds_add_to_all_photos_makes_a_difference_less_sure():
    """Signs of photos do not show it: without, equals are called different in up to one of five cases."""
    rng = np.random.default_rng(12)
    photo, shift = rng.normal(0.02, 0.05, 60), np.array([-0.04, 0, 0.04])[:, None]
    rival, groups = np.full((3, 60), 0.5), np.arange(60)
    without, found = difference(rival + photo, rival, groups), difference(rival + photo + shift, rival, groups)
    assert found.mean == pytest.approx(without.mean)
    of_photos, of_seeds = (photo**2).sum() / 60**2, 0.04**2 / 3
    assert norm.isf(found.p / 2) == pytest.approx(norm.isf(without.p / 2) * np.sqrt(of_photos / (of_photos + of_seeds)))


def test_the_degrees_of_freedom_are_never_fewer_than_the_seeds_have():
    """A gain and a loss of one variant each, and seeds whose variance is all interaction: t of few degrees is vast."""
    photos, weights = np.r_[1.0, -1.0, np.zeros(314)], np.full(316, 1000)
    seeds = [Seeds(alone=0.0, whole=1e-6, df=2)]
    low, high = stretched(photos, weights, seeds, Bootstrap("percentile", 0, 999))
    assert high - low == pytest.approx(2 * t.ppf(0.975, 2) * np.sqrt(2) / weights.sum(), rel=0.2)


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
    seeds = min(len(ours), len(theirs))
    one = difference(ours[:seeds], theirs[:seeds], groups, 7, 99)
    other = difference(ours[:seeds][::-1], theirs[:seeds], names, 7, 99)
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
@given(two_models())
def test_a_pair_is_judged_on_as_many_trainings_of_each(models):
    """Of unequal numbers the first ones: what the one with more seeds has in addition says nothing of the other."""
    ours, theirs, groups = models
    s = min(len(ours), len(theirs))
    assert difference(ours, theirs, groups, 0, 99) == difference(ours[:s], theirs[:s], groups, 0, 99)


def test_of_equals_near_one_hundred_per_cent_the_one_with_more_seeds_is_not_called_worse():
    """On all of 10 against 3 seeds it was in 5.3 % of cases, where 2.5 are promised."""
    drawn = simulate(Row(10, 0.0003, 0.0, 0.999, rivals_seeds=3), simulations=300, resamples=199, seed=1)
    for verdict in ("worse", "better"):
        times = sum(d.difference.verdict == verdict for d in drawn)
        assert binomtest(times, len(drawn), 0.025, "greater").pvalue > 0.05, times


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
        (np.full((2, 4), 23), np.arange(4), "not predicted classes"),
        (np.full((2, 4), np.nan), np.arange(4), "not predicted classes"),
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
