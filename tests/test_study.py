"""Whole studies: with a formula in place of training, and with real training as a user starts it."""

import contextlib
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import optuna
import pandas as pd
import pytest
from optuna.exceptions import UpdateFinishedTrialError
from optuna.trial import TrialState

from models.train import Outcome
from search.config import StudyConfig
from search.console.command import run
from search.deploy.thresholds import read
from search.errors import NothingToShow
from search.evaluation.objective import Result
from search.study import main, run_study
from search.trials import loop as search_loop
from search.trials.lifecycle import put_back
from storage.database import open_database
from storage.records import load_runs, trials_frame
from storage.results import load_results
from tests.conftest import command, toy_pictures
from tests.formula import BEST, cut_points, make_formula

URL = "sqlite:///studies.db"


@pytest.fixture
def toy(tmp_path):
    part = toy_pictures().train
    np.savez(tmp_path / "toy.npz", images=part.images, labels=part.labels)
    return "toy.npz"


def formula_study(toy, **settings):
    return run_study(StudyConfig(**{"data": toy, "trials": 8, "pruner": "none"} | settings), URL, make_formula)


def results(name=None):
    return load_results(open_database(URL), name)


def test_a_study_ends_with_its_trials_the_thresholds_and_the_report(toy, capsys):
    assert formula_study(toy, trials=40) == 0
    found = results()
    assert len(found.trials) == 40
    assert set(found.trials["state"]) == {"COMPLETE"}
    folder = "results/" + found.study.study_name
    binarization, made = read(Path(folder) / "thresholds.json")
    assert binarization.cut_points.values == found.candidates.iloc[0]["cut_points"]
    assert made["greyscale"]["value"] == 0.95
    assert os.path.getsize(folder + "/report.html") > 1e6
    out, err = capsys.readouterr()
    assert out.startswith(f"best: {binarization}, ")
    assert "trial 39 (40/40)" in err
    assert "Traceback" not in err


def test_the_search_comes_nearer_to_the_best_than_the_references(toy):
    formula_study(toy, trials=80, max_cuts=4, encoding="thermometer")
    found = results()
    assert pd.isna(found.candidates.iloc[0]["reference"])
    best = np.array(found.candidates.iloc[0]["cut_points"])
    assert max(np.abs(best - c).min() for c in BEST) < 40


def test_references_come_first_and_greyscale_is_no_trial(toy):
    formula_study(toy, trials=10)
    found = results()
    assert found.trials["reference"].notna().tolist() == [True] * 5 + [False] * 5
    assert len(load_runs(open_database(URL), found.protocol_fingerprint)) == 1
    assert all(found.trials["cut_points"].map(len) >= 1)


def test_going_on_makes_up_to_the_total_and_repeats_nothing(toy, capsys):
    formula_study(toy, trials=6, references="none")
    first = results()
    formula_study(toy, trials=12, references="none")
    second = results()
    assert second.study.study_name == first.study.study_name
    assert len(second.trials) == 12
    drawn = second.trials["threshold_ranges"] + second.trials["encoding"]
    assert drawn.nunique() == 12
    capsys.readouterr()
    assert formula_study(toy, trials=12) == 0
    out, err = capsys.readouterr()
    assert "has 12 trials already" in err
    assert out.startswith("best: ")
    assert len(results().trials) == 12


def test_a_resumed_study_gets_the_references_it_still_lacks(toy):
    formula_study(toy, trials=4)
    formula_study(toy, trials=20)
    assert results().trials["reference"].notna().sum() == 10


def test_all_references_are_learned_one_by_one_and_not_again(toy, capsys):
    settings = {"max_cuts": 2, "epochs": 1, "width": 4, "references": "all"}
    formula_study(toy, trials=12, **settings)
    some = results().trials
    assert len(some) == 12
    formula_study(toy, trials=40, **settings)
    trials = results().trials
    learned = trials[trials["reference"] == "learned"]
    assert sorted(learned["cut_points"].map(len)) == [1, 2]
    assert set(learned["encoding"]) == {"thermometer"}
    assert (learned["reference_seconds"] > 0).all()
    assert trials[trials["reference"] != "learned"]["reference_seconds"].isna().all()
    err = capsys.readouterr().err
    assert err.count("learning 1 threshold by gradient") == 1
    assert err.count("learning 2 thresholds by gradient") == 1
    assert err.index("trial 0 ") < err.index("learning ")


