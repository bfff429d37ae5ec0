"""Whole studies with several trainings per trial, another metric or two objectives, with a formula as training."""

import json
import re
from pathlib import Path

import numpy as np
import pytest
from optuna.study import StudyDirection
from optuna.trial import TrialState

from dashboards.report import main as report
from search.config import StudyConfig
from search.evaluation.objective import Result
from search.export import main as export
from search.study import main, run_study
from storage.candidates import pareto_front
from storage.database import open_database
from storage.results import load_results
from tests.conftest import toy_pictures
from tests.formula import make_formula

URL = "sqlite:///studies.db"
BOTH = {"objectives": "accuracy,bits"}


@pytest.fixture(autouse=True)
def toy(tmp_path):
    part = toy_pictures().train
    np.savez(tmp_path / "toy.npz", images=part.images, labels=part.labels)


def study(make=make_formula, **settings):
    code = run_study(StudyConfig(**{"data": "toy.npz", "study_name": "mine"} | settings), URL, make)
    assert code == 0
    return load_results(open_database(URL), "mine")


def refused(capsys, *flags):
    """The exit code and the one line that a command with bad flags ends with."""
    try:
        code = main(["--storage", URL, "--data", "toy.npz", "--trials", "3", *flags])
    except SystemExit as ended:
        code = ended.code
    out, err = capsys.readouterr()
    lines = [line for line in err.splitlines() if not line.startswith(("images: ", "photo groups: "))]
    assert (out, len(lines)) == ("", 1), err
    return code, lines[0]


# ── folds and repeats ──


def test_wilcoxon_prunes_between_trainings_and_never_references(capsys):
    found = study(trials=60, folds=5, encoding="thermometer", max_cuts=3, sampler="random")
    trials = found.trials
    pruned = trials[trials["state"] == "PRUNED"]
    assert len(pruned) > 3
    assert pruned["reference"].isna().all()
    assert pruned["replicate_of"].isna().all()
    assert {len(found.study.trials[n].intermediate_values) for n in pruned["number"]} == {4}
    complete = trials[trials["state"] == "COMPLETE"]
    assert {len(found.study.trials[n].intermediate_values) for n in complete["number"]} == {5}
    for _, row in pruned.iterrows():  # each was worse than the best of its number of cut points at that time
        before = complete[complete["number"] < row["number"]]
        before = before[before["cut_points"].map(len) == len(row["cut_points"])]
        last = found.study.trials[row["number"]].intermediate_values[4]
        assert last < before["value"].max()
    assert "pruned after training 4 at " in capsys.readouterr().err


def test_with_fewer_than_five_trainings_nothing_is_pruned_and_nothing_said_of_it():
    found = study(trials=30, folds=2, repeats=2, encoding="thermometer", max_cuts=3, sampler="random")
    assert set(found.trials["state"]) == {"COMPLETE"}
    assert [StudyConfig(folds=f, repeats=r).pruner_name for f, r in ((1, 1), (2, 2), (5, 1), (1, 5), (3, 2))] == [
        "median",
        "none",
        "wilcoxon",
        "wilcoxon",
        "wilcoxon",
    ]


def test_with_folds_no_reference_has_seen_labels_of_photos_that_validate(capsys):
    found = study(trials=60, folds=3, max_cuts=4, references="all")
    names = set(found.trials["reference"].dropna())
    assert {"multi-otsu", "quantile", "uniform"} <= names
    assert not names & {"entropy", "learned"}
    assert "references that use labels (entropy, learned) are left out" in capsys.readouterr().err


def test_a_study_with_folds_and_repeats_trains_and_goes_on(capsys):
    flags = ["--storage", URL, "--data", "toy.npz", "--folds", "3", "--repeats", "2", "--epochs", "1", "--width", "4"]
    assert main([*flags, "--trials", "2"]) == 0
    assert main([*flags, "--trials", "3"]) == 0
    found = load_results(open_database(URL), None)
    assert [len(trial.intermediate_values) for trial in found.study.trials] == [6, 6, 6]
    assert (found.protocol["folds"], found.protocol["repeats"]) == (3, 2)
    assert len(found.greyscale.accuracies) == 6
    assert found.data_set is not None
    assert "Warning" not in capsys.readouterr().err


# ── another metric ──


@pytest.mark.parametrize("pruner", ["none", "median"])
def test_a_study_of_log_loss_looks_for_the_smallest_everywhere(pruner, capsys):
    found = study(trials=40, metric="log-loss", pruner=pruner, sampler="random", max_cuts=3)
    assert found.study.direction is StudyDirection.MINIMIZE
    complete = found.trials[found.trials["state"] == "COMPLETE"]
    smallest = complete["value"].min()
    assert found.candidates["value"].is_monotonic_increasing
    assert found.candidates["value"].iloc[0] == smallest
    for cuts, rows in found.candidates.groupby("cuts"):
        assert found.by_cuts.set_index("cuts").loc[cuts, "value"] == rows["value"].min()
    out, err = capsys.readouterr()
    shown = f"{smallest:.3f} [{smallest - 0.0196:.3f}, {smallest + 0.0196:.3f}]"
    assert f", {shown} validation log-loss, " in out
    assert "points" not in out + err
    assert "%" not in out + err
    last = [line for line in err.splitlines() if line.startswith("trial ")][-1]
    assert f"| best {shown} with " in last
    assert f"{smallest - 0.05:+.3f} to greyscale" in last
    made = json.loads(Path("results/mine/thresholds.json").read_text())
    assert (made["value"], made["metric"]) == (smallest, "validation log-loss")
    if pruner == "median":  # what is pruned was worse, that is larger, than most of its kind
        assert 0 < len(found.trials[found.trials["state"] == "PRUNED"]) < 25


