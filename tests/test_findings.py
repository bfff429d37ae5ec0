"""What a reading finds, and how it is shown: numbers with a known answer."""

import json
from dataclasses import replace

import numpy as np
import pytest

from dashboards.confirmed import confirmed_figure, confirmed_html
from search.binarization.binarization import Arithmetic, Binarization, Greyscale
from search.binarization.cut_points import CutPoints
from search.confirmation.compare import compare, photos_without_copies
from search.confirmation.finalists import Entry
from search.confirmation.findings import Findings, SearchCost
from search.confirmation.paper import PAPER_ACCURACY, noise_in_photos, paper_entries, paper_tables
from search.confirmation.roles import (
    BEST,
    BEST_REFERENCE,
    GREYSCALE,
    RIVAL_BEST,
    Role,
    best_of,
    best_reference_within,
    main_role,
)
from search.confirmation.text import WITHIN_BITS, caption, confirmed_data, confirmed_table, confirmed_tables
from search.console.tables import FORMATS
from search.data.pictures import Part
from search.references.catalogue import PAPER
from tests.confirmed import circumstances

PHOTOS, VARIANTS, SEEDS = 60, 4, 5
TWO_STUDIES = tuple(SearchCost(name, 10, 1.0) for name in "ab")


def photos():
    """Photos of two classes whose images are all different."""
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (PHOTOS * VARIANTS, 6, 6), dtype=np.uint8)
    labels = np.repeat(np.arange(PHOTOS) % 2, VARIANTS)
    return Part(images, labels, np.repeat(np.arange(PHOTOS), VARIANTS))


def entry(cut, *roles):
    return Entry(Binarization(CutPoints((cut,)), "thermometer"), roles, trial=cut, value=0.5)


ENTRIES = [
    Entry(Greyscale(), (GREYSCALE,)),
    entry(100, BEST, best_of(1)),
    entry(110, BEST_REFERENCE, best_reference_within(1), Role("reference", name="uniform")),
    entry(120, RIVAL_BEST),
]


def predicted(test, wrong_photos):
    """Each entry is wrong on every variant of its first so many photos, after every training."""
    made = {}
    for each, wrong in zip(ENTRIES, wrong_photos, strict=True):
        rows = np.repeat(test.labels[None], SEEDS, axis=0).copy()
        rows[:, test.groups < wrong] ^= 1
        made[each] = rows
    return made


def found(wrong_photos, independent=None, **about):
    test = photos()
    independent = np.ones(len(test), dtype=bool) if independent is None else independent
    return compare(ENTRIES, predicted(test, wrong_photos), test, independent, circumstances(**about))


def by_input(made):
    return {str(entry.input): entry for entry in made.entries}


def test_accuracies_and_verdicts_are_what_the_predictions_say():
    made = found([9, 9, 30, 0])
    rows = by_input(made)
    assert made.photos == PHOTOS
    assert rows["greyscale"].accuracy.mean == pytest.approx(0.85)
    assert rows["greyscale"].accuracy.sd == 0
    assert rows["greyscale"].photo_accuracy.mean == pytest.approx(0.85)
    assert "greyscale" not in rows["greyscale"].against
    best = rows["0,100,255 thermometer"]
    assert best.against["greyscale"].verdict == "tied"
    assert best.against["greyscale"].mean == 0
    assert best.against["best_reference"].verdict == "better"
    assert best.against["best_reference"].mean == pytest.approx(0.35)
    assert best.against["reference_within_bits"] == best.against["best_reference"]
    assert best.within_bits == ENTRIES[2].input
    assert "reference_within_bits" not in rows["greyscale"].against
    assert best.against["rival"].verdict == "worse"


def test_findings_are_stored_as_json_and_read_again():
    made = found([9, 9, 30, 0], cost=(SearchCost("a", 3, 1.5),), versions={"torch": "1"})
    assert Findings.from_dict(json.loads(json.dumps(made.to_dict()))) == made
    with pytest.raises(ValueError, match="findings of version 1"):
        Findings.from_dict(made.to_dict() | {"version": 1})


@pytest.mark.parametrize("role", [GREYSCALE, best_of(3), Role("best with arithmetic", arithmetic=Arithmetic("xnor"))])
def test_roles_are_stored_as_json_and_read_again(role):
    assert Role.from_dict(json.loads(json.dumps(role.to_dict()))) == role


@pytest.mark.parametrize("bad", [{"kind": "worst"}, {"kind": "best of cuts"}, {"kind": "best", "bits": 1}])
def test_a_role_has_a_known_kind_and_exactly_its_fields(bad):
    with pytest.raises(ValueError, match="role"):
        Role(**bad)


def test_photos_that_are_copies_count_only_where_all_are_counted():
    test = photos()
    independent = test.groups >= 6
    made = found([6, 0, 0, 0], independent)
    assert made.photos_left_out == 6
    grey = by_input(made)["greyscale"]
    assert grey.accuracy.mean == 1
    assert grey.all_photos.mean == pytest.approx(0.9)
    assert ", 6 photos with near copies" in caption(made)
    assert ", 1 photo with near copies" in caption(found([1, 0, 0, 0], test.groups >= 1))