def test_auto_learns_nothing(toy, capsys):
    formula_study(toy, trials=40, max_cuts=2)
    assert "learning" not in capsys.readouterr().err


def test_a_signal_while_thresholds_are_learned_loses_nothing(toy, monkeypatch):
    def interrupted(start, training, classes, recipe, seed, check, levels):
        os.kill(os.getpid(), signal.SIGINT)
        check()
        raise AssertionError("check does not stop the learning")

    settings = {"max_cuts": 1, "epochs": 1, "width": 4, "references": "all"}
    with monkeypatch.context() as patch:
        patch.setattr("search.references.learned.learn_thresholds", interrupted)
        assert run_study(StudyConfig(data=toy, trials=20, pruner="none", **settings), URL, make_formula) == 130
    assert set(results().trials["state"]) == {"COMPLETE"}
    formula_study(toy, trials=20, **settings)
    assert (results().trials["reference"] == "learned").sum() == 1


def test_greyscale_is_made_once_also_for_another_study_of_the_same_protocol(toy):
    formula_study(toy, trials=2)
    formula_study(toy, trials=2, max_cuts=3)
    formula_study(toy, trials=3)
    found = results()
    assert len(open_database(URL).study_names()) == 2
    assert len(load_runs(open_database(URL), found.protocol_fingerprint)) == 1


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"epochs": 9}, "recipe.epochs: 6 in the study, 9 now"),
        ({"seed": 1}, "seed: 0 in the study, 1 now"),
        ({"max_cuts": 3}, "max_cuts: 8 in the study, 3 now"),
        ({"encoding": "range"}, "encoding: both in the study, range now"),
        ({"budget": "full"}, "variants: 6 in the study, 0 now"),
    ],
)
def test_another_protocol_is_refused_with_the_differences(toy, change, named, capsys):
    formula_study(toy, trials=2, study_name="mine")
    before = trials_frame(results("mine").study)
    flags = {"data": toy, "trials": 5, "study_name": "mine"} | change
    arguments = [part for key, value in flags.items() for part in (f"--{key.replace('_', '-')}", str(value))]
    assert main(["--storage", URL, *arguments]) == 4
    assert named in capsys.readouterr().err
    assert trials_frame(results("mine").study).equals(before)


def test_a_renamed_copy_of_the_same_data_is_the_same_data(toy, tmp_path, capsys):
    formula_study(toy, trials=2, study_name="mine")
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / toy).rename(tmp_path / "elsewhere/other.npz")
    assert formula_study("elsewhere/other.npz", trials=4, study_name="mine") == 0
    assert len(results("mine").trials) == 4


GOLDEN = Path(__file__).parent / "golden" / "digits-before-groups.sqlite"


@pytest.mark.parametrize("module", ["search.study", "search.confirm", "search.export", "dashboards.report"])
def test_a_study_of_the_version_before_groups_is_refused_in_one_line_and_kept(tmp_path, module):
    """tests/golden/digits-before-groups.sqlite: two trials on the digits, made at commit fed5a49."""
    shutil.copy(GOLDEN, tmp_path / "studies.db")
    flags = ["--study-name", "golden"]
    if module == "search.study":
        flags += ["--data", "digits", "--trials", "3", "--epochs", "1", "--width", "4", "--references", "none"]
    done = command(module, *flags)
    assert done.returncode == 4, done.stderr
    assert "study 'golden' is of an earlier version" in done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr
    assert done.stdout == ""
    with contextlib.closing(sqlite3.connect(tmp_path / "studies.db")) as connection:
        assert connection.execute("SELECT version_num FROM cutpoints_version").fetchall() == [("0004",)]
        assert connection.execute("SELECT COUNT(*) FROM trials").fetchall() == [(2,)]


def test_other_data_is_refused(toy, tmp_path, capsys):
    formula_study(toy, trials=2, study_name="mine")
    part = toy_pictures(seed=1).train
    np.savez(tmp_path / "toy.npz", images=part.images, labels=part.labels)
    assert main(["--storage", URL, "--data", toy, "--study-name", "mine"]) == 4
    assert "data_fingerprint" in capsys.readouterr().err


def test_a_study_that_plain_optuna_made_is_left_alone(toy, capsys):
    optuna.create_study(storage=URL, study_name="theirs").optimize(lambda t: t.suggest_float("x", 0, 1), n_trials=1)
    assert main(["--storage", URL, "--data", toy, "--study-name", "theirs"]) == 4
    assert "was not made by" in capsys.readouterr().err


