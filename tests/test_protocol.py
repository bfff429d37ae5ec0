"""What makes values comparable."""

import itertools
from dataclasses import replace

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
        replace(PROTOCOL, metric="x"),
        replace(PROTOCOL, training_version=99),
    ]
    prints = {each.fingerprint for each in [PROTOCOL, *changed]}
    assert len(prints) == 1 + len(changed)
    assert replace(PROTOCOL).fingerprint == PROTOCOL.fingerprint


def test_differences_are_named_one_by_one():
    other = replace(PROTOCOL, variants=7, recipe=replace(Recipe(), epochs=9))
    assert differences(PROTOCOL.as_dict(), other.as_dict()) == [
        "recipe.epochs: 6 in the study, 9 now",
        "variants: 6 in the study, 7 now",
    ]
    assert differences(PROTOCOL.as_dict(), PROTOCOL.as_dict()) == []


def test_budgets_grow():
    budgets = list(BUDGETS.values())
    for small, large in itertools.pairwise(budgets):
        assert small.recipe.width <= large.recipe.width
        assert small.variants < (large.variants or 10**9)


def test_small_sets_have_small_batches():
    assert [batch_size_for(n) for n in (100, 1078, 6000, 10**6)] == [16, 33, 128, 128]
