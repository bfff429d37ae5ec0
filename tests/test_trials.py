"""One trial's way through Optuna."""

import datetime as dt
import subprocess
import sys

import numpy as np
import optuna
import pytest
from optuna.trial import TrialState

from search.binarization.binarization import Binarization
from search.binarization.cut_points import CutPoints
from search.evaluation.objective import Result
from search.references.catalogue import Reference, references
from search.sampling.samplers import SeededByRank
from search.sampling.space import Space, linear_scale
from search.trials.lifecycle import ask, counted, fail, put_back, put_back_abandoned, running, tell
from search.trials.queue import enqueue
from storage.database import open_database
from storage.records import STOPPED, record_start
from storage.workers import this_worker
from tests.conftest import together
from tests.test_rules import PIXELS

SPACE = Space(2, ("range", "thermometer"), linear_scale(np.ones(256)))
ONE = Reference("multi-otsu", Binarization(CutPoints((77,)), "range"))
GOOD = Result(0.9, 0.01, (0.5, 0.9), 1.234, False)


@pytest.fixture
def study():
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    return optuna.create_study(direction="maximize", sampler=SeededByRank("random", 0, SPACE))


def test_a_trials_cut_points_are_written_before_it_trains(study):
    enqueue(study, SPACE, [ONE], 2)
    ask(study, SPACE, 5)
    attributes = study.trials[0].user_attrs
    assert study.trials[0].state is TrialState.RUNNING
    assert attributes["cut_points"] == [77] or attributes["cut_points"] == (77,)
    assert attributes["threshold_ranges"] == "0,77,255"
    assert (attributes["encoding"], attributes["channels"], attributes["training_seed"]) == ("range", 2, 5)
    assert attributes["reference"] == "multi-otsu"


def test_references_take_at_most_half_of_the_trials_and_are_queued_once(study):
    found = references("auto", lambda _: [PIXELS], SPACE, False, 28)
    assert enqueue(study, SPACE, found, 6) == 3
    assert enqueue(study, SPACE, found, 6) == 0
    assert enqueue(study, SPACE, found, 10) == 2
    assert enqueue(study, SPACE, found, 0) == 0
    states = [t.state for t in study.trials]
    assert states == [TrialState.WAITING] * 5


def test_repeated_cut_points_become_a_replicate_with_a_fresh_seed(study):
    params = dict(SPACE.params(ONE.binarization))
    seeds = []
    for _ in range(3):
        study.enqueue_trial(params)
        asked = ask(study, SPACE, 5)
        seeds.append((asked.training_seed, asked.replicate_of, asked.prunable))
        tell(study, asked, GOOD)
    assert seeds == [(5, None, True), (6, 0, False), (7, 0, False)]
    assert study.trials[2].user_attrs["replicate_of"] == 0


def test_the_other_encoding_is_no_repeat(study):
    study.enqueue_trial(dict(SPACE.params(ONE.binarization)))
    tell(study, ask(study, SPACE, 0), GOOD)
    study.enqueue_trial(dict(SPACE.params(Binarization(CutPoints((77,)), "thermometer"))))
    assert ask(study, SPACE, 0).replicate_of is None


@pytest.mark.parametrize(
    ("result", "state"),
    [
        (GOOD, TrialState.COMPLETE),
        (Result(None, None, (0.4,), 1.0, False), TrialState.PRUNED),
        (Result(None, None, (), 1.0, True), TrialState.FAIL),
    ],
)
def test_results_are_told_with_their_state_and_all_count(study, result, state):
    asked = ask(study, SPACE, 0)
    assert tell(study, asked, result) is state
    assert study.trials[0].state is state
    assert counted(study) == 1
    assert ("failure" in study.trials[0].user_attrs) == (state is TrialState.FAIL)


def test_a_trial_that_is_put_back_comes_again_and_does_not_count(study):
    enqueue(study, SPACE, [ONE], 2)
    first = ask(study, SPACE, 0)
    put_back(study, first.trial.number, "SIGTERM")
    assert counted(study) == 0
    assert study.trials[0].user_attrs[STOPPED] == "SIGTERM"
    again = ask(study, SPACE, 0)
    assert (again.binarization, again.training_seed, again.reference) == (ONE.binarization, 0, "multi-otsu")
    assert again.replicate_of is None
    assert enqueue(study, SPACE, [ONE], 2) == 0