def test_the_default_name_is_the_same_for_the_same_settings_and_changes_with_them(toy):
    names = []
    for settings in ({}, {"trials": 9, "sampler": "random"}, {"seed": 1}, {"positions": "linear"}, {"epochs": 7}):
        formula_study(toy, **settings)
        names.append(results(open_database(URL).study_names()[-1]).study.study_name)
    assert names[0] == names[1]
    assert len(set(names)) == 4
    assert all(name.startswith("toy-quick-") for name in names)


def test_a_training_that_diverges_fails_its_trial_and_the_study_goes_on(toy, capsys):
    def make(split, *rest):
        formula = make_formula(split, *rest)

        def evaluate(specs, report, check):
            if len(cut_points(specs[0])) == 4:
                return [Result(None, None, (), 0.1, True)]
            return formula(specs, report, check)

        return evaluate

    assert run_study(StudyConfig(data=toy, trials=12, pruner="none"), URL, make) == 0
    trials = results().trials
    failed = trials[trials["state"] == "FAIL"]
    assert len(trials) == 12
    assert 0 < len(failed) < 12
    assert set(failed["failure"]) == {"the training diverged: NaN or infinite values"}
    assert "failed: the training diverged" in capsys.readouterr().err


def test_an_error_in_a_training_loses_nothing(toy):
    calls = []

    def make(split, *rest):
        formula = make_formula(split, *rest)

        def evaluate(specs, report, check):
            calls.append(1)
            if len(calls) == 4:
                raise MemoryError("no memory left")
            return formula(specs, report, check)

        return evaluate

    with pytest.raises(MemoryError):
        run_study(StudyConfig(data=toy, trials=8, pruner="none"), URL, make)
    assert [t.state for t in results().study.trials][:3] == [TrialState.COMPLETE, TrialState.COMPLETE, TrialState.FAIL]
    formula_study(toy, trials=8)
    trials = results().trials
    assert (trials["state"] == "COMPLETE").sum() == 7
    assert trials["failure"].dropna().tolist() == ["MemoryError: no memory left"]


def test_pruning_ends_trials_early_but_never_references(toy):
    formula_study(toy, trials=60, pruner="median", encoding="thermometer")
    trials = results().trials
    assert (trials["state"] == "PRUNED").sum() > 3
    assert set(trials[trials["reference"].notna()]["state"]) == {"COMPLETE"}


def test_a_timeout_starts_no_further_trial(toy, capsys):
    assert main(["--storage", URL, "--data", toy, "--timeout", "0", "--epochs", "1"]) == 3
    err = capsys.readouterr().err
    assert "--timeout: 0 seconds are over" in err
    assert "has no finished trial yet" in err


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (["--trials", "0"], "--trials 0: expected 1 to"),
        (["--trials", "many"], "invalid int value: 'many'"),
        (["--sampler", "magic"], "'magic' is none of tpe, random"),
        (["--max-cuts", "300"], "--max-cuts 300"),
        (["--data", "nothing.csv"], "no such file or folder"),
        (["--device", "cuda"], "no CUDA device"),
        (["--trails", "5"], "there is no flag --trails; did you mean --trials?"),
        (["--study-name", " "], "--study-name is empty"),
    ],
)
def test_bad_usage_is_one_line_and_exit_code_2(flags, said):
    if flags == ["--device", "cuda"] and __import__("torch").cuda.is_available():
        pytest.skip("there is a CUDA device")
    done = command("search.study", *flags)
    assert done.returncode == 2
    assert len(done.stderr.strip().splitlines()) == 1
    assert said in done.stderr
    assert done.stdout == ""


def test_an_unusable_storage_is_one_line_and_exit_code_5():
    done = command("search.study", "--storage", "sqlite:///nowhere/a.db")
    assert done.returncode == 5
    assert done.stderr.strip() == "error: sqlite:///nowhere/a.db: there is no folder nowhere"


def test_debug_shows_the_traceback():
    assert "Traceback" in command("search.study", "--data", "nothing.csv", "--debug").stderr


def test_help_names_every_flag_and_its_default():
    text = command("search.study", "--help").stdout
    for flag in ("--trials", "--data", "--budget", "--pruner", "--storage", "--timeout", "--output-dir", "--debug"):
        assert flag in text
    assert "(default: 100)" in " ".join(text.split())


