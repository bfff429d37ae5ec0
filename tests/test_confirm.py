"""Confirmation: who is retrained, that labels are opened once and written down, and what goes wrong in one line."""

import datetime as dt
import json
import re
import shutil
import signal
import subprocess
import sys
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import optuna
import pytest
import sqlalchemy as sa
import torch

from models.train import Outcome
from search import confirm
from search.binarization.binarization import Greyscale
from search.config import StudyConfig
from search.confirmation import retraining
from search.confirmation.finalists import Entry, finalists, with_role
from search.confirmation.findings import findings_of
from search.confirmation.paper import paper_entries
from search.confirmation.reading import fingerprint_of_test
from search.confirmation.recipe import confirmation_protocol
from search.confirmation.retraining import FIRST_SEED, TrainingDiverged, train_missing
from search.confirmation.roles import BEST, BEST_REFERENCE, Role, best_of, best_reference_within
from search.console.stop import Stopped
from search.data.load import load_pictures
from search.data.pictures import Part
from search.data.source import Source
from search.data.split import split_pictures
from search.deploy.thresholds import read
from search.evaluation.protocol import Protocol
from search.study import main as study_main
from search.study import run_study
from storage.confirmations import (
    RunKey,
    claim,
    claimed,
    load_failures,
    load_predicted,
    load_readings,
    release,
    save_predicted,
    trained_with,
)
from storage.database import open_database
from storage.results import load_results
from storage.tables import confirmation_runs
from storage.workers import this_worker
from tests.conftest import in_folder, toy_pictures
from tests.formula import make_formula

URL = "sqlite:///studies.db"


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A folder with a study of toy images by formula; the trainings of its confirmation are real."""
    folder = tmp_path_factory.mktemp("made")
    part = toy_pictures().train
    np.savez(folder / "toy.npz", images=part.images, labels=part.labels)
    config = StudyConfig(data="toy.npz", trials=14, pruner="none", study_name="mine", max_cuts=3)
    with in_folder(folder):
        assert run_study(config, URL, make_formula) == 0
    return folder


@pytest.fixture
def study(made, tmp_path):
    """Its name, in a folder of the test's own."""
    shutil.copytree(made, tmp_path, dirs_exist_ok=True)
    return "mine"


def confirmed(*flags):
    return confirm.main(["--storage", URL, "--data", "toy.npz", "--seeds", "2", "--budget", "quick", *flags])


def readings():
    pictures, _ = load_pictures(Source("toy.npz"))
    split = split_pictures(pictures, 0)
    return load_readings(open_database(URL), fingerprint_of_test(split))


def test_a_confirmation_ends_with_numbers_in_the_table_the_file_and_the_report(study, capsys):
    assert confirmed() == 0
    out, err = capsys.readouterr()
    assert "Reading 1 of these photos" in out
    assert "greyscale" in out
    assert "Traceback" not in err
    found = load_results(open_database(URL), study)
    _, made = read(Path("results/mine/thresholds.json"))
    entry = next(each for each in findings_of(found).entries if BEST in each.roles)
    assert made["confirmed"]["accuracy"] == asdict(entry.accuracy)
    assert made["confirmed"]["accuracy"]["n"] == 2
    assert made["greyscale"]["confirmed"]["against"]["greyscale"] is None
    assert made["confirmation"]["readings"] == 1
    assert "Confirmed on the test photos" in Path("results/mine/report.html").read_text()


def test_the_same_confirmation_again_trains_and_reads_nothing(study, capsys):
    confirmed()
    first = capsys.readouterr().out
    assert confirmed() == 0
    out, err = capsys.readouterr()
    assert out == first
    assert "not read again" in err
    assert "trained" not in err
    assert len(readings()) == 1


def test_more_seeds_train_what_is_missing_and_say_that_the_set_was_read_before(study, capsys):
    confirmed()
    entries = capsys.readouterr().err.count("\ntrained ") // 2
    assert confirmed("--seeds", "3") == 0
    out, err = capsys.readouterr()
    assert err.count("\ntrained ") == entries
    assert "Reading 2 of these" in out
    assert [reading.findings is not None for reading in readings()] == [True, True]


