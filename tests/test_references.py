"""References and their order."""

import numpy as np

from search.binarization.binarization import Binarization
from search.references.catalogue import PAPER, Reference, ToLearn, references
from search.references.rules import RULES, Pixels
from search.sampling.space import Space, linear_scale
from tests.test_rules import PIXELS

ENCODINGS = ("range", "thermometer")


def space(max_cuts, encodings=ENCODINGS, **arithmetic):
    return Space(max_cuts, encodings, linear_scale(np.ones(256)), **arithmetic)


def kinds(found):
    return {r.name if isinstance(r, Reference) else "learned" for r in found}


def cuts(found):
    return len(found.binarization.cut_points) if isinstance(found, Reference) else found.cuts


def test_auto_is_every_rule_for_every_number_of_cuts():
    found = references("auto", [PIXELS], space(8, ENCODINGS), sign_mnist=False)
    numbers = {name: {cuts(r) for r in found if r.name == name} for name in RULES}
    shared = {"lloyd-max"}  # its cut points may be multi-Otsu's, which come first
    assert all(numbers[name] == set(range(1, 9)) for name in RULES if name not in shared)
    assert kinds(found) == set(RULES)


def test_all_is_every_rule_the_paper_and_a_learned_one_for_every_number_of_cuts():
    found = references("all", [PIXELS], space(8, ENCODINGS), sign_mnist=False)
    assert kinds(found) == {*RULES, "paper", "learned"}
    learned = [r for r in found if isinstance(r, ToLearn)]
    assert sorted(r.cuts for r in learned) == list(range(1, 9))
    assert {r.encoding for r in learned} == {"thermometer"}
    rest = [r for r in found if isinstance(r, Reference)]
    assert rest == references("auto", [PIXELS], space(8, ENCODINGS), sign_mnist=True)


def test_learned_references_use_range_if_the_space_has_no_thermometer():
    found = references("all", [PIXELS], space(3, ("range",)), sign_mnist=False)
    assert {r.encoding for r in found if isinstance(r, ToLearn)} == {"range"}


def test_no_more_cut_points_are_learned_than_there_are_levels_to_divide():
    three_levels = np.zeros((2, 256), dtype=np.int64)
    three_levels[:, [0, 100, 255]] = [[5, 6, 7], [7, 6, 5]]
    found = references("all", [Pixels(three_levels)], space(8, ENCODINGS), sign_mnist=False)
    assert {r.cuts for r in found if isinstance(r, ToLearn)} == {1, 2}


def test_the_papers_eight_settings_are_ranges():
    found = references("paper", [PIXELS], space(8, ENCODINGS), sign_mnist=True)
    assert {r.binarization.cut_points.ranges for r in found} == set(PAPER)
    assert {r.binarization.encoding for r in found} == {"range"}


def test_auto_has_the_papers_settings_on_sign_mnist_only():
    assert kinds(references("auto", [PIXELS], space(8, ENCODINGS), sign_mnist=False)) == set(RULES)
    assert kinds(references("auto", [PIXELS], space(8, ENCODINGS), sign_mnist=True)) == {*RULES, "paper"}


def test_none_has_no_references_and_max_cuts_limits_the_others():
    assert references("none", [PIXELS], space(8, ENCODINGS), sign_mnist=True) == []
    assert max(cuts(r) for r in references("all", [PIXELS], space(3, ENCODINGS), True)) == 3


def test_the_order_alternates_between_rules_and_numbers_of_cut_points():
    early = references("all", [PIXELS], space(8, ENCODINGS), sign_mnist=True)[:8]
    assert kinds(early) == {*RULES, "paper", "learned"}
    assert len({cuts(r) for r in early}) >= 5
    assert {r.binarization.encoding for r in early if isinstance(r, Reference)} == set(ENCODINGS)


def test_there_are_no_duplicate_references():
    even = Pixels(np.ones((2, 256), dtype=np.int64))  # uniform and quantile cuts coincide
    found = references("all", [even], space(8, ("range",)), sign_mnist=True)
    unique: set[Binarization | ToLearn] = {r.binarization if isinstance(r, Reference) else r for r in found}
    assert len(found) == len(unique)


def test_references_that_use_labels_can_be_left_out():
    found = references("all", [PIXELS], space(8), sign_mnist=True, supervised=False)
    assert kinds(found) == {"multi-otsu", "quantile", "uniform", "lloyd-max", "paper"}
