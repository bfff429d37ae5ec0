"""Verdicts over a whole table of comparisons."""

import gc
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest, norm

from search.binarization.binarization import Binarization, Greyscale
from search.binarization.cut_points import CutPoints
from search.confirmation.cells import verdict
from search.confirmation.findings import Comparison
from search.confirmation.statistics import Difference
from search.confirmation.verdicts import judged
from tests.confirmed import confirmed
from tests.confirmed import findings as made

GREYSCALE = Greyscale()


@pytest.fixture(autouse=True, scope="module")
def no_garbage():
    """statsmodels collects garbage at every call, which takes a quarter of a second beside all that tests import."""
    gc.freeze()
    yield
    gc.unfreeze()


def numbered(i):
    """The i-th input of a table."""
    return Binarization(CutPoints((i + 1,)), "thermometer")


def comparison(to, mean, half, p=None):
    """A comparison whose interval has this half width; p of the normal distribution that it belongs to."""
    low, high = mean - half, mean + half
    p = float(2 * norm.sf(abs(mean) / (half / norm.ppf(0.975)))) if p is None else p
    return Comparison(to, *(round(each, 6) for each in (mean, low, high, p)))


def findings(*rows):
    """Entries with consecutive inputs, from their comparisons by column."""
    return made(*(confirmed(numbered(i), **row) for i, row in enumerate(rows)))


def of_column(found, column="greyscale"):
    return [entry.against.get(column) for entry in found.entries]


def verdicts(found, column="greyscale", margin=None):
    return [each and each.verdict for each in of_column(judged(found, margin), column)]


def shown(comparison):
    """The difference as a table shows it."""
    return verdict(replace(comparison, verdict=""), interval=False)


means = st.one_of(st.floats(-0.05, 0.05).map(lambda x: round(x, 3)), st.integers(-20, 20).map(lambda n: n * 0.00025))
halves = st.floats(0.0005, 0.03)
tables = st.lists(st.tuples(means, halves), min_size=1, max_size=12).map(
    lambda rows: findings(*({"greyscale": comparison(GREYSCALE, *row)} for row in rows))
)


@pytest.mark.parametrize("mean", [0.00125, -0.00125, 0.00375])
def test_what_is_shown_as_equal_is_judged_as_equal_also_where_floats_round_to_either_side(mean):
    near = mean - 1e-6 * np.sign(mean)
    found = findings(
        {"greyscale": comparison(GREYSCALE, mean, 0.0002)}, {"greyscale": comparison(GREYSCALE, near, 0.02)}
    )
    first, second = of_column(judged(found))
    assert first.verdict in ("better", "worse")
    assert (second.verdict == "unclear") == (shown(first) == shown(second))


@given(tables, st.none() | st.floats(0.001, 0.1))
def test_no_tie_is_contradicted_by_an_entry_with_the_same_difference_nor_by_its_own_interval(found, margin):
    entries = of_column(judged(found, margin))
    told = {shown(each) for each in entries if each.verdict in ("better", "worse")}
    for each in entries:
        if each.verdict == "tied":
            assert shown(each) not in told
            assert each.low <= 0 <= each.high
        if each.verdict in ("better", "worse"):
            assert each.p_adjusted <= 0.05
            assert each.low > 0 or each.high < 0


@given(tables)
def test_of_several_the_smallest_p_counts_as_often_as_there_are_and_never_less_than_one_before(found):
    pairs = sorted((each.p, each.p_adjusted) for each in of_column(judged(found)))
    highest = 0.0
    for i, (p, adjusted) in enumerate(pairs):
        highest = min(1.0, max(highest, p * (len(pairs) - i)))
        assert adjusted == pytest.approx(highest, abs=2e-6)


