"""Verdicts over a whole table of comparisons."""

import gc
import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest, norm

from search.confirmation.cells import verdict
from search.confirmation.statistics import Difference
from search.confirmation.verdicts import judged


@pytest.fixture(autouse=True, scope="module")
def no_garbage():
    """statsmodels collects garbage at every call, which takes a quarter of a second beside all that tests import."""
    gc.freeze()
    yield
    gc.unfreeze()


def comparison(to, mean, half, p=None):
    """A comparison whose interval has this half width; p of the normal distribution that it belongs to."""
    low, high = mean - half, mean + half
    p = float(2 * norm.sf(abs(mean) / (half / norm.ppf(0.975)))) if p is None else p
    return {"to": to, "mean": round(mean, 6), "low": round(low, 6), "high": round(high, 6), "p": round(p, 6)}


def findings(*rows):
    """Entries named a, b, … from their comparisons by column."""
    return {"entries": [{"input": "abcdefghijklmnop"[i], "against": row} for i, row in enumerate(rows)]}


def verdicts(found, column="greyscale", margin=None):
    return [
        entry["against"][column] and entry["against"][column]["verdict"] for entry in judged(found, margin)["entries"]
    ]


def shown(comparison):
    """The difference as a table has it."""
    return verdict({**comparison, "verdict": ""}, interval=False)


means = st.one_of(st.floats(-0.05, 0.05).map(lambda x: round(x, 3)), st.integers(-20, 20).map(lambda n: n * 0.00025))
halves = st.floats(0.0005, 0.03)
tables = st.lists(st.tuples(means, halves), min_size=1, max_size=12).map(
    lambda rows: findings(*({"greyscale": comparison("greyscale", *row)} for row in rows))
)


@pytest.mark.parametrize("mean", [0.00125, -0.00125, 0.00375])
def test_what_is_shown_as_equal_is_judged_as_equal_also_where_floats_round_to_either_side(mean):
    near = mean - 1e-6 * np.sign(mean)
    found = findings(
        {"greyscale": comparison("greyscale", mean, 0.0002)}, {"greyscale": comparison("greyscale", near, 0.02)}
    )
    first, second = (entry["against"]["greyscale"] for entry in judged(found)["entries"])
    assert first["verdict"] in ("better", "worse")
    assert (second["verdict"] == "unclear") == (shown(first) == shown(second))


@given(tables, st.none() | st.floats(0.001, 0.1))
def test_no_tie_is_contradicted_by_an_entry_with_the_same_difference_nor_by_its_own_interval(found, margin):
    entries = [entry["against"]["greyscale"] for entry in judged(found, margin)["entries"]]
    told = {shown(each) for each in entries if each["verdict"] in ("better", "worse")}
    for each in entries:
        if each["verdict"] == "tied":
            assert shown(each) not in told
            assert each["low"] <= 0 <= each["high"]
        if each["verdict"] in ("better", "worse"):
            assert each["p_adjusted"] <= 0.05
            assert each["low"] > 0 or each["high"] < 0


@given(tables)
def test_of_several_the_smallest_p_counts_as_often_as_there_are_and_never_less_than_one_before(found):
    made = judged(found)["entries"]
    pairs = sorted((entry["against"]["greyscale"]["p"], entry["against"]["greyscale"]["p_adjusted"]) for entry in made)
    highest = 0.0
    for i, (p, adjusted) in enumerate(pairs):
        highest = min(1.0, max(highest, p * (len(pairs) - i)))
        assert adjusted == pytest.approx(highest, abs=2e-6)


def test_one_comparison_alone_is_judged_as_it_was():
    for mean, half in ((0.02, 0.01), (-0.02, 0.01), (0.005, 0.01)):
        one = comparison("greyscale", mean, half)
        assert verdicts(findings({"greyscale": one})) == [
            Difference(*(one[k] for k in ("mean", "low", "high", "p"))).verdict
        ]


