"""Databases of earlier schemas open with this version, and their results are the same.

tests/golden/schema-0006.sqlite was made by python -m search.study and python -m search.confirm at commit 0c808b9, when
inputs and roles were stored as text: two studies of the digits, their rival, a study in color with binary weights.
tests/golden/schema-0006.txt is what python -m search.confirm printed of it then.

tests/golden/schema-0007.sqlite was made at commit 98edd8e, when rank was the encoding `local`: study `local` with
`--encoding local` and its confirmation, and study `every` with `--encoding all`, both with `--max-cuts 3 --epochs 2`.
tests/golden/schema-0007.txt is what python -m search.confirm printed of `local` then.
"""

import contextlib
import json
import shutil
import sqlite3
from pathlib import Path

import pytest
import sqlalchemy as sa

from search import confirm, export, study
from search.binarization.binarization import Greyscale, from_key
from search.binarization.levels import Rank
from search.confirmation.findings import findings_of
from search.confirmation.roles import BEST, BEST_REFERENCE, RIVAL_BEST
from storage.database import open_database
from storage.results import load_results
from storage.tables import confirmation_runs, runs, test_readings

GOLDEN = Path(__file__).parent / "golden"
URL = "sqlite:///golden.sqlite"
# Since then the messages say images instead of pictures.
PRINTED = (GOLDEN / "schema-0006.txt").read_text(encoding="utf-8").replace("359 pictures", "359 images")
SETTINGS = ("--cuts", "3", "5", "--top", "2", "--seeds", "2", "--budget", "quick", "--wide", "--margin", "1")


@pytest.fixture(autouse=True)
def golden(tmp_path):
    """Each test runs in a folder of its own (tests/conftest.py), with a copy of the database."""
    shutil.copy(GOLDEN / "schema-0006.sqlite", tmp_path / "golden.sqlite")


def test_every_stored_input_is_a_canonical_record():
    database = open_database(URL)
    with database.engine.connect() as connection:
        stored = [row[0] for table in (runs, confirmation_runs) for row in connection.execute(sa.select(table.c.input))]
        readings = [row[0] for row in connection.execute(sa.select(test_readings.c.inputs))]
    keys = {*stored, *(key for inputs in readings for key in inputs)}
    for name in database.study_names():
        trials = database.load_study(name).trials
        keys |= {t.user_attrs["reference_binarization"] for t in trials if "reference" in t.user_attrs}
    assert len(keys) == 10
    assert {from_key(key).key for key in keys} == keys


def test_references_and_greyscale_are_found_under_their_records():
    for name, colors, references in (("digits", 1, 3), ("rival", 1, 0), ("color", 3, 2)):
        results = load_results(open_database(URL), name)
        assert from_key(results.greyscale.input).colors == colors
        check_references(results, references)


def check_references(results, number):
    """So many trials are references, and their rows are those of the stored reference in every column."""
    trials = results.trials.set_index("number")
    with_reference = [trial for trial in results.study.trials if "reference" in trial.user_attrs]
    assert len(with_reference) == number
    for trial in with_reference:
        row, reference = trials.loc[trial.number], from_key(trial.user_attrs["reference_binarization"])
        assert row["key"] == reference.key
        assert (row["cut_points"], row["encoding"]) == (reference.cut_points.values, reference.encoding)
        levels = reference.levels_record
        assert row["levels"] is None if levels is None else json.loads(row["levels"]) == levels


def test_a_confirmation_shows_its_findings_again_and_trains_and_reads_nothing(capsys):
    assert confirm.main(["--storage", URL, "--study-name", "digits", "--rival", "rival2", *SETTINGS]) == 0
    out, err = capsys.readouterr()
    assert out == PRINTED
    assert "shown again, not read again" in err
    assert "trained" not in err


def test_findings_are_read_as_values():
    found = findings_of(load_results(open_database(URL), "digits"))
    assert found.greyscale.input == Greyscale()
    assert {role for entry in found.entries for role in entry.roles} >= {BEST, BEST_REFERENCE, RIVAL_BEST}
    assert all(entry.against["greyscale"].to == Greyscale() for entry in found.entries if not entry.is_greyscale)
    assert found.circumstances.protocol.fingerprint in {reading.protocol for reading in readings_of("digits")}


def readings_of(study):
    database = open_database(URL)
    with database.engine.connect() as connection:
        return connection.execute(sa.select(test_readings).where(test_readings.c.study == study)).all()


def test_the_thresholds_file_still_names_inputs_as_text(capsys):
    assert export.main(["--storage", URL, "--study-name", "color"]) == 0
    made = json.loads(capsys.readouterr().out)
    assert made["greyscale"]["input"] == "full color, binary weights"
    assert made["greyscale"]["confirmed"]["accuracy"]["n"] == 2


def test_more_seeds_keep_the_trainings_that_are_stored(capsys):
    flags = ["--study-name", "digits", "--cuts", "3", "--top", "0", "--confirm-references", "none", "--budget", "quick"]
    assert confirm.main(["--storage", URL, *flags, "--seeds", "3", "--dry-run", "--format", "markdown"]) == 0
    _, _, *rows = capsys.readouterr().out.splitlines()
    assert [row.split(" | ")[1:3] for row in rows] == [["3", "1"]] * 4