def test_a_reading_says_who_when_and_which_trials(study):
    confirmed()
    (reading,) = readings()
    assert re.fullmatch(r".+@.+", reading.reader)
    assert reading.study == study
    assert reading.read_at is not None
    trials = {row["trial"] for row in reading.inputs.values()}
    assert trials >= set(load_results(open_database(URL), study).by_cuts["first_trial"])


def test_two_confirmations_that_read_at_once_make_one_reading(study):
    confirmed()
    with open_database(URL).engine.begin() as connection:
        connection.execute(sa.text("delete from cutpoints_test_readings"))
    flags = ["--storage", URL, "--data", "toy.npz", "--seeds", "2", "--budget", "quick"]
    both = [
        subprocess.Popen([sys.executable, "-m", "search.confirm", *flags], stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    outs = [process.communicate(timeout=120)[0] for process in both]
    assert [process.returncode for process in both] == [0, 0]
    assert outs[0] == outs[1]
    assert len(readings()) == 1


def test_a_quick_look_does_not_replace_the_confirmation_that_says_more(study):
    confirmed("--seeds", "3")
    confirmed("--seeds", "2", "--cuts", "2", "--confirm-references", "none")
    found = load_results(open_database(URL), study).confirmation
    assert {entry["accuracy"]["n"] for entry in found["entries"]} == {3}
    assert len(found["entries"]) > 3


def test_a_study_made_again_under_the_same_name_is_not_confirmed(study):
    confirmed()
    optuna.delete_study(study_name=study, storage=open_database(URL).storage)
    config = StudyConfig(data="toy.npz", trials=4, study_name=study, pruner="none", max_cuts=3)
    assert run_study(config, URL, make_formula) == 0
    assert load_results(open_database(URL), study).confirmation is None


def test_another_order_of_the_rows_or_other_classes_make_no_new_test_set_and_another_picture_does():
    split = split_pictures(toy_pictures(), 0)
    test, rng = split.test, np.random.default_rng(0)
    known = fingerprint_of_test(split)
    assert fingerprint_of_test(replace(split, test=test[rng.permutation(len(test))])) == known
    assert fingerprint_of_test(replace(split, test=replace(test, labels=(test.labels + 1) % 3))) == known
    altered = test.images.copy()
    altered[0, 0, 0] ^= 1
    fewer = test[np.arange(1, len(test))]
    twice = test[np.r_[0, np.arange(len(test))]]
    for other in (Part(altered, test.labels, test.groups), fewer, twice):
        assert fingerprint_of_test(replace(split, test=other)) != known


def test_the_number_of_readings_does_not_start_again_where_the_rows_are_in_another_order(tmp_path, capsys):
    part = toy_pictures().train
    is_test = part.groups % 6 < 3
    for name, order in (("once", 1), ("again", -1)):
        train, test = (part[np.flatnonzero(which)[::order]] for which in (~is_test, is_test))
        arrays = {"test_images": test.images, "test_labels": test.labels}
        np.savez(f"{name}.npz", images=train.images, labels=train.labels, **arrays)
        config = StudyConfig(data=f"{name}.npz", trials=2, study_name=name, pruner="none", max_cuts=1)
        assert run_study(config, URL, make_formula) == 0
        flags = ["--study-name", name, "--seeds", "2", "--budget", "quick", "--confirm-references", "none"]
        assert confirm.main(["--storage", URL, *flags]) == 0
    assert re.findall(r"Reading (\d) of these", capsys.readouterr().out) == ["1", "2"]


def test_no_label_of_the_test_set_is_looked_at_before_all_trainings_are_done(study, monkeypatch):
    split, protocol, entries = prepared(study)

    class Unlabelled:
        images = split.test.images

        def __getattr__(self, name):
            raise AssertionError(f"{name} of the test set was read")

    blind = replace(split, test=Unlabelled())
    keys = keys_of(protocol, entries)
    train_missing(open_database(URL), keys, entries, blind, protocol, torch.device("cpu"), lambda: None)
    assert set(load_predicted(open_database(URL), protocol.fingerprint)) == set(keys)


def prepared(study):
    pictures, _ = load_pictures(Source("toy.npz"))
    split = split_pictures(pictures, 0)
    entries = finalists(load_results(open_database(URL), study), 1, [1], "none")
    return split, confirmation_protocol(split, "quick"), entries


def keys_of(protocol, entries, seeds=2):
    return [RunKey(protocol.fingerprint, e.input.key, FIRST_SEED + s) for s in range(seeds) for e in entries]


def test_a_stop_loses_one_training_at_most_and_the_next_run_goes_on(study):
    split, protocol, entries = prepared(study)
    keys, database = keys_of(protocol, entries), open_database(URL)
    steps = iter(range(10**6))

    def check():
        if next(steps) == 100:
            raise Stopped(signal.SIGTERM)

    arguments = (database, keys, entries, split, protocol, torch.device("cpu"))
    with pytest.raises(Stopped):
        train_missing(*arguments, check)
    before = load_predicted(database, protocol.fingerprint)
    assert 0 < len(before) < len(keys)
    assert claimed(database, protocol.fingerprint) == {}
    train_missing(*arguments, lambda: None)
    after = load_predicted(database, protocol.fingerprint)
    assert set(after) == set(keys)
    assert all(np.array_equal(after[key], before[key]) for key in before)


def test_what_a_living_process_trains_is_left_to_it_and_what_a_dead_one_left_is_taken(study, capsys):
    split, protocol, entries = prepared(study)
    keys, database = keys_of(protocol, entries), open_database(URL)
    host, _, began = this_worker().rsplit(":", 2)
    assert claim(database, keys[0], this_worker())
    assert claim(database, keys[1], f"{host}:999999:{began}")
    assert not claim(database, keys[0], "another")
    train_missing(database, keys, entries, split, protocol, torch.device("cpu"), lambda: None)
    assert set(claimed(database, protocol.fingerprint)) == {keys[0]}
    assert set(load_predicted(database, protocol.fingerprint)) == set(keys[1:])


def test_a_claim_of_another_machine_holds_for_a_day(study):
    split, protocol, entries = prepared(study)
    keys, database = keys_of(protocol, entries), open_database(URL)
    here = this_worker()
    for key, worker, hours in ((keys[0], "elsewhere:1:1", 23), (keys[1], "elsewhere:1:1", 25), (keys[2], here, 25)):
        assert claim(database, key, worker)
        past = dt.datetime.now(dt.UTC) - dt.timedelta(hours=hours)
        with database.engine.begin() as connection:
            this = confirmation_runs.c.input == key.input, confirmation_runs.c.seed == key.seed
            connection.execute(confirmation_runs.update().where(*this).values(claimed_at=past))
    train_missing(database, keys, entries, split, protocol, torch.device("cpu"), lambda: None)
    assert set(claimed(database, protocol.fingerprint)) == {keys[0], keys[2]}


def test_a_training_whose_claim_was_lost_is_kept_unless_another_was_faster(study):
    key, database = RunKey("p", "greyscale", FIRST_SEED), open_database(URL)
    assert claim(database, key, "a:1:1")
    release(database, key, "a:1:1")
    save_predicted(database, key, "a:1:1", np.array([1, 2]), 1.0, "one")
    save_predicted(database, key, "b:1:1", np.array([3, 4]), 1.0, "two")
    assert load_predicted(database, "p")[key].tolist() == [1, 2]
    assert trained_with(database, [key]) == ["one"]
    assert not claim(database, key, "c:1:1")


def test_a_training_says_with_what_it_was_done(study):
    split, protocol, entries = prepared(study)
    keys, database = keys_of(protocol, entries)[:1], open_database(URL)
    train_missing(database, keys, entries, split, protocol, torch.device("cpu"), lambda: None)
    (said,) = trained_with(database, keys)
    assert said.startswith(f"torch {torch.__version__}, cpu ")
    assert said.endswith(", 1 thread, float32")


def test_the_test_set_is_not_read_while_another_process_trains(study, capsys):
    split, _, _ = prepared(study)
    key = RunKey(confirmation_protocol(split, "quick").fingerprint, Greyscale().key, FIRST_SEED)
    claim(open_database(URL), key, this_worker())
    capsys.readouterr()
    assert confirmed() == 3
    assert "the test set is not read" in capsys.readouterr().err
    assert readings() == []


def test_a_training_that_diverges_is_a_failure_and_no_number(study):
    split, protocol, entries = prepared(study)
    wild = replace(protocol, recipe=replace(protocol.recipe, learning_rate=1e30))
    keys = keys_of(wild, entries)
    with pytest.raises(TrainingDiverged, match="greyscale, seed 1: the training diverged"):
        train_missing(open_database(URL), keys, entries, split, wild, torch.device("cpu"), lambda: None)
    assert claimed(open_database(URL), wild.fingerprint) == {}
    assert set(load_failures(open_database(URL), wild.fingerprint)) == {keys[0]}


def test_a_training_that_failed_is_not_done_again_and_the_next_run_says_so_at_once(study, monkeypatch):
    split, protocol, entries = prepared(study)
    keys, done = keys_of(protocol, entries), []

    def to_nan(*_):
        done.append(1)
        return [Outcome(diverged=True)]

    monkeypatch.setattr(retraining, "train", to_nan)
    for said in ("values; the test set is not read", "values in another run"):
        with pytest.raises(TrainingDiverged, match=said):
            train_missing(open_database(URL), keys, entries, split, protocol, torch.device("cpu"), lambda: None)
    assert len(done) == 1
    assert load_predicted(open_database(URL), protocol.fingerprint) == {}
    assert not claim(open_database(URL), keys[0], "another")


@pytest.mark.parametrize(
    ("flags", "code", "said"),
    [
        (["--seeds", "1"], 2, "one training does not show"),
        (["--margin", "0"], 2, "--margin 0: expected points of accuracy"),
        (["--margin", "nan"], 2, "--margin nan"),
        (["--cuts", "9"], 2, "has so many cut points; there are 1, 2, 3"),
        (["--top", "-1"], 2, "expected 0 or more"),
        (["--data", "other.npz"], 4, "not the images of study"),
        (["--study-name", "nobody"], 2, "no study 'nobody'"),
        (["--rival", "nobody"], 2, "no study 'nobody'"),
        (["--rival", "mine"], 2, "the study itself"),
        (["--preset", "paper", "--cuts", "1"], 2, "cannot be combined with --cuts"),
        (["--preset", "paper"], 2, "not of toy"),
        (["--data", "nowhere.npz"], 2, "no such file"),
        (["--storage", "sqlite:///none.db"], 5, "no file"),
    ],
)
def test_what_cannot_be_confirmed_is_refused_in_one_line(study, flags, code, said, capsys):
    part = toy_pictures(seed=1).train
    np.savez("other.npz", images=part.images, labels=part.labels)
    capsys.readouterr()
    assert confirmed(*flags) == code
    err = capsys.readouterr().err
    assert said in err
    assert err.count("\n") == 1
    assert readings() == []


@pytest.mark.parametrize(
    "flags",
    [["--size", "4x4"], ["--color", "gray"], ["--skip-bad"], ["--shape", "8x8"], ["--fit", "crop", "--size", "4x4"]],
)
def test_flags_of_the_pictures_without_pictures_are_refused(study, flags, capsys):
    """Without --data they were ignored: the images are those of the study, as the study took them."""
    assert confirm.main(["--storage", URL, "--seeds", "2", *flags]) == 2
    err = capsys.readouterr().err
    assert flags[0] in err
    assert "name the images with --data" in err
    assert err.count("\n") == 1


FEW = ("--cuts", "1", "--top", "0", "--confirm-references", "none")  # two inputs


def test_what_will_be_read_is_said_before_anything_trains(study, capsys):
    capsys.readouterr()
    confirmed(*FEW)
    err = capsys.readouterr().err
    said = "with the labels: reading 1 of these photos in this database. Read sparingly"
    assert said in err
    assert err.index(said) < err.index("trained ")


def test_a_dry_run_says_what_is_missing_and_trains_and_reads_nothing(study, capsys):
    confirmed(*FEW)
    capsys.readouterr()
    assert confirmed(*FEW, "--seeds", "3", "--dry-run", "--output-dir", "elsewhere") == 0
    out, err = capsys.readouterr()
    assert "reading 2 of these photos in this database; before: 2" in err
    header, *rows = out.splitlines()
    assert header.split()[:4] == ["input", "trainings", "missing", "failed"]
    assert [row.split()[-4:-1] for row in rows if "greyscale" in row] == [["3", "1", "0"]]
    assert len(rows) == 2
    assert "trained " not in err
    assert len(readings()) == 1
    assert not Path("elsewhere").exists()
    assert confirmed(*FEW, "--dry-run") == 0
    assert "the findings are shown again and nothing is read" in capsys.readouterr().err


def test_another_margin_reads_nothing_again(study, capsys):
    confirmed(*FEW)
    assert "Equivalent" not in capsys.readouterr().out
    assert confirmed(*FEW, "--margin", "99.9") == 0
    out, err = capsys.readouterr()
    assert "Equivalent: the interval lies within ±99.9 points" in " ".join(out.split())
    assert "equivalent, " in out
    assert "not read again" in err
    assert len(readings()) == 1
    _, made = read(Path("results/mine/thresholds.json"))
    assert made["confirmation"]["margin"] == pytest.approx(0.999)


def test_pictures_that_are_no_longer_where_the_study_found_them_must_be_named(tmp_path, capsys):
    part = toy_pictures().train
    np.savez("toy.npz", images=part.images, labels=part.labels)
    assert run_study(StudyConfig(data="toy.npz", trials=2, pruner="none", max_cuts=1), URL, make_formula) == 0
    capsys.readouterr()
    Path("toy.npz").rename("moved.npz")
    assert confirm.main(["--storage", URL]) == 2
    assert "--data names another place" in capsys.readouterr().err
    assert confirm.main(["--storage", URL, "--data-dir", "nowhere"]) == 2
    assert "--data-dir nowhere: there is no such folder" in capsys.readouterr().err
    flags = ["--seeds", "2", "--budget", "quick", "--confirm-references", "none"]
    assert confirm.main(["--storage", URL, "--data", "moved.npz", *flags]) == 0


def test_a_study_without_a_finished_trial_has_nothing_to_confirm(tmp_path, capsys):
    part = toy_pictures().train
    np.savez("toy.npz", images=part.images, labels=part.labels)
    run_study_without_trials()
    assert confirmed() == 3
    assert "no finished trial" in capsys.readouterr().err


def run_study_without_trials():
    with pytest.raises(Exception, match="no finished trial"):
        run_study(StudyConfig(data="toy.npz", timeout=0), URL, make_formula)


def test_finalists_are_the_best_of_each_number_the_references_and_greyscale_each_once(study):
    results = load_results(open_database(URL), study)
    entries = finalists(results, 2, None, "kinds")
    assert entries[0].input == Greyscale()
    assert len({entry.input for entry in entries}) == len(entries)
    roles = [role for entry in entries for role in entry.roles]
    assert {best_of(k) for k in results.by_cuts["cuts"]} <= set(roles)
    assert {BEST, Role("top", rank=2), BEST_REFERENCE} <= set(roles)
    kinds = set(results.candidates["reference"].dropna())
    assert {role.name for role in roles if role.kind == "reference"} == kinds
    references = results.candidates[results.candidates["reference"].notna()]
    searched = [e for e in entries if any(role.kind in ("best", "best of cuts", "top") for role in e.roles)]
    for entry in searched:
        within = references[references["channels"] <= entry.bits]["value"]
        rival = with_role(entries, best_reference_within(entry.bits))
        assert (rival and rival.value) == (None if within.empty else within.max())
        assert rival is None or rival.bits <= entry.bits
    best = with_role(entries, BEST_REFERENCE)
    assert best.value == results.candidates[results.candidates["reference"].notna()]["value"].max()


def test_references_within_the_finalists_bits_can_be_confirmed_alone(study):
    results = load_results(open_database(URL), study)
    entries = finalists(results, 1, [1], "within")
    roles = [role for entry in entries for role in entry.roles]
    assert not any(role.kind == "reference" for role in roles)
    assert {BEST_REFERENCE, best_reference_within(with_role(entries, BEST).bits)} <= set(roles)


def test_each_finalist_has_its_reference_also_where_only_some_numbers_of_cut_points_are_asked_for(study):
    results = load_results(open_database(URL), study)
    assert results.candidates["cuts"].iloc[0] != 1
    entries = finalists(results, 1, [1], "kinds")
    best = with_role(entries, BEST)
    assert with_role(entries, best_reference_within(best.bits)) is not None


def test_a_confirmation_is_in_the_studys_precision_unless_another_is_asked_for(study):
    pictures, _ = load_pictures(Source("toy.npz"))
    split, results = split_pictures(pictures, 0), load_results(open_database(URL), study)
    protocol = Protocol.from_dict(results.protocol)
    coarse = replace(protocol, recipe=replace(protocol.recipe, precision="bfloat16"))
    for wanted, found in (
        ("float32", confirmation_protocol(split, "quick", None, protocol)),
        ("bfloat16", confirmation_protocol(split, "quick", None, coarse)),
        ("float32", confirmation_protocol(split, "quick", "float32", coarse)),
        ("float32", confirmation_protocol(split, "quick")),
    ):
        assert found.recipe.precision == wanted


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (["--rival", ""], "--rival"),
        (["--top", "3"], "--top"),
        (["--output-dir", "x"], "--output-dir"),
        (["--data", "sign-mnist.npz"], "not of sign-mnist.npz"),
        (["--seeds", "999999999999"], "at most 10000"),
    ],
)
def test_the_papers_preset_takes_no_flags_without_meaning_and_no_other_pictures(flags, said, capsys, tmp_path):
    assert confirm.main(["--storage", URL, "--preset", "paper", *flags]) == 2
    assert said in capsys.readouterr().err
    assert not (tmp_path / "studies.db").exists()


