"""References and their order."""

import numpy as np

from search.binarization.binarization import Binarization
from search.references.catalogue import PAPER, Reference, ToLearn, references
from search.references.pixels import Pixels
from search.references.rules import RULES
from search.sampling.space import Space, linear_scale
from tests.test_rules import PIXELS

ENCODINGS = ("range", "thermometer")


def pixels_of(level_map):
    return [PIXELS]


def space(max_cuts, encodings=ENCODINGS, **arithmetic):
    return Space(max_cuts, encodings, linear_scale(np.ones(256)), **arithmetic)


def kinds(found):
    return {r.name if isinstance(r, Reference) else "learned" for r in found}


def cuts(found):
    return len(found.binarization.cut_points) if isinstance(found, Reference) else found.cuts


def test_auto_is_every_rule_for_every_number_of_cuts():
    found = references("auto", pixels_of, space(8, ENCODINGS), sign_mnist=False, image_width=28)
    numbers = {name: {cuts(r) for r in found if r.name == name} for name in RULES}
    shared = {"lloyd-max"}  # its cut points may be multi-Otsu's, which come first
    assert all(numbers[name] == set(range(1, 9)) for name in RULES if name not in shared)
    assert kinds(found) == set(RULES)


def test_all_is_every_rule_the_paper_and_a_learned_one_for_every_number_of_cuts():
    found = references("all", pixels_of, space(8, ENCODINGS), sign_mnist=False, image_width=28)
    assert kinds(found) == {*RULES, "paper", "learned"}
    learned = [r for r in found if isinstance(r, ToLearn)]
    assert sorted(r.cuts for r in learned) == list(range(1, 9))
    assert {r.encoding for r in learned} == {"thermometer"}
    rest = [r for r in found if isinstance(r, Reference)]
    assert rest == references("auto", pixels_of, space(8, ENCODINGS), sign_mnist=True, image_width=28)


def test_learned_references_use_range_if_the_space_has_no_thermometer():
    found = references("all", pixels_of, space(3, ("range",)), sign_mnist=False, image_width=28)
    assert {r.encoding for r in found if isinstance(r, ToLearn)} == {"range"}


def test_no_more_cut_points_are_learned_than_there_are_levels_to_divide():
    three_levels = np.zeros((2, 256), dtype=np.int64)
    few = Pixels(three_levels)
    three_levels[:, [0, 100, 255]] = [[5, 6, 7], [7, 6, 5]]
    found = references("all", lambda _: [few], space(8, ENCODINGS), sign_mnist=False, image_width=28)
    assert {r.cuts for r in found if isinstance(r, ToLearn)} == {1, 2}


def test_the_papers_eight_settings_are_ranges():
    found = references("paper", pixels_of, space(8, ENCODINGS), sign_mnist=True, image_width=28)
    assert {r.binarization.cut_points.ranges for r in found} == set(PAPER)
    assert {r.binarization.encoding for r in found} == {"range"}


def test_auto_has_the_papers_settings_on_sign_mnist_only():
    assert kinds(references("auto", pixels_of, space(8, ENCODINGS), sign_mnist=False, image_width=28)) == set(RULES)
    assert kinds(references("auto", pixels_of, space(8, ENCODINGS), sign_mnist=True, image_width=28)) == {
        *RULES,
        "paper",
    }


def test_none_has_no_references_and_max_cuts_limits_the_others():
    assert references("none", pixels_of, space(8, ENCODINGS), sign_mnist=True, image_width=28) == []
    assert max(cuts(r) for r in references("all", pixels_of, space(3, ENCODINGS), True, 28)) == 3


def test_the_order_alternates_between_rules_and_numbers_of_cut_points():
    early = references("all", pixels_of, space(8, ENCODINGS), sign_mnist=True, image_width=28)[:8]
    assert kinds(early) == {*RULES, "paper", "learned"}
    assert len({cuts(r) for r in early}) >= 5
    assert {r.binarization.encoding for r in early if isinstance(r, Reference)} == set(ENCODINGS)


def test_there_are_no_duplicate_references():
    even = Pixels(np.ones((2, 256), dtype=np.int64))  # uniform and quantile cuts coincide
    found = references("all", lambda _: [even], space(8, ("range",)), sign_mnist=True, image_width=28)
    unique: set[Binarization | ToLearn] = {r.binarization if isinstance(r, Reference) else r for r in found}
    assert len(found) == len(unique)


def test_references_that_use_labels_can_be_left_out():
    found = references("all", pixels_of, space(8), True, 28, supervised=False)
    assert kinds(found) == {"multi-otsu", "quantile", "uniform", "lloyd-max", "paper"}
