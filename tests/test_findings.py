"""What a reading finds, and how it is shown: numbers with a known answer."""

import json
from dataclasses import replace

import numpy as np
import pytest

from dashboards.confirmed import confirmed_figure, confirmed_html
from search.binarization.binarization import Arithmetic, Binarization, Greyscale
from search.binarization.cut_points import CutPoints
from search.binarization.windows import Contrast
from search.confirmation.compare import compare, photos_without_copies
from search.confirmation.finalists import Entry
from search.confirmation.findings import VERSION, Findings, SearchCost
from search.confirmation.paper import PAPER_ACCURACY, noise_in_photos, paper_entries, paper_tables
from search.confirmation.roles import (
    BEST,
    BEST_8_BIT,
    BEST_REFERENCE,
    GREYSCALE,
    LEVEL_MAP_8_BIT,
    RIVAL_BEST,
    Role,
    best_of,
    best_reference_within,
    main_role,
)
from search.confirmation.text import (
    SHORT_TO_8_BIT,
    TO_8_BIT,
    WITHIN_BITS,
    caption,
    confirmed_data,
    confirmed_table,
    confirmed_tables,
    fewest_bits,
)
from search.confirmation.verdicts import judged
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


BEST_MAP = Entry(Greyscale(level_map=Contrast(9)), (BEST_8_BIT, LEVEL_MAP_8_BIT), value=0.9)
WITH_MAPS = [*ENTRIES[:3], Entry(Greyscale(level_map=Contrast(3)), (LEVEL_MAP_8_BIT,), value=0.8), BEST_MAP]


def predicted(test, wrong_photos, entries=ENTRIES):
    """Each entry is wrong on every variant of its first so many photos, after every training."""
    made = {}
    for each, wrong in zip(entries, wrong_photos, strict=True):
        rows = np.repeat(test.labels[None], SEEDS, axis=0).copy()
        rows[:, test.groups < wrong] ^= 1
        made[each] = rows
    return made


def found(wrong_photos, independent=None, entries=ENTRIES, **about):
    test = photos()
    independent = np.ones(len(test), dtype=bool) if independent is None else independent
    return compare(entries, predicted(test, wrong_photos, entries), test, independent, circumstances(**about))


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
    assert Findings.from_dict(made.to_dict() | {"version": 2}) == made
    for version in (1, VERSION + 1):
        with pytest.raises(ValueError, match=f"findings of version {version}; expected one of 2, 3"):
            Findings.from_dict(made.to_dict() | {"version": version})


def test_each_entry_is_compared_with_the_best_8_bit_level_map():
    made = found([9, 0, 9, 30, 0], entries=WITH_MAPS)
    assert made.greyscale.input == Greyscale()
    assert made.best_8_bit.input == BEST_MAP.input
    assert [entry.is_greyscale for entry in made.entries] == [True, False, False, False, False]
    compared = {entry.input: entry.against.get("best_8_bit") for entry in made.entries}
    assert compared.pop(BEST_MAP.input) is None
    assert {each.to for each in compared.values()} == {BEST_MAP.input}
    assert compared[Greyscale()].mean == pytest.approx(-0.15)
    assert compared[ENTRIES[1].input].verdict == "tied"
    assert compared[WITH_MAPS[3].input].verdict == "worse"
    assert made.of(BEST_MAP.input).against["greyscale"].verdict == "better"
    assert Findings.from_dict(json.loads(json.dumps(made.to_dict()))) == made


def test_the_text_and_the_figure_show_the_best_8_bit_level_map():
    made = found([9, 0, 9, 30, 0], entries=WITH_MAPS)
    rows = confirmed_table(made).set_index("input")[TO_8_BIT]
    assert rows["greyscale of contrast 9"] == "same"
    assert rows["0,100,255 thermometer"].startswith("tied, +0.00 [")
    assert rows["greyscale"].startswith("worse, -15.00 [")
    assert "Best 8-bit level map on validation photos: greyscale of contrast 9." in caption(made)
    text = confirmed_tables(made, FORMATS["text"], short=True)
    assert max(map(len, text.splitlines())) <= 100
    assert SHORT_TO_8_BIT in text
    assert "to reference" not in text
    figure = confirmed_figure(made)
    assert [shape.y0 for shape in figure.layout.shapes] == [made.greyscale.accuracy.mean, 1.0]
    assert "greyscale of contrast 9" in figure.layout.annotations[0].text
    symbols = {
        text: symbol for trace in figure.data for text, symbol in zip(trace.text, trace.marker.symbol, strict=True)
    }
    assert sum(symbol == "diamond" for symbol in symbols.values()) == 3
    assert any("8-bit level map: worse" in text for text in symbols)


def test_where_greyscale_is_the_best_8_bit_level_map_its_column_is_enough():
    grey = replace(ENTRIES[0], roles=(GREYSCALE, BEST_8_BIT))
    made = found([0, 0, 9, 30], entries=[grey, *WITH_MAPS[1:4]])
    assert made.best_8_bit == made.greyscale
    assert TO_8_BIT not in confirmed_table(made)
    assert "to reference" in confirmed_tables(made, FORMATS["text"], short=True)
    assert len(confirmed_figure(made).layout.shapes) == 1
    first, second = fewest_bits(judged(made, 0.2))
    assert first.partition("): ")[2] == second.partition("): ")[2] == "1, 0,100,255 thermometer"


def test_without_8_bit_level_maps_nothing_new_is_shown():
    made = found([9, 9, 30, 0])
    assert made.best_8_bit is None
    assert all("best_8_bit" not in entry.against for entry in made.entries)
    text = confirmed_tables(judged(made, 0.9), FORMATS["markdown"])
    assert "8-bit" not in text
    assert "fewest bits" not in text


def test_the_fewest_bits_are_those_of_an_equivalent_or_better_input():
    two = Entry(Binarization(CutPoints((90, 150)), "thermometer"), (best_of(2),), trial=1, value=0.5)
    made = found([9, 30, 31, 31, 0, 1], entries=[*WITH_MAPS, two])
    name = "fewest bits per pixel equivalent to"
    assert fewest_bits(made) == []
    assert fewest_bits(judged(made, 0.01)) == [
        f"{name} the best 8-bit level map (within 1 point): none of the confirmed inputs",
        f"{name} greyscale (within 1 point): 2, 0,90,150,255 thermometer (better)",
    ]
    assert fewest_bits(judged(made, 0.125)) == [
        f"{name} the best 8-bit level map (within 12.5 points): 2, 0,90,150,255 thermometer",
        f"{name} greyscale (within 12.5 points): 2, 0,90,150,255 thermometer (better)",
    ]
    text = confirmed_tables(judged(made, 0.125), FORMATS["text"], short=True)
    assert text.splitlines()[-2:] == fewest_bits(judged(made, 0.125))


@pytest.mark.parametrize(
    "role", [GREYSCALE, BEST_8_BIT, best_of(3), Role("best with arithmetic", arithmetic=Arithmetic("xnor"))]
)
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
        ((GREYSCALE, BEST_8_BIT), "greyscale"),
        ((BEST_8_BIT, LEVEL_MAP_8_BIT), "best 8-bit level map"),
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