def test_real_training_as_a_user_starts_it_on_the_bundled_digits(tmp_path):
    done = command("search.study", "--trials", "6", "--epochs", "3", "--width", "8")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("best: ")
    (folder,) = (tmp_path / "results").iterdir()
    binarization, made = read(folder / "thresholds.json")
    assert made["value"] > 0.6
    assert made["data"]["name"] == "digits"
    images = np.random.default_rng(0).integers(0, 256, (2, 8, 8), dtype=np.uint8)
    assert binarization.encode(images).shape == (2, made["channels"], 8, 8)


def test_the_same_seed_gives_the_same_study(toy):
    values = []
    for name in ("one", "two"):
        assert (
            main(["--storage", f"sqlite:///{name}.db", "--data", toy, "--trials", "5", "--epochs", "2", "--width", "4"])
            == 0
        )
        values.append(load_results(open_database(f"sqlite:///{name}.db"), None).trials[["value", "threshold_ranges"]])
    assert values[0].equals(values[1])


def test_a_loss_that_becomes_nan_in_real_training_is_said_and_the_study_goes_on(toy, capsys):
    code = main(["--storage", URL, "--data", toy, "--trials", "3", "--learning-rate", "1e9", "--width", "128"])
    err = capsys.readouterr().err
    trials = results().trials
    assert len(trials) == 3
    assert "FAIL" in set(trials["state"])
    assert "failed: the training diverged: NaN or infinite values" in err
    assert code == (3 if set(trials["state"]) == {"FAIL"} else 0)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_stops_cleanly_and_the_study_goes_on_later(tmp_path, number, code):
    arguments = [sys.executable, "-m", "search.study", "--data", "digits", "--trials", "500", "--epochs", "4"]
    process = subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    lines = []
    for line in process.stderr:
        lines.append(line)
        if line.startswith("trial 1 "):
            process.send_signal(number)
            break
    out, err = process.communicate(timeout=120)
    assert process.returncode == code, "".join(lines) + err
    assert out.startswith("best: ")
    assert "Traceback" not in err
    study = results().study
    states = [trial.state for trial in study.trials]
    assert TrialState.RUNNING not in states
    done = sum(state in (TrialState.COMPLETE, TrialState.PRUNED) for state in states)
    again = command("search.study", "--data", "digits", "--trials", str(done + 1), "--epochs", "4")
    assert again.returncode == 0, again.stderr
    assert f"{done} of {done + 1} trials done" in again.stderr


def test_a_killed_run_costs_only_the_trial_that_was_running():
    arguments = [sys.executable, "-m", "search.study", "--data", "digits", "--trials", "500", "--epochs", "4"]
    process = subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    for line in process.stderr:
        if line.startswith("trial 1 "):
            break
    deadline = time.monotonic() + 60
    while not any(t.state is TrialState.RUNNING and "worker" in t.user_attrs for t in results().study.trials):
        assert time.monotonic() < deadline
    process.kill()
    process.communicate()
    before = results().study.trials
    done = sum(t.state is TrialState.COMPLETE for t in before)
    again = command("search.study", "--data", "digits", "--trials", str(done + 1), "--epochs", "4")
    assert again.returncode == 0, again.stderr
    after = results().trials
    assert (after["state"] == "COMPLETE").sum() == done + 1
    if any(t.state is TrialState.RUNNING for t in before):
        assert "did not finish and is queued again" in again.stderr


def test_data_goes_to_stdout_and_messages_to_stderr(toy):
    done = command("search.study", "--data", toy, "--trials", "2", "--epochs", "1", "--width", "4")
    assert done.returncode == 0
    assert "study toy-quick-" in done.stderr
    assert "study toy-quick-" not in done.stdout
    assert "cuts" in done.stdout
    exported = command("search.export")
    assert json.loads(exported.stdout)["schema_version"] == 2


def test_an_unforeseen_error_is_one_line_and_exit_code_1(capsys):
    def broken(args):
        raise ZeroDivisionError("by zero")

    assert run(broken, type("Args", (), {"debug": False})()) == 1
    assert capsys.readouterr().err == "error: ZeroDivisionError: by zero (--debug shows the traceback)\n"