def test_trials_of_a_process_that_is_gone_are_put_back_and_those_of_a_living_one_are_not(study):
    host, pid, began = this_worker().rsplit(":", 2)
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    used_again = f"{host}:{pid}:{float(began) - 1000:.0f}"  # the same process id, of an earlier process
    for worker in (f"{host}:{gone.pid}:{began}", used_again, this_worker(), "elsewhere:1:5"):
        ask(study, SPACE, 0).trial.set_user_attr("worker", worker)
    assert put_back_abandoned(study) == 2
    states = [t.state for t in study.trials[:4]]
    assert states == [TrialState.FAIL, TrialState.FAIL, TrialState.RUNNING, TrialState.RUNNING]
    assert len(running(study)) == 2
    assert put_back_abandoned(study) == 0


def test_a_trial_of_another_machine_is_put_back_after_a_day(study, monkeypatch):
    ask(study, SPACE, 0).trial.set_user_attr("worker", "elsewhere:1:5")
    assert put_back_abandoned(study) == 0
    monkeypatch.setattr("storage.workers.HOLDS", dt.timedelta(0))
    assert put_back_abandoned(study) == 1
    assert [t.state for t in study.trials] == [TrialState.FAIL, TrialState.WAITING]


def test_of_two_processes_that_put_back_a_trial_one_does(study):
    asked = ask(study, SPACE, 0)
    assert put_back(study, asked.trial.number, "killed")
    assert not put_back(study, asked.trial.number, "killed")
    assert [t.state for t in study.trials] == [TrialState.FAIL, TrialState.WAITING]


def test_a_training_seed_is_never_used_twice_for_the_same_cut_points(study):
    study.enqueue_trial(dict(SPACE.params(ONE.binarization)))
    study.enqueue_trial(dict(SPACE.params(ONE.binarization)))
    killed, second = ask(study, SPACE, 5), ask(study, SPACE, 5)
    tell(study, second, GOOD)
    put_back(study, killed.trial.number, "killed")
    again = ask(study, SPACE, 5)
    assert (killed.training_seed, second.training_seed, again.training_seed) == (5, 6, 5)


def test_of_two_that_begin_the_same_at_once_each_trains_with_a_seed_of_its_own(study, monkeypatch):
    """Whichever of them writes first: the other one asks while the first has not written what it trains yet."""
    for _ in range(2):
        study.enqueue_trial(dict(SPACE.params(ONE.binarization)))
    meanwhile = []

    def record_late(trial, started):
        if not meanwhile:
            meanwhile.append(None)
            meanwhile[0] = ask(study, SPACE, 5)
        record_start(trial, started)

    monkeypatch.setattr("search.trials.lifecycle.record_start", record_late)
    first, second = ask(study, SPACE, 5), meanwhile[0]
    assert {first.trial.number, second.trial.number} == {0, 1}
    assert (first.training_seed, second.training_seed) == (6, 5)
    assert (first.replicate_of, second.replicate_of) == (1, None)
    assert [t.user_attrs["training_seed"] for t in study.trials] == [6, 5]


def test_workers_that_ask_for_the_same_all_at_once_never_train_with_the_same_seed(tmp_path):
    url = f"sqlite:///{tmp_path}/a.db"
    made = optuna.create_study(storage=open_database(url).storage, study_name="same")
    for _ in range(12):
        made.enqueue_trial(dict(SPACE.params(ONE.binarization)))
    studies = [open_database(url).load_study("same") for _ in range(4)]
    asked = together(4, lambda number: [ask(studies[number], SPACE, 0).training_seed for _ in range(3)])
    seeds = sorted(seed for each in asked for seed in each)
    assert len(set(seeds)) == 12
    assert sorted(t.user_attrs["training_seed"] for t in made.trials) == seeds


def test_a_training_that_ends_with_an_error_counts_and_is_not_queued_again(study):
    fail(study, ask(study, SPACE, 0), "MemoryError: none left")
    assert counted(study) == 1
    assert [t.state for t in study.trials] == [TrialState.FAIL]
    assert study.trials[0].user_attrs["failure"] == "MemoryError: none left"


def test_a_trial_whose_worker_died_while_asking_is_put_back_after_a_minute(study):
    study.ask()
    assert put_back_abandoned(study) == 0
    trial = study._storage._get_trial(study.trials[0]._trial_id)
    trial.datetime_start -= dt.timedelta(seconds=61)
    assert put_back_abandoned(study) == 1