def test_a_copy_takes_all_variants_of_its_photo_along():
    test = photos()
    development = Part(test.images[:1], test.labels[:1], np.array([0]))
    assert photos_without_copies(test, development).tolist() == (test.groups != 0).tolist()


def test_the_text_the_figure_and_the_html_show_the_same():
    made = found([9, 9, 30, 0])
    data = confirmed_data(made)
    assert data["bits"].is_monotonic_increasing
    assert len(data) == len(ENTRIES)
    text = confirmed_table(made).to_string()
    assert "tied, +0.00 [" in text
    assert "better, +35.00 [" in text
    assert "to rival" not in text
    table = confirmed_table(made).set_index("input")[WITHIN_BITS]
    assert table["0,110,255 thermometer"] == "same"
    assert table["0,100,255 thermometer"].startswith("better, +35.00 [")
    assert "to rival's best" in confirmed_table(found([9, 9, 30, 0], cost=TWO_STUDIES))
    assert "85.00 [" in confirmed_html(made)
    figure = confirmed_figure(made)
    assert {trace.name for trace in figure.data} == {
        "greyscale",
        "tied with greyscale",
        "worse than greyscale",
        "better than greyscale",
    }


def test_the_caption_says_with_what_was_trained_where_that_differs():
    made = found([9, 9, 30, 0])
    assert "Trained with" not in caption(made)
    assert "devices: a; b." in caption(found([9, 9, 30, 0], trained_with=("a", "b")))


def test_the_text_fits_a_terminal_and_markdown_has_all_columns():
    long = Binarization(CutPoints((67, 118, 136, 170, 193, 207)), "thermometer")
    for cost in ((), TWO_STUDIES):
        made = found([9, 9, 30, 0], cost=cost)
        first, second, *others = made.entries
        made = replace(made, entries=(first, replace(second, input=long), *others))
        text = confirmed_tables(made, FORMATS["text"], short=True)
        assert max(map(len, text.splitlines())) <= 100
        for part in ("85.00 [", "0,67,1", "thermometer", "--wide", "worse, -15.00" if cost else "better, +35.00"):
            assert part in text
        header = next(line for line in text.splitlines() if line.lstrip().startswith("input "))
        assert ("to rival's" in header, "to reference" in header) == (bool(cost), not cost)
    wide = confirmed_tables(made, FORMATS["markdown"])
    assert WITHIN_BITS in wide
    assert "better, +35.00 [" in wide


def named(name):
    return Role("reference", name=name)


@pytest.mark.parametrize(
    ("roles", "shown"),
    [
        ((GREYSCALE,), "greyscale"),
        ((best_of(3), BEST), "best"),
        ((best_of(3), best_reference_within(3), named("multi-otsu")), "best of 3, multi-otsu"),
        ((best_reference_within(3), BEST_REFERENCE, named("paper"), named("uniform")), "paper"),
        ((best_reference_within(3), BEST_REFERENCE), "best reference"),
        ((RIVAL_BEST,), "rival's best"),
    ],
)
def test_the_short_table_says_one_role(roles, shown):
    assert main_role(roles) == shown


def test_no_table_states_certainty():
    """A share of 100 % has an interval, and so has the difference of two."""
    made = found([0, 0, 0, 0])
    for text in (confirmed_tables(made, FORMATS["text"], short) for short in (False, True)):
        assert "100.00 [94.04, 100.00]" in text
        assert "±0.0" not in text
        assert "100.00 [100.00" not in text
        assert "+0.00 [+0.00" not in text


def test_the_papers_tables_stand_beside_ours():
    test, entries = photos(), paper_entries()
    same = {each: np.repeat(test.labels[None], 3, axis=0).copy() for each in entries}
    for i, each in enumerate(entries):
        same[each][:, test.groups < i] ^= 1
    made = compare(entries, same, test, np.ones(len(test), dtype=bool), circumstances(readings=2))
    text = paper_tables(made, FORMATS["text"])
    short = paper_tables(made, FORMATS["text"], short=True)
    assert max(map(len, short.splitlines())) <= 100
    assert "within noise" in short
    for ranges, accuracy in PAPER_ACCURACY.items():
        assert ",".join(map(str, ranges)) in text
        assert f"{accuracy:.1f}" in text
    for part in ("Table I:", "Table II:", "Table III:", "94.9", "Reading 2"):
        assert part in text
    assert set(PAPER_ACCURACY) == set(PAPER)


def test_the_papers_noise_counts_photos():
    """Known: two proportions of one half over 100 photos each differ with a standard error of a fourteenth."""
    assert noise_in_photos(0.5, 0.5, 100) == pytest.approx(1.96 * np.sqrt(0.005))
    assert 0.02 < noise_in_photos(0.956, 0.949, 344) < 0.04