def test_two_workers_share_a_study_without_drawing_the_same(toy):
    arguments = [sys.executable, "-m", "search.study", "--data", toy, "--trials", "10", "--epochs", "2", "--width", "4"]
    arguments += ["--references", "none", "--sampler", "random"]
    workers = [subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(2)]
    ended = [(worker.communicate(timeout=120)[1], worker.returncode) for worker in workers]
    assert [code for _, code in ended] == [0, 0], ended
    trials = results().trials
    trials = trials[trials["state"] != "STOPPED"]  # asked for while the other asked for the last
    assert len(trials) == 10
    assert set(trials["state"]) == {"COMPLETE"} | set(trials["state"]) & {"PRUNED"}
    assert not trials.duplicated(["cut_points", "encoding", "training_seed"]).any()
    assert len(load_runs(open_database(URL), results().protocol_fingerprint)) == 1


def test_processes_that_start_together_make_exactly_the_total_and_queue_each_reference_once(toy):
    arguments = [sys.executable, "-m", "search.study", "--data", toy, "--trials", "24", "--epochs", "1", "--width", "4"]
    arguments += ["--pruner", "none"]
    workers = [subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(3)]
    ended = [(worker.communicate(timeout=240)[1], worker.returncode) for worker in workers]
    assert [code for _, code in ended] == [0, 0, 0], ended
    trials = results().trials
    done = trials[trials["state"] == "COMPLETE"]
    assert len(done) == 24
    assert set(trials["state"]) <= {"COMPLETE", "STOPPED"}
    references = done[done["reference"].notna()]
    assert len(references) == 12
    assert not references.duplicated(["cut_points", "encoding"]).any()
    assert sum("greyscale reference: training" in err for err, _ in ended) == 1
    assert len(load_runs(open_database(URL), results().protocol_fingerprint)) == 1


@pytest.mark.parametrize("zone", ["Asia/Tokyo", "America/Los_Angeles"])
def test_a_trial_left_by_a_process_that_was_killed_while_asking_is_made_before_the_end(toy, zone):
    """Its minute begins now, whatever the time zone, and the run that would end waits for it."""
    formula_study(toy, trials=3)
    results().study.ask()
    storage = open_database(URL).engine
    with storage.begin() as connection:
        connection.exec_driver_sql("UPDATE trials SET datetime_start = datetime('now', '-57 seconds') WHERE number = 3")
    done = command("search.study", "--data", toy, "--trials", "4", "--pruner", "none", env={"TZ": zone})
    assert done.returncode == 0, done.stderr
    trials = results().trials
    assert (trials["state"] == "COMPLETE").sum() == 4
    assert "RUNNING" not in set(trials["state"])


def test_a_run_that_only_waits_for_other_machines_says_so_and_does_not_end_with_0(toy, capsys):
    formula_study(toy, trials=3)
    results().study.ask().set_user_attr("worker", "elsewhere:1:5")
    assert formula_study(toy, trials=4) == 3
    err = capsys.readouterr().err
    assert "1 trial still running on other machines: elsewhere:1:5" in err
    assert "the study has 3 of 4 trials" in err


def test_what_each_trial_was_trained_with_is_kept_and_a_mixture_is_said(toy, capsys):
    formula_study(toy, trials=2)
    (made_with,) = set(results().trials["trained_with"])
    assert made_with.startswith("torch ")
    assert "thread" in made_with
    capsys.readouterr()
    trial = results().study.trials[0]
    with open_database(URL).engine.begin() as connection:
        connection.exec_driver_sql(
            "UPDATE trial_user_attributes SET value_json = '\"another torch\"' WHERE key = 'trained_with' "
            f"AND trial_id = {trial._trial_id}"
        )
        connection.exec_driver_sql("UPDATE cutpoints_runs SET trained_with = 'an older torch'")
    formula_study(toy, trials=3)
    out, err = capsys.readouterr()
    assert "warning: trials of this study were trained with another torch; now it is torch" in err
    assert "warning: it was trained with an older torch, trials now with torch" in err
    assert "warning: trained with another torch and torch" in out


def test_a_value_that_is_not_finite_fails_its_trial_once(toy, monkeypatch):
    """A right class that a network gives no chance at all has an infinite log-loss."""

    def train(lanes, _, validation_u8, classes, recipe, report, check):
        (lane,) = lanes
        logits = np.zeros((len(validation_u8), classes), np.float32)
        if sum(part.table.shape[1] for part in lane.parts) == 5:
            logits[:, 0], logits[:, 1:] = np.finfo(np.float32).max, -np.inf
        return [Outcome(logits, seconds=0.1)]

    monkeypatch.setattr("search.evaluation.objective.train", train)
    assert run_study(StudyConfig(data=toy, trials=12, pruner="none", metric="log-loss"), URL) == 0
    trials = results().trials
    assert len(trials) == 12
    failed = trials[trials["state"] == "FAIL"]
    assert set(failed["channels"]) == {5}
    assert set(failed["failure"]) == {"the training diverged: NaN or infinite values"}
    assert not failed.duplicated(["cut_points", "encoding"]).any()


