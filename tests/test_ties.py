"""Who cannot be told from the best of a study."""

import gc

import numpy as np
import pytest
from scipy.stats import binomtest, norm

from benchmarks.ties import Row, shares
from search.deploy.ties import PRIOR_DF, SEEDS_OF_LOSS, SEEDS_OF_SHARES, Candidate, seed_variance, tied
from storage.scores import Scores


@pytest.fixture(autouse=True, scope="module")
def no_garbage():
    """statsmodels collects garbage at every call, which takes a quarter of a second beside all that tests import."""
    gc.freeze()
    yield
    gc.unfreeze()


def candidate(*trials, standard_error=0.0):
    return Candidate(float(np.mean(trials)), trials, standard_error)


def test_without_replicates_the_seeds_vary_as_the_prior_says():
    """Two trainings that differ on no photo alone: sd 0.0041 at 95.5 %, so of the difference 0.0063."""
    sd = np.sqrt(SEEDS_OF_SHARES * 0.955 * 0.045)
    assert sd == pytest.approx(0.0044, abs=1e-4)
    for share, wanted in ((0.9, True), (1.1, False)):
        less = share * norm.ppf(0.975) * sd * np.sqrt(2)
        assert tied([candidate(0.955 + less / 2), candidate(0.955 - less / 2)], True).tolist() == [True, wanted]


def test_near_one_hundred_per_cent_seeds_move_less():
    assert tied([candidate(0.98), candidate(0.972)], True).all()
    assert not tied([candidate(1.0), candidate(0.992)], True).all()


def test_a_value_that_is_the_mean_of_more_trainings_varies_less():
    pair = [candidate(0.98), candidate(0.972)]
    assert tied(pair, True, trainings=1).all()
    assert not tied(pair, True, trainings=5).all()


def test_replicates_say_how_much_seeds_vary():
    prior = SEEDS_OF_SHARES
    assert seed_variance([candidate(0.9), candidate(0.8)], True, 1) == prior
    many = [candidate(0.5 - 0.02, 0.5 + 0.02) for _ in range(400)]
    pooled = (2 * 0.02**2 / 0.25 * 400 + PRIOR_DF * prior) / (400 + PRIOR_DF)
    assert seed_variance(many, True, 1) == pytest.approx(pooled)
    assert seed_variance([candidate(1.0, 1.0), candidate(0.9)], True, 1) == prior
    assert seed_variance([candidate(0.2)], False, 2) == SEEDS_OF_LOSS / 2


def test_what_is_told_from_the_best_of_two_may_be_tied_with_the_best_of_many():
    best, other = candidate(0.98), candidate(0.968)
    assert not tied([best, other], True)[1]
    assert tied([best, *[candidate(0.979)] * 50, other], True)[-1]


def test_those_that_are_clearly_worse_do_not_hide_one_that_is_worse():
    best, other, hopeless = candidate(0.98), candidate(0.968), candidate(0.5)
    assert not tied([best, other, *[hopeless] * 200], True)[1]


def test_photos_are_paired():
    """Both miss the same photos and one ten more: of different photos that would be tied."""
    right, fewer = np.ones(100), np.ones(100)
    right[:30], fewer[:42] = 0, 0
    even = np.full(100, 0.01)
    found = [Candidate(0.01 * x.sum(), [0.01 * x.sum()], 0.047, Scores(x * even, even)) for x in (right, fewer)]
    assert tied(found, True).tolist() == [True, False]
    assert tied([candidate(each.value, standard_error=0.047) for each in found], True).all()


def test_one_candidate_and_equal_ones_without_any_variance_are_tied():
    assert tied([candidate(1.0)], True).tolist() == [True]
    assert tied([candidate(1.0), candidate(1.0)], True).all()


@pytest.mark.parametrize("row", [Row(0.98, 0.05, 0.003), Row(0.98, 0.05, 0.003, 30), Row(0.98, 0.05, 0.006, 30, 10, 3)])
def test_one_that_is_as_good_is_seldom_told_from_the_luckiest(row):
    """By the interval over photos alone it is told in 40 and 70 of 100 studies where the best is one of thirty."""
    before, after = shares(row, 0.0, 100, 0)
    assert binomtest(round(100 * after), 100, 0.05, "greater").pvalue > 0.05
    assert after <= before
    assert row.candidates == 2 or before > 0.25


def test_one_that_is_much_worse_is_told():
    assert shares(Row(0.98, 0.05, 0.003, 30), 0.04, 40, 0)[1] > 0.8
