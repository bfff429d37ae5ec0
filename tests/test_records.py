"""Records in, data frames out."""

import json

import optuna
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from search.binarization.binarization import Arithmetic, Binarization
from search.binarization.cut_points import ColorCutPoints, CutPoints
from storage.candidates import Ranking, best_by_arithmetic, best_by_cuts, candidates_frame, counts
from storage.database import open_database
from storage.records import (
    TRIAL_COLUMNS,
    StartedTrial,
    key_of,
    record_end,
    record_start,
    trials_frame,
)


@pytest.fixture
def database(tmp_path):
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    return open_database(f"sqlite:///{tmp_path}/a.db")


def add(study, cuts, value, encoding="range", weights="real", **attributes):
    trial = study.ask()
    channels = len(cuts) + (encoding == "range")
    ranges = ",".join(map(str, (0, *cuts, 255)))
    record_start(
        trial, StartedTrial("host:1:2", 0, "torch", None, ranges, encoding, weights, "real", channels, 1, None, cuts)
    )
    for key, attribute in attributes.items():
        trial.set_user_attr(key, attribute)
    record_end(trial, 0.01, (0.88, 0.92), 1.0)
    study.tell(trial, value, state=None if value is not None else optuna.trial.TrialState.FAIL)


def test_a_trial_comes_back_as_it_was_written(database):
    study = optuna.create_study(storage=database.storage, direction="maximize")
    add(study, (90, 150), 0.9, reference="paper")
    row = trials_frame(study).iloc[0]
    assert list(trials_frame(study).columns) == list(TRIAL_COLUMNS)
    assert (row["cut_points"], row["threshold_ranges"], row["encoding"]) == ((90, 150), "0,90,150,255", "range")
    assert (row["value"], row["standard_error"], row["seconds"], row["reference"]) == (0.9, 0.01, 1.0, "paper")
    assert row["state"] == "COMPLETE"


def test_trials_with_other_weights_are_other_candidates_and_old_ones_had_real_ones(database):
    study = optuna.create_study(storage=database.storage, direction="maximize")
    add(study, (90,), 0.9)
    add(study, (90,), 0.7, weights="xnor")
    old = study.ask()
    for key, value in {"cut_points": [90], "threshold_ranges": "0,90,255", "encoding": "range", "channels": 2}.items():
        old.set_user_attr(key, value)
    record_end(old, 0.01, (0.88, 0.92), 1.0)
    study.tell(old, 0.8)
    candidates = candidates_frame(trials_frame(study), True)
    assert candidates[["weights", "value", "trials"]].values.tolist() == [
        ["real", pytest.approx(0.85), 2],
        ["xnor", 0.7, 1],
    ]
    assert best_by_arithmetic(candidates)["weights"].tolist() == ["real", "xnor"]


def test_candidates_are_means_over_repeats_and_fewer_bits_win_a_tie(database):
    study = optuna.create_study(storage=database.storage, direction="maximize")
    add(study, (90,), 0.99)  # lucky once
    add(study, (90,), 0.80)
    add(study, (90, 150), 0.93)
    add(study, (90, 150), 0.93, encoding="thermometer")
    add(study, (7,), None)
    candidates = candidates_frame(trials_frame(study), True)
    assert candidates["threshold_ranges"].tolist() == ["0,90,150,255", "0,90,150,255", "0,90,255"]
    assert candidates["encoding"].tolist()[:2] == ["thermometer", "range"]
    assert candidates["value"].tolist() == pytest.approx([0.93, 0.93, 0.895])
    assert candidates["trials"].tolist() == [1, 1, 2]
    assert best_by_cuts(candidates)["cuts"].tolist() == [1, 2]
    assert counts(trials_frame(study)) == {
        "running": 0,
        "complete": 4,
        "pruned": 0,
        "fail": 1,
        "waiting": 0,
        "stopped": 0,
    }


def test_a_study_without_trials_gives_empty_frames(database):
    study = optuna.create_study(storage=database.storage, direction="maximize")
    assert trials_frame(study).empty
    assert candidates_frame(trials_frame(study), True).empty
    assert best_by_cuts(candidates_frame(trials_frame(study), True)).empty


def test_candidates_do_not_depend_on_the_order_of_trials(database):
    study = optuna.create_study(storage=database.storage, direction="maximize")
    for cut, value in ((10, 0.1), (20, 0.9), (30, 0.5)):
        add(study, (cut,), value)
    trials = trials_frame(study)
    shuffled = candidates_frame(trials.sample(frac=1, random_state=1), True)
    pd.testing.assert_frame_equal(candidates_frame(trials, True), shuffled)


@given(
    st.lists(
        st.tuples(
            st.sampled_from([(10,), (20,), (20, 30)]),
            st.one_of(st.none(), st.sampled_from([0.25, 0.5, 0.75])),
            st.sampled_from(["range", "thermometer"]),
        ),
        max_size=12,
    ),
    st.booleans(),
)
def test_the_ranking_of_a_running_study_begins_with_the_first_candidate_of_its_table(trials, maximize):
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(direction="maximize" if maximize else "minimize")
    ranking = Ranking(maximize)
    for cuts, value, encoding in trials:
        add(study, cuts, value, encoding)
        ranking.add(study.trials[-1])
        candidates = candidates_frame(trials_frame(study), maximize)
        assert (ranking.best is None) == candidates.empty
        if ranking.best is None:
            continue
        best, row = ranking.best, candidates.iloc[0]
        assert best.key == row["key"]
        assert (best.value, *best.interval) == pytest.approx((row["value"], row["low"], row["high"]))
        assert (best.channels, best.first_trial) == (row["channels"], row["first_trial"])


def test_the_key_of_a_stored_trial_is_that_of_its_binarization():
    for binarization in (
        Binarization(CutPoints((90, 150)), "range", Arithmetic("xnor", "binary")),
        Binarization(ColorCutPoints((CutPoints((1,)), CutPoints((2, 3)), CutPoints((4,)))), "thermometer"),
    ):
        assert key_of(json.loads(json.dumps(binarization.record))) == key_of(binarization.record) == binarization.key