def test_a_greyscale_reference_that_diverges_is_trained_once(toy, capsys):
    calls = []

    def make(split, *rest):
        formula = make_formula(split, *rest)

        def evaluate(specs, report, check):
            if not cut_points(specs[0]):
                calls.append(specs)
                return [Result(None, None, (), 0.1, True)]
            return formula(specs, report, check)

        return evaluate

    for trials in (2, 4):
        assert run_study(StudyConfig(data=toy, trials=trials, pruner="none"), URL, make) == 0
    assert len(calls) == 1
    assert "greyscale reference: failed before" in capsys.readouterr().err


def test_a_study_that_waits_for_anothers_greyscale_ends_with_its_timeout(toy, monkeypatch, capsys):
    monkeypatch.setattr("storage.claims.Once.mine", lambda *_: False)
    with pytest.raises(NothingToShow):
        formula_study(toy, timeout=1)
    assert "--timeout: 1 seconds are over" in capsys.readouterr().err


def test_a_process_that_is_taken_for_dead_while_it_starts_a_trial_starts_another(toy, monkeypatch, capsys):
    asking, lost = search_loop.ask, []

    def ask(study, *rest):
        if len(study.trials) == 2 and not lost:
            lost.append(study.ask())
            study.tell(lost[0], state=TrialState.FAIL)
            raise UpdateFinishedTrialError
        return asking(study, *rest)

    monkeypatch.setattr(search_loop, "ask", ask)
    assert formula_study(toy, trials=4, pruner="none") == 0
    assert "another trial is started" in capsys.readouterr().err


def test_a_trial_that_another_process_took_for_dead_is_lost_and_the_study_goes_on(toy, capsys):
    def make(split, *rest):
        formula = make_formula(split, *rest)

        def evaluate(specs, report, check):
            study = open_database(URL).load_study(None)
            if len(study.trials) == 3:
                assert put_back(study, 2, "taken for dead")
            return formula(specs, report, check)

        return evaluate

    assert run_study(StudyConfig(data=toy, trials=5, pruner="none"), URL, make) == 0
    assert "trial 2: another process assumed that this one had died" in capsys.readouterr().err
    assert (results().trials["state"] == "COMPLETE").sum() == 5


def test_a_reader_of_stdout_that_goes_away_loses_no_file(toy, tmp_path):
    arguments = f"{sys.executable} -m search.study --data {toy} --trials 2 --epochs 1 --width 4 --output-dir here"
    done = subprocess.run(
        ["bash", "-c", f"{arguments} | true; exit ${{PIPESTATUS[0]}}"], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert {path.name for path in (tmp_path / "here").iterdir()} == {"thresholds.json", "report.html"}
    assert "Error" not in done.stderr


def test_an_output_folder_that_cannot_be_written_is_named_before_anything_is_made(toy, tmp_path, capsys):
    (tmp_path / "file").write_text("x")
    assert main(["--storage", URL, "--data", toy, "--output-dir", "file/inside"]) == 2
    assert "cannot write into file/inside" in capsys.readouterr().err
    assert open_database(URL).study_names() == []


def test_a_study_name_never_leads_out_of_the_results_folder(toy, tmp_path):
    names = ["../../outside", "a b", "a-b", "..", "/etc/x", "手" * 200, "x" * 300]
    for name in names:
        formula_study(toy, trials=1, study_name=name)
    folders = list((tmp_path / "results").iterdir())
    assert len(folders) == len(names)
    assert all((folder / "thresholds.json").is_file() for folder in folders)


def test_help_never_shows_a_password():
    secret = {"OPTUNA_STORAGE": "postgresql://me:s3cret@127.0.0.1:9/x?password=s3cret"}
    for module in ("search.study", "search.export", "dashboards.report"):
        done = command(module, "--help", env=secret)
        assert done.returncode == 0
        assert "s3cret" not in done.stdout
    done = command("search.export", env=secret)
    assert done.returncode == 5
    assert "s3cret" not in done.stderr