def edit(statement, *values):
    """Changes the golden database before it is opened."""
    with contextlib.closing(sqlite3.connect("golden.sqlite")) as connection, connection:
        connection.execute(statement, values)


def test_text_that_no_version_wrote_stays_and_does_not_prevent_opening():
    edit("UPDATE cutpoints_runs SET input = 'original' WHERE input = 'full color, binary weights'")
    edit("UPDATE cutpoints_confirmation_runs SET input = '0,90,255' WHERE id = 1")
    edit("UPDATE cutpoints_test_readings SET inputs = 'null' WHERE id = 1")
    database = open_database(URL)
    assert load_results(database, "color").greyscale is None
    assert load_results(database, "digits").greyscale is not None
    with database.engine.connect() as connection:
        assert connection.execute(sa.select(confirmation_runs.c.input).where(confirmation_runs.c.id == 1)).scalar() == (
            "0,90,255"
        )


@pytest.mark.parametrize("missing", ["$.cost", "$.protocol.variants_of", "$.entries[0].accuracy"])
def test_findings_that_lack_a_value_are_computed_again_from_the_stored_predictions(missing, capsys):
    edit("UPDATE cutpoints_test_readings SET findings = json_remove(findings, ?)", missing)
    assert findings_of(load_results(open_database(URL), "digits")) is None
    assert confirm.main(["--storage", URL, "--study-name", "digits", "--rival", "rival2", *SETTINGS]) == 0
    out, err = capsys.readouterr()
    assert out == PRINTED
    assert "reading the test set: reading 2" in err
    assert "trained" not in err


def test_a_reading_without_a_key_gets_one_and_is_shown_again(capsys):
    edit("UPDATE cutpoints_test_readings SET key = NULL")
    assert confirm.main(["--storage", URL, "--study-name", "digits", "--rival", "rival2", *SETTINGS]) == 0
    assert "shown again, not read again" in capsys.readouterr().err
    assert len(readings_of("digits")) == 2


@pytest.fixture
def before_levels(tmp_path):
    """The database of schema 0007 in place of the other one."""
    shutil.copy(GOLDEN / "schema-0007.sqlite", tmp_path / "golden.sqlite")


def test_trials_with_the_encoding_local_are_thermometers_on_rank(before_levels):
    results = load_results(open_database(URL), "local")
    inputs = [from_key(key) for key in results.trials["key"]]
    assert [each.cut_points.values for each in inputs] == [(128,), (85, 171), (64, 128, 192), (195,), (201,), (100,)]
    assert {each.encoding for each in inputs} == {"thermometer"}
    assert {each.level_maps for each in inputs} == {(Rank(),)}
    assert set(results.candidates["key"]) == set(results.trials["key"])
    check_references(results, 3)


def test_other_trials_of_that_schema_are_on_grey_levels(before_levels):
    results = load_results(open_database(URL), "every")
    assert len(results.trials) == 12
    assert all(levels is None for levels in results.trials["levels"])
    assert set(results.trials["encoding"]) == {"range", "thermometer", "gray", "bit-planes"}
    check_references(results, 6)


def renamed(line):
    """A line of the table of confirmed inputs, with the name that inputs of the encoding local have today."""
    name, values = line[:22], line[22:]
    ranges = name.removesuffix(" local").strip()
    return (f"rank: {ranges} thermometer" if name.endswith(" local") else name.strip()).rjust(34) + values


def test_a_confirmation_of_the_encoding_local_is_shown_again_with_other_names_of_its_inputs(before_levels, capsys):
    """Only the first column differs: `0,128,255 local` is `rank: 0,128,255 thermometer`, and the column is wider."""
    settings = ("--seeds", "2", "--budget", "quick", "--wide", "--margin", "1")
    assert confirm.main(["--storage", URL, "--study-name", "local", *settings]) == 0
    out, err = capsys.readouterr()
    first, empty, *table = (GOLDEN / "schema-0007.txt").read_text(encoding="utf-8").splitlines()
    assert out.splitlines() == [first, empty, *map(renamed, table)]
    assert "shown again, not read again" in err
    assert "trained" not in err
    assert len(readings_of("local")) == 1


def test_a_study_whose_encodings_included_local_is_not_joined_and_says_why(before_levels, capsys):
    flags = ["--study-name", "every", "--encoding", "all", "--max-cuts", "3", "--epochs", "2", "--data", "digits"]
    assert study.main(["--storage", URL, *flags, "--levels", "grey", "--trials", "20"]) == 4
    error = capsys.readouterr().err.splitlines()[-1]
    assert error == (
        "error: study 'every' has another protocol: choices of encoding: range, thermometer, gray, bit-planes, local "
        "in the study, range, thermometer, gray, bit-planes now. Use the study's settings, or another --study-name"
    )
    results = load_results(open_database(URL), "every")
    assert len(results.study.trials) == 12


def test_a_study_of_the_encoding_local_is_not_joined_by_one_on_rank(before_levels, capsys):
    flags = ["--study-name", "local", "--encoding", "thermometer", "--levels", "rank", "--max-cuts", "3"]
    assert study.main(["--storage", URL, *flags, "--epochs", "2", "--data", "digits"]) == 4
    error = capsys.readouterr().err.splitlines()[-1]
    assert "encoding: local in the study, thermometer now; levels: None in the study, rank now" in error
