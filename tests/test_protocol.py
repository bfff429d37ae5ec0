"""The protocol and its fingerprint."""

import itertools
import json
from dataclasses import replace

import pytest

from models.recipe import Recipe
from search.evaluation.budgets import BUDGETS, batch_size_for
from search.evaluation.protocol import Protocol, differences

PROTOCOL = Protocol("d", "s", 6, Recipe(), 0)


def test_every_field_changes_the_fingerprint():
    changed = [
        replace(PROTOCOL, grouping={"groups": "none"}),
        replace(PROTOCOL, variants_of="groups"),
        replace(PROTOCOL, data_fingerprint="x"),
        replace(PROTOCOL, split_fingerprint="x"),
        replace(PROTOCOL, variants=7),
        replace(PROTOCOL, recipe=replace(Recipe(), dropout=0.0)),
        replace(PROTOCOL, seed=1),
        replace(PROTOCOL, metric="log-loss"),
        replace(PROTOCOL, training_version=99),
        replace(PROTOCOL, network_source="x"),
    ]
    prints = {each.fingerprint for each in [PROTOCOL, *changed]}
    assert len(prints) == 1 + len(changed)
    assert replace(PROTOCOL).fingerprint == PROTOCOL.fingerprint


def test_the_fingerprint_of_a_protocol_stays_the_same_between_versions():
    assert PROTOCOL.fingerprint == "705fa90e"


def test_a_changed_source_of_the_network_is_listed_and_another_network_is_listed_once():
    own, changed = (replace(PROTOCOL, network_source=source).as_dict() for source in ("1" * 16, "2" * 16))
    assert differences(own, changed) == [
        f"the source file of the network changed: {'1' * 16} in the study, {'2' * 16} now"
    ]
    ours = replace(PROTOCOL, recipe=replace(Recipe(), network="lenet")).as_dict()
    assert differences(own, ours) == ["recipe.network: compact in the study, lenet now"]


def test_a_protocol_is_stored_as_json_and_read_again():
    made = replace(PROTOCOL, recipe=BUDGETS["full"].recipe, grouping={"groups": "given", "similarity": 0.9})
    again = Protocol.from_dict(json.loads(json.dumps(made.as_dict())))
    assert (again, again.fingerprint) == (made, made.fingerprint)


@pytest.mark.parametrize("name", ["recipe", "variants_of", "grouping"])
def test_a_stored_protocol_that_lacks_a_value_is_refused(name):
    with pytest.raises(KeyError, match=name):
        Protocol.from_dict({key: value for key, value in PROTOCOL.as_dict().items() if key != name})


@pytest.mark.parametrize(
    "bad",
    [
        {"metric": "x"},
        {"seed": -1},
        {"seed": 1.5},
        {"folds": 0},
        {"variants_of": "x"},
        {"grouping": {"groups": "automatic"}},
        {"grouping": {"groups": "given", "similarity": 2}},
    ],
)
def test_a_protocol_with_values_that_do_not_exist_is_refused(bad):
    with pytest.raises(ValueError, match=next(iter(bad))):
        replace(PROTOCOL, **bad)


@pytest.mark.parametrize(
    "bad", [{"epochs": "6"}, {"precision": "float8"}, {"real_layers": "all"}, {"gradient": "none"}]
)
def test_a_recipe_with_values_that_do_not_exist_is_refused(bad):
    with pytest.raises(ValueError, match=next(iter(bad))):
        Recipe(**bad)


def test_differences_are_listed_one_by_one():
    other = replace(PROTOCOL, variants=7, recipe=replace(Recipe(), epochs=9))
    assert differences(PROTOCOL.as_dict(), other.as_dict()) == [
        "recipe.epochs: 6 in the study, 9 now",
        "variants: 6 in the study, 7 now",
    ]
    assert differences(PROTOCOL.as_dict(), PROTOCOL.as_dict()) == []


def test_each_budget_has_at_least_the_width_and_variants_of_the_previous_one():
    budgets = list(BUDGETS.values())
    for small, large in itertools.pairwise(budgets):
        assert small.recipe.width <= large.recipe.width
        assert small.variants < (large.variants or 10**9)


def test_small_data_sets_have_small_batches():
    assert [batch_size_for(n) for n in (100, 1078, 6000, 10**6)] == [16, 33, 128, 128]
