"""What a reading finds, and how it is shown: numbers with a known answer."""

import json

import numpy as np
import pytest

from dashboards.confirmed import confirmed_figure, confirmed_html
from search.binarize import Binarization, Greyscale
from search.confirmed import (
    PAPER_ACCURACY,
    WITHIN_BITS,
    caption,
    confirmed_data,
    confirmed_table,
    noise_in_photos,
    paper_tables,
)
from search.cut_points import CutPoints
from search.data.pictures import Part
from search.finalists import BEST_REFERENCE, GREYSCALE, RIVAL, Entry, best_reference_within, paper_entries
from search.findings import findings, photos_without_copies
from search.references import PAPER
from search.tables import FORMATS

PHOTOS, VARIANTS, SEEDS = 60, 4, 5


def photos():
    """Photos of two classes whose pictures are all different."""
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (PHOTOS * VARIANTS, 6, 6), dtype=np.uint8)
    labels = np.repeat(np.arange(PHOTOS) % 2, VARIANTS)
    return Part(images, labels, np.repeat(np.arange(PHOTOS), VARIANTS))


def entry(cut, *roles):
    return Entry(Binarization(CutPoints((cut,)), "thermometer"), roles, trial=cut, value=0.5)


ENTRIES = [
    Entry(Greyscale(), (GREYSCALE,)),
    entry(100, "best", "best of 1"),
    entry(110, BEST_REFERENCE, best_reference_within(1), "reference uniform"),
    entry(120, RIVAL),
]


def predicted(test, wrong_photos):
    """Each entry is wrong on every variant of its first so many photos, after every training."""
    made = {}
    for each, wrong in zip(ENTRIES, wrong_photos, strict=True):
        rows = np.repeat(test.labels[None], SEEDS, axis=0).copy()
        rows[:, test.groups < wrong] ^= 1
        made[each] = rows
    return made


def found(wrong_photos, independent=None):
    test = photos()
    independent = np.ones(len(test), dtype=bool) if independent is None else independent
    return findings(ENTRIES, predicted(test, wrong_photos), test, independent) | {"readings": 1, "cost": []}


def by_input(made):
    return {row["input"]: row for row in made["entries"]}


def test_accuracies_and_verdicts_are_what_the_predictions_say():
    made = found([6, 6, 30, 0])
    rows = by_input(made)
    assert made["photos"] == PHOTOS
    assert rows["greyscale"]["accuracy"]["mean"] == pytest.approx(0.9)
    assert rows["greyscale"]["accuracy"]["sd"] == 0
    assert rows["greyscale"]["photo_accuracy"]["mean"] == pytest.approx(0.9)
    assert rows["greyscale"]["against"]["greyscale"] is None
    best = rows["0,100,255 thermometer"]["against"]
    assert best["greyscale"]["verdict"] == "tied"
    assert best["greyscale"]["mean"] == 0
    assert best["best_reference"]["verdict"] == "better"
    assert best["best_reference"]["mean"] == pytest.approx(0.4)
    assert best["reference_within_bits"] == best["best_reference"]
    assert rows["0,100,255 thermometer"]["reference_within_bits"] == "0,110,255 thermometer"
    assert rows["greyscale"]["against"]["reference_within_bits"] is None
    assert best["rival"]["verdict"] == "worse"
    assert json.loads(json.dumps(made)) == made


def test_photos_that_are_copies_count_only_where_all_are_counted():
    test = photos()
    independent = test.groups >= 6
    made = found([6, 0, 0, 0], independent)
    assert made["photos_left_out"] == 6
    grey = by_input(made)["greyscale"]
    assert grey["accuracy"]["mean"] == 1
    assert grey["all_photos"]["mean"] == pytest.approx(0.9)


def test_a_copy_takes_all_variants_of_its_photo_along():
    test = photos()
    development = Part(test.images[:1], test.labels[:1], np.array([0]))
    assert photos_without_copies(test, development).tolist() == (test.groups != 0).tolist()


def test_the_number_of_seeds_may_differ():
    test = photos()
    made = predicted(test, [6, 6, 6, 6])
    made[ENTRIES[2]] = made[ENTRIES[2]][:2]
    rows = by_input(findings(ENTRIES, made, test, np.ones(len(test), dtype=bool)))
    assert rows["0,110,255 thermometer"]["accuracy"]["n"] == 2
    assert rows["0,100,255 thermometer"]["against"]["best_reference"]["verdict"] == "tied"


def test_the_text_the_figure_and_the_html_show_the_same():
    made = found([6, 6, 30, 0])
    data = confirmed_data(made)
    assert data["bits"].is_monotonic_increasing
    assert len(data) == len(ENTRIES)
    text = confirmed_table(made).to_string()
    assert "tied, +0.00 [" in text
    assert "better, +40.00 [" in text
    assert "to rival" not in text
    table = confirmed_table(made).set_index("input")[WITHIN_BITS]
    assert table["0,110,255 thermometer"] == "is it"
    assert table["0,100,255 thermometer"].startswith("better, +40.00 [")
    assert "to rival's best" in confirmed_table(
        made | {"cost": [{"study": n, "trials": 1, "seconds": 1.0} for n in "ab"]}
    )
    assert "90.00 [" in confirmed_html(made)
    figure = confirmed_figure(made)
    assert {trace.name for trace in figure.data} == {
        "greyscale",
        "tied with greyscale",
        "worse than greyscale",
        "better than greyscale",
    }


def test_what_an_earlier_version_found_is_shown_without_what_it_did_not_look_for():
    made = found([6, 6, 30, 0])
    for row in made["entries"]:
        row.pop("reference_within_bits")
        row["against"].pop("reference_within_bits")
    assert WITHIN_BITS not in confirmed_table(made)
    assert "Trained with" not in caption(made)
    assert "devices: a; b." in caption(made | {"trained_with": ["a", "b"]})


def test_the_papers_tables_stand_beside_ours():
    test, entries = photos(), paper_entries()
    same = {each: np.repeat(test.labels[None], 3, axis=0).copy() for each in entries}
    for i, each in enumerate(entries):
        same[each][:, test.groups < i] ^= 1
    made = findings(entries, same, test, np.ones(len(test), dtype=bool)) | {"readings": 2, "cost": []}
    text = paper_tables(made, FORMATS["text"])
    for ranges, accuracy in PAPER_ACCURACY.items():
        assert ranges in text
        assert f"{accuracy:.1f}" in text
    for part in ("Table I:", "Table II:", "Table III:", "94.9", "Reading 2"):
        assert part in text
    assert set(PAPER_ACCURACY) == {",".join(map(str, ranges)) for ranges in PAPER}


def test_the_papers_noise_counts_photos():
    """Known: two proportions of one half over 100 photos each differ with a standard error of a fourteenth."""
    assert noise_in_photos(0.5, 0.5, 100) == pytest.approx(1.96 * np.sqrt(0.005))
    assert 0.02 < noise_in_photos(0.956, 0.949, 344) < 0.04