def test_one_comparison_alone_is_judged_as_it_was():
    for mean, half in ((0.02, 0.01), (-0.02, 0.01), (0.005, 0.01)):
        one = comparison(GREYSCALE, mean, half)
        alone = Difference(one.mean, one.low, one.high, one.p)
        assert verdicts(findings({"greyscale": one})) == [alone.verdict]


def test_what_the_correction_alone_keeps_from_a_verdict_is_unclear():
    """p is 0.03 for one of four: better alone, and unclear among four."""
    luckiest, others = comparison(GREYSCALE, 0.011, 0.01), [comparison(GREYSCALE, 0.001, 0.01)] * 3
    assert verdicts(findings({"greyscale": luckiest})) == ["better"]
    assert verdicts(findings(*({"greyscale": each} for each in (luckiest, *others)))) == ["unclear", *["tied"] * 3]


def test_an_entry_with_the_same_difference_as_one_that_is_told_apart_is_unclear():
    table = findings(
        {"greyscale": comparison(GREYSCALE, -0.01, 0.002)},
        {"greyscale": comparison(GREYSCALE, -0.010049, 0.02)},  # shown as -1.00, too
        {"greyscale": comparison(GREYSCALE, -0.0102, 0.02)},
        {"greyscale": comparison(GREYSCALE, 0.01, 0.02)},
    )
    assert verdicts(table) == ["worse", "unclear", "tied", "tied"]


def test_of_other_rivals_the_same_difference_says_nothing():
    table = findings(
        {"reference_within_bits": comparison(numbered(20), -0.01, 0.002)},
        {"reference_within_bits": comparison(numbered(21), -0.01, 0.02)},
    )
    assert verdicts(table, "reference_within_bits") == ["worse", "tied"]


def test_what_lies_within_the_margin_is_equivalent_whatever_else_holds():
    table = findings(
        {"greyscale": comparison(GREYSCALE, 0.001, 0.003)},
        {"greyscale": comparison(GREYSCALE, -0.002, 0.001)},
        {"greyscale": comparison(GREYSCALE, 0.001, 0.006)},
        {},
    )
    assert verdicts(table) == ["tied", "worse", "tied", None]
    assert verdicts(table, margin=0.005) == ["equivalent", "equivalent", "tied", None]
    for one, other in zip(of_column(judged(table)), of_column(judged(table, 0.005)), strict=True):
        assert (one and replace(one, verdict="")) == (other and replace(other, verdict=""))


def test_a_pair_that_stands_in_two_columns_has_one_verdict():
    one = comparison(numbered(1), 0.011, 0.01)  # p is 0.03
    rows = [{"best_reference": one, "reference_within_bits": one}]
    rows.append({"rival": comparison(numbered(0), -0.011, 0.01)})
    rows += [{"best_reference": comparison(numbered(1), 0.0, 0.01)}] * 2
    first, second, *_ = judged(findings(*rows)).entries
    found = [first.against["best_reference"], first.against["reference_within_bits"], second.against["rival"]]
    assert [each.verdict for each in found] == ["unclear"] * 3
    assert len({each.p_adjusted for each in found}) == 1


def test_judging_again_changes_nothing():
    table = findings({"greyscale": comparison(GREYSCALE, 0.02, 0.01)}, {})
    assert judged(judged(table, 0.1)) == judged(table)


def test_among_ten_equals_a_confirmation_is_seldom_wrong_about_any():
    """Each alone at 5 %: in about one of four confirmations one of the ten is called better or worse."""
    rng, wrong, alone = np.random.default_rng(0), 0, 0
    for _ in range(400):
        means = 0.01 * (rng.normal(size=10) - rng.normal()) / np.sqrt(2)
        table = findings(*({"greyscale": comparison(GREYSCALE, mean, 0.0196)} for mean in means))
        wrong += any(verdict in ("better", "worse") for verdict in verdicts(table))
        alone += bool((abs(means) > 0.0196).any())
    assert alone > 0.18 * 400
    assert binomtest(wrong, 400, 0.05, "greater").pvalue > 0.05