def test_tpe_minimizes_a_log_loss():
    found = study(trials=60, metric="log-loss", pruner="none", max_cuts=3, encoding="thermometer", references="none")
    values = found.trials.sort_values("number")["value"].astype(float).to_numpy()
    assert values[40:].mean() < values[:10].mean()


def test_values_above_1_are_no_error():
    def make(split, protocol, device):
        def evaluate(specs, report, check):
            return [Result(2.5 + 0.01 * spec.input.tables[0].shape[1], 0.1, (2.5,), 0.1, False) for spec in specs]

        return evaluate

    found = study(make, trials=5, metric="log-loss")
    assert json.loads(Path("results/mine/thresholds.json").read_text())["value"] > 2.5
    assert found.greyscale.value > 2.5


# ── two objectives ──


@pytest.mark.parametrize("sampler", ["tpe", "random", "gp", "qmc", "local", "repeats"])
def test_two_objectives_give_optunas_pareto_front(sampler, capsys):
    found = study(trials=14, sampler=sampler, max_cuts=4, **BOTH)
    assert found.study.directions == [StudyDirection.MAXIMIZE, StudyDirection.MINIMIZE]
    assert set(found.trials["state"]) == {"COMPLETE"}
    complete = [trial.values for trial in found.study.trials]
    assert [values[1] for values in complete] == found.trials["channels"].tolist()
    wanted = {tuple(a) for a in complete if not any(b[0] >= a[0] and b[1] <= a[1] and b != a for b in complete)}
    assert {tuple(trial.values) for trial in found.study.best_trials} == wanted
    if found.trials["replicate_of"].isna().all():  # a candidate is the mean of its trials
        front = pareto_front(found.candidates)
        assert set(zip(front["value"], front["channels"].astype(float), strict=True)) == wanted
    err = capsys.readouterr().err
    assert "nothing is pruned" in err
    assert "Warning" not in err


def test_a_study_of_two_objectives_goes_on_and_is_exported_and_reported(capsys, tmp_path):
    study(trials=12, **BOTH)
    found = study(trials=24, max_cuts=8, **BOTH)
    assert len(found.trials) == 24
    capsys.readouterr()
    assert export(["--storage", URL, "--pick", "knee"]) == 0
    made = json.loads(capsys.readouterr().out)
    assert made["pick"] == "knee"
    assert report(["--storage", URL, "-o", "r.html"]) == 0
    html = (tmp_path / "r.html").read_text(encoding="utf-8")
    for key in ("bits", "cuts", "history", "importance"):
        assert f'<div id="{key}"' in html


def test_real_training_with_two_objectives():
    flags = ["--storage", URL, "--data", "toy.npz", "--objectives", "accuracy,bits", "--epochs", "1", "--width", "4"]
    assert main([*flags, "--trials", "3"]) == 0
    found = load_results(open_database(URL), None)
    assert [trial.state for trial in found.study.trials] == [TrialState.COMPLETE] * 3


@pytest.mark.parametrize(("first", "then"), [("accuracy", "accuracy,bits"), ("accuracy,bits", "accuracy")])
def test_other_objectives_are_refused_on_joining(first, then, capsys):
    study(trials=2, objectives=first)
    capsys.readouterr()
    before = load_results(open_database(URL), "mine").trials
    code, line = refused(capsys, "--study-name", "mine", "--objectives", then)
    assert code == 4
    assert f"objectives: {first} in the study, {then} now" in line
    assert load_results(open_database(URL), "mine").trials.equals(before)


def test_objectives_and_metric_are_part_of_the_default_name():
    for settings in ({}, BOTH, {"metric": "log-loss"}, {"folds": 2}, {"repeats": 2}):
        run_study(StudyConfig(data="toy.npz", trials=1, **settings), URL, make_formula)
    assert len(open_database(URL).study_names()) == 5


def test_the_names_of_the_objectives_are_there_for_optunas_own_tools():
    assert study(trials=1, **BOTH).study.metric_names == ["validation accuracy", "bits per pixel"]


# ── bad input ──


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (["--folds", "0"], "--folds 0: expected 1 to 100"),
        (["--repeats", "0"], "--repeats 0: expected 1 to 1000"),
        (["--folds", "two"], "--folds"),
        (["--folds", "11"], "outside the test set, not counting variants; the split needs at least 11"),
        (["--folds", "5", "--pruner", "median"], "--pruner median compares epochs"),
        (["--repeats", "2", "--pruner", "hyperband"], "--pruner hyperband compares epochs"),
        (["--pruner", "wilcoxon"], "must be 5 or more, not 1"),
        (["--folds", "2", "--repeats", "2", "--pruner", "wilcoxon"], "must be 5 or more, not 4"),
        (["--objectives", "accuracy,bits", "--pruner", "median"], "cannot be pruned"),
        (["--objectives", "accuracy,bits", "--sampler", "cmaes"], "--sampler cmaes supports one objective only"),
        (["--objectives", "accuracy,bits", "--sampler", "halving"], "--sampler halving supports one objective only"),
        (["--objectives", "bits"], "--objectives"),
        (["--metric", "auc"], "--metric"),
    ],
)
def test_what_cannot_be_is_said_in_one_line(flags, said, capsys):
    code, line = refused(capsys, *flags)
    assert code == 2
    assert said in line
    assert not re.search("Traceback|Warning", line)
    assert open_database(URL).study_names() == []