def test_what_the_correction_alone_keeps_from_a_verdict_is_unclear():
    """p is 0.03 for one of four: better alone, and unclear among four."""
    luckiest, others = comparison("greyscale", 0.011, 0.01), [comparison("greyscale", 0.001, 0.01)] * 3
    assert verdicts(findings({"greyscale": luckiest})) == ["better"]
    assert verdicts(findings(*({"greyscale": each} for each in (luckiest, *others)))) == ["unclear", *["tied"] * 3]


def test_an_entry_with_the_same_difference_as_one_that_is_told_apart_is_unclear():
    table = findings(
        {"greyscale": comparison("greyscale", -0.01, 0.002)},
        {"greyscale": comparison("greyscale", -0.010049, 0.02)},  # shown as -1.00, too
        {"greyscale": comparison("greyscale", -0.0102, 0.02)},
        {"greyscale": comparison("greyscale", 0.01, 0.02)},
    )
    assert verdicts(table) == ["worse", "unclear", "tied", "tied"]


def test_of_other_rivals_the_same_difference_says_nothing():
    table = findings(
        {"reference_within_bits": comparison("x", -0.01, 0.002)},
        {"reference_within_bits": comparison("y", -0.01, 0.02)},
    )
    assert verdicts(table, "reference_within_bits") == ["worse", "tied"]


def test_what_lies_within_the_margin_is_equivalent_whatever_else_holds():
    table = findings(
        {"greyscale": comparison("greyscale", 0.001, 0.003)},
        {"greyscale": comparison("greyscale", -0.002, 0.001)},
        {"greyscale": comparison("greyscale", 0.001, 0.006)},
        {"greyscale": None},
    )
    assert verdicts(table) == ["tied", "worse", "tied", None]
    assert verdicts(table, margin=0.005) == ["equivalent", "equivalent", "tied", None]
    numbers = ("mean", "low", "high", "p", "p_adjusted")
    for one, other in zip(judged(table)["entries"], judged(table, 0.005)["entries"], strict=True):
        pair = one["against"]["greyscale"], other["against"]["greyscale"]
        assert pair == (None, None) or [pair[0][k] for k in numbers] == [pair[1][k] for k in numbers]


def test_a_pair_that_stands_in_two_columns_has_one_verdict():
    one = comparison("b", 0.011, 0.01)  # p is 0.03
    rows = [{"best_reference": one, "reference_within_bits": one, "best": None}]
    rows.append({"best_reference": None, "reference_within_bits": None, "best": comparison("a", -0.011, 0.01)})
    rows += [{"best_reference": comparison("b", 0.0, 0.01), "reference_within_bits": None, "best": None}] * 2
    made = judged(findings(*rows))["entries"]
    found = [
        made[0]["against"]["best_reference"],
        made[0]["against"]["reference_within_bits"],
        made[1]["against"]["best"],
    ]
    assert [each["verdict"] for each in found] == ["unclear"] * 3
    assert len({each["p_adjusted"] for each in found}) == 1


def test_judging_again_changes_nothing_and_what_is_stored_stays():
    table = findings({"greyscale": comparison("greyscale", 0.02, 0.01)}, {"greyscale": None})
    before = json.dumps(table)
    assert judged(judged(table, 0.1)) == judged(table)
    assert json.dumps(table) == before


def test_among_ten_equals_a_confirmation_is_seldom_wrong_about_any():
    """Each alone at 5 %: in about one of four confirmations one of the ten is called better or worse."""
    rng, wrong, alone = np.random.default_rng(0), 0, 0
    for _ in range(400):
        means = 0.01 * (rng.normal(size=10) - rng.normal()) / np.sqrt(2)
        table = findings(*({"greyscale": comparison("greyscale", mean, 0.0196)} for mean in means))
        wrong += any(verdict in ("better", "worse") for verdict in verdicts(table))
        alone += bool((abs(means) > 0.0196).any())
    assert alone > 0.18 * 400
    assert binomtest(wrong, 400, 0.05, "greater").pvalue > 0.05