def test_references_can_be_all_or_none(study):
    results = load_results(open_database(URL), study)
    count = results.candidates["reference"].notna().sum()
    all_of_them = finalists(results, 0, None, "all")
    assert sum(any(role.kind == "reference" for role in e.roles) for e in all_of_them) == count
    assert not any(role.is_reference for e in finalists(results, 0, None, "none") for role in e.roles)


def test_the_papers_entries_are_its_eight_settings_one_hot_and_greyscale():
    entries = paper_entries()
    assert [str(e.input.cut_points) for e in entries[1:]][:2] == ["0,150,255", "0,200,255"]
    assert len(entries) == 9
    assert {e.input.encoding for e in entries[1:]} == {"range"}
    assert isinstance(entries[0], Entry)


def test_another_study_of_the_same_protocol_can_be_the_rival(study, capsys):
    settings = {"data": "toy.npz", "pruner": "none", "max_cuts": 3}
    run_study(StudyConfig(**settings, trials=8, study_name="rival", sampler="repeats"), URL, make_formula)
    assert confirmed("--study-name", study, "--rival", "rival", "--cuts", "1") == 0
    out = capsys.readouterr().out
    assert "to rival's " in out
    assert confirmed("--study-name", study, "--rival", "rival", "--cuts", "1", "--wide") == 0
    out = capsys.readouterr().out
    assert "best of the rival study" in out
    assert "to rival's best" in out
    assert "to rival's of as many cut points" in out
    assert "rival's best of 1" in out
    assert "Search of study rival: 8 trials" in out
    run_study(StudyConfig(**settings, trials=2, study_name="other", epochs=2), URL, make_formula)
    assert confirmed("--study-name", study, "--rival", "other") == 4
    assert "recipe.epochs" in capsys.readouterr().err


def test_a_study_can_confirm_at_its_end(tmp_path, capsys):
    part = toy_pictures().train
    np.savez("toy.npz", images=part.images, labels=part.labels)
    flags = ["--data", "toy.npz", "--trials", "2", "--epochs", "1", "--width", "4", "--max-cuts", "1"]
    assert study_main(["--storage", URL, *flags, "--confirm", "2"]) == 0
    assert "Reading 1 of these photos" in capsys.readouterr().out
    (folder,) = Path("results").iterdir()
    assert json.loads((folder / "thresholds.json").read_text())["confirmed"]["accuracy"]["n"] == 2
