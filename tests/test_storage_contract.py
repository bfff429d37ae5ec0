"""What the storage layer promises, checked on every kind of database that is supported.

A study of several processes is right only if each of these holds. `other` is the same database opened once more, as
another process opens it.
"""

import datetime as dt
import subprocess
import sys

import numpy as np
import optuna
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from optuna.distributions import FloatDistribution
from optuna.exceptions import UpdateFinishedTrialError
from optuna.storages import RDBStorage
from optuna.trial import TrialState

from storage.claims import Once, claim, holder, release
from storage.confirmations import RunKey, claimed, load_failures, load_predicted, save_failure, save_predicted
from storage.confirmations import claim as claim_run
from storage.confirmations import release as release_run
from storage.database import open_database
from storage.few_statements import at_once
from storage.optuna_private import set_user_attribute
from storage.records import STOPPED, DataSet, Run, load_data_set, load_runs, save_data_set, save_run
from storage.scores import Scores, load_scores, save_scores
from storage.study_trials import Read, trials_of
from storage.workers import this_worker
from tests.conftest import together

# A folder of the test to the URL of an empty database.
STORAGES = {"sqlite": lambda folder: f"sqlite:///{folder}/a.db"}
X = {"x": FloatDistribution(0.0, 1.0)}
ENDED = (TrialState.COMPLETE, TrialState.PRUNED, TrialState.FAIL)


@pytest.fixture(params=STORAGES)
def url(request, tmp_path):
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    return STORAGES[request.param](tmp_path)


@pytest.fixture
def database(url):
    return open_database(url)


@pytest.fixture
def other(database, url):
    return open_database(url)


@pytest.fixture
def study(database):
    return optuna.create_study(storage=database.storage, study_name="one", direction="maximize")


@pytest.fixture
def same(study, other):
    """The study as another process sees it."""
    return other.load_study("one")


def ended_worker():
    """The name of a process of this machine that has ended."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    machine, _, began = this_worker().rsplit(":", 2)
    return f"{machine}:{process.pid}:{began}"


# ── claims ──


def test_of_processes_that_claim_the_same_at_once_one_gets_it(url):
    databases = [open_database(url) for _ in range(4)]
    taken = together(4, lambda number: claim(databases[number], "x", f"worker {number}"))
    assert sum(taken) == 1
    assert holder(databases[0], "x").worker == f"worker {taken.index(True)}"
    assert abs(holder(databases[0], "x").at - dt.datetime.now(dt.UTC)) < dt.timedelta(minutes=1)


def test_a_claim_is_released_by_its_worker_only(database, other):
    assert holder(database, "x") is None
    assert claim(database, "x", "first")
    release(other, "x", "second")
    assert not claim(other, "x", "second")
    release(other, "x", "first")
    assert claim(other, "x", "second")


def test_the_claim_of_a_process_that_ended_goes_to_the_next(database, other):
    assert claim(database, "identity x", ended_worker())
    assert Once("identity", other).mine("x")
    assert holder(database, "identity x").worker == this_worker()
    assert not Once("identity", database).mine("x")
    Once("identity", database).give_back("x")
    assert holder(other, "identity x") is None


# ── data sets, runs, scores ──


def test_a_data_set_is_stored_once_and_read_back_equal(database, other):
    examples = np.arange(2 * 12, dtype=np.uint8).reshape(2, 3, 4)
    stored = DataSet("f", "toy", ("A", "B"), tuple(range(256)), examples, (0, 1))
    save_data_set(database, stored)
    save_data_set(other, stored)
    back = load_data_set(other, "f")
    assert (back.examples == examples).all()
    assert (back.name, back.class_names, back.histogram) == ("toy", ("A", "B"), tuple(range(256)))
    assert load_data_set(database, "other") is None


def test_of_two_equal_runs_the_first_is_stored(database, other):
    first = Run("p", "greyscale", 0, 0.95, 0.01, (0.5, 0.95), 3.0, (0.9, 1.0), "torch")
    save_run(database, first)
    save_run(other, Run("p", "greyscale", 0, 0.10, 0.01, (0.1,), 3.0, (0.9, 1.0), "torch"))
    assert load_runs(other, "p") == [first]
    assert load_runs(database, "q") == []


def test_scores_of_photos_are_stored_once_for_each_trial_of_each_study(database, other):
    weights = np.full(4, 0.25)
    for number, by_photo in ((0, weights), (0, weights / 2), (3, weights / 4)):
        save_scores(database, "identity", number, Scores(by_photo, weights))
    save_scores(other, "another", 0, Scores(weights / 8, weights))
    found = load_scores(other, "identity")
    assert {number: scores.value for number, scores in found.items()} == {0: 1.0, 3: 0.25}
    assert (found[0].weights == weights).all()
    assert load_scores(database, "none") == {}


# ── trainings of a confirmation ──


def test_of_processes_that_claim_a_training_at_once_one_gets_it(url):
    databases, key = [open_database(url) for _ in range(4)], RunKey("p", "i", 1)
    assert sum(together(4, lambda number: claim_run(databases[number], key, f"worker {number}"))) == 1
    assert set(claimed(databases[0], "p")) == {key}


def test_a_released_training_can_be_claimed_again_and_a_finished_or_failed_one_cannot(database, other):
    done, failed, back = (RunKey("p", "i", seed) for seed in range(3))
    for key in (done, failed, back):
        assert claim_run(database, key, "first")
    save_predicted(database, done, "first", np.array([3, 1, 2]), 1.5, "torch")
    save_failure(database, failed, "first", "diverged")
    release_run(other, back, "second")
    assert set(claimed(other, "p")) == {back}
    for key in (done, failed, back):
        release_run(other, key, "first")
    assert [claim_run(other, key, "second") for key in (done, failed, back)] == [False, False, True]
    (predicted,) = load_predicted(other, "p").values()
    assert predicted.tolist() == [3, 1, 2]
    assert load_failures(other, "p") == {failed: "diverged"}


def test_of_two_processes_that_finish_a_training_the_first_is_stored(database, other):
    key = RunKey("p", "i", 1)
    assert claim_run(database, key, "first")
    save_predicted(other, key, "second", np.array([1]), 1.0, "torch")
    save_predicted(database, key, "first", np.array([2]), 1.0, "torch")
    assert load_predicted(database, "p")[key].tolist() == [1]


# ── one owner of each trial ──


def test_of_workers_that_take_from_the_queue_at_once_each_gets_trials_of_its_own(study, url):
    for i in range(24):
        study.enqueue_trial({"x": i / 100})
    studies = [open_database(url).load_study("one") for _ in range(4)]
    taken = together(4, lambda number: [studies[number].ask().number for _ in range(6)])
    assert sorted(n for numbers in taken for n in numbers) == list(range(24))


def test_of_workers_that_start_trials_at_once_each_gets_numbers_of_its_own(study, url):
    studies = [open_database(url).load_study("one") for _ in range(4)]
    taken = together(4, lambda number: [studies[number].ask().number for _ in range(6)])
    assert sorted(n for numbers in taken for n in numbers) == list(range(24))


@pytest.mark.parametrize("state", [TrialState.FAIL, TrialState.COMPLETE])
def test_of_workers_that_end_the_same_trial_at_once_one_does(study, url, state):
    studies = [open_database(url).load_study("one") for _ in range(4)]
    for number in range(4):
        study.ask()

        def end(worker, number=number):
            values = float(worker) if state is TrialState.COMPLETE else None
            try:
                studies[worker].tell(number, values, state=state)
            except (UpdateFinishedTrialError, ValueError):
                return None
            return worker

        (winner,) = [each for each in together(4, end) if each is not None]
        assert study.trials[number].values == (None if state is TrialState.FAIL else [winner])


def test_a_trials_states_keep_their_times_and_their_order(study):
    study.enqueue_trial({"x": 0.5})
    study.tell(study.ask(), state=TrialState.FAIL)
    (trial,) = study.trials
    assert trial.datetime_start <= trial.datetime_complete <= dt.datetime.now()
    with pytest.raises(UpdateFinishedTrialError):
        study._storage.set_trial_state_values(trial._trial_id, TrialState.RUNNING)


# ── parameters and attributes in one transaction ──


def test_a_trials_parameters_and_attributes_are_seen_all_or_none(study, same):
    study.tell(study.ask(X), 0.5)  # Optuna writes the first parameters of a process by itself
    with at_once(study):
        trial = study.ask(X)
        trial.set_user_attr("a", [1, 2])
        trial.set_user_attr("b", "text")
        trial.set_user_attr("b", "text that replaces it")
        (_, seen) = same.trials
        assert (seen.state, seen.params, seen.user_attrs) == (TrialState.RUNNING, {}, {})
    (_, seen) = same.trials
    assert seen.user_attrs == {"a": [1, 2], "b": "text that replaces it"} == trial.user_attrs
    assert seen.params == trial.params
    assert seen.distributions == X


def test_nothing_is_written_of_a_transaction_that_ends_with_an_error(study, same):
    trial = study.ask()

    def interrupted():
        with at_once(study):
            trial.set_user_attr("a", 1)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert same.trials[0].user_attrs == {}


def set_attribute(study, trial):
    with at_once(study):
        trial.set_user_attr("a", 1)


@pytest.mark.parametrize("write", [set_attribute, lambda _, trial: trial.report(0.5, 1)])
def test_a_finished_trial_is_not_changed(study, same, write):
    trial = study.ask()
    same.tell(trial.number, state=TrialState.FAIL)
    with pytest.raises(UpdateFinishedTrialError):
        write(study, trial)
    assert (same.trials[0].user_attrs, same.trials[0].intermediate_values) == ({}, {})


@pytest.mark.parametrize("value", [0.5, float("inf"), float("-inf")])
def test_trials_are_read_as_optuna_reads_them(study, database, url, value):
    """Every table, with the values that are stored in a way of their own."""
    study.set_user_attr("kept", 1)
    study.enqueue_trial({"x": 0.25}, user_attrs={"reference": "some"})
    study.enqueue_trial({"x": 0.75})
    trial = study.ask(X)
    for step, each in ((1, 0.5), (2, value), (4, float("nan"))):
        trial.report(each, step)
    study.tell(trial, value)
    study.tell(study.ask(X), state=TrialState.FAIL)
    study.ask(X)
    study.enqueue_trial({"x": 1.0})
    theirs = optuna.load_study(study_name="one", storage=RDBStorage(url))
    ours = open_database(url).load_study("one")
    assert [repr(t) for t in ours.trials] == [repr(t) for t in theirs.trials] == [repr(t) for t in study.trials]
    assert [repr(database.storage.get_trial(t._trial_id)) for t in theirs.trials] == [repr(t) for t in theirs.trials]
    with pytest.raises(KeyError):
        database.storage.get_trial(10**6)


def test_a_step_that_is_reported_again_has_the_later_value(study, database):
    trial = study.ask()
    for value in (0.5, 0.75):
        database.storage.set_trial_intermediate_value(trial._trial_id, 3, value)
    assert study.trials[0].intermediate_values == {3: 0.75}


# ── incremental reading ──


def test_a_reading_sees_what_other_processes_wrote(study, same):
    trials_of(study)
    asked = same.ask(X)
    assert [t.number for t in trials_of(study).running] == [0]
    asked.set_user_attr("cut_points", [7])
    (running,) = trials_of(study, Read.ALL).running
    assert (running.params, running.user_attrs) == (asked.params, {"cut_points": [7]})
    same.enqueue_trial({"x": 0.5})
    assert [t.number for t in trials_of(study).waiting] == [1]
    same.tell(asked, 0.5)
    same.ask(X)
    seen = trials_of(study)
    assert (seen.counted, [t.value for t in seen.finished], seen.waiting) == (1, [0.5], [])
    assert [t.number for t in seen.running] == [1]


def test_nothing_is_read_where_nothing_is_to_be_read(study, same):
    trials_of(study)
    same.ask()
    assert trials_of(study, Read.NOTHING).running == []
    assert len(trials_of(study).running) == 1


def test_a_trial_that_is_stopped_does_not_count_whoever_stopped_it(study, same):
    for _ in range(3):
        study.ask()
    trials_of(study)
    set_user_attribute(same, same.trials[1], STOPPED, "killed")
    assert trials_of(study, Read.ALL).rank(2) == 1
    same.tell(1, state=TrialState.FAIL)
    for number in (0, 2):
        study.tell(number, 1.0)
    seen = trials_of(study)
    assert (seen.counted, [seen.rank(number) for number in range(4)]) == (2, [0, 1, 1, 2])


class Numbers:
    """A summary of the numbers of finished trials."""

    def __init__(self):
        self.numbers = []

    def add(self, trial):
        self.numbers.append(trial.number)


def test_a_summary_gets_each_finished_trial_once(study, same):
    for _ in range(3):
        same.ask()
    same.tell(2, 1.0)
    assert trials_of(study).summary("numbers", Numbers).numbers == [2]
    assert trials_of(study).summary("numbers", Numbers).numbers == [2]
    same.tell(0, state=TrialState.FAIL)
    same.tell(1, 1.0)
    assert trials_of(study).summary("numbers", Numbers).numbers == [2, 0, 1]
    assert trials_of(same).summary("numbers", Numbers).numbers == [0, 1, 2]


ACTIONS = st.lists(st.tuples(st.sampled_from(["ask", "queue", "stop", "read", *ENDED]), st.integers(0, 9)), max_size=30)


@pytest.mark.parametrize("make", STORAGES.values(), ids=STORAGES)
@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(actions=ACTIONS)
def test_reading_in_steps_gives_what_reading_at_once_gives(make, actions, tmp_path_factory):
    """Whatever two processes do in whatever order."""
    url = make(tmp_path_factory.mktemp("steps"))
    mine = optuna.create_study(storage=open_database(url).storage, study_name="one", direction="maximize")
    theirs = open_database(url).load_study("one")
    for action, number in actions:
        study = (mine, theirs)[number % 2]
        running = [t for t in study.get_trials(deepcopy=False) if t.state is TrialState.RUNNING]
        if action == "read":
            trials_of(mine, list(Read)[number % 3])
        elif action == "ask":
            study.ask(X).set_user_attr("cut_points", [number])
        elif action == "queue":
            study.enqueue_trial({"x": number / 10})
        elif running:
            trial = running[number % len(running)]
            if action == "stop":
                set_user_attribute(study, trial, STOPPED, "stopped")
            state = TrialState.FAIL if action == "stop" else action
            study.tell(trial.number, 0.5 if state is TrialState.COMPLETE else None, state=state)
    steps, once = trials_of(mine, Read.ALL), trials_of(open_database(url).load_study("one"))
    assert sorted(t.number for t in steps.finished) == [t.number for t in once.finished]
    assert {n: repr(t) for n, t in steps.unfinished.items()} == {n: repr(t) for n, t in once.unfinished.items()}
    assert steps.counted == once.counted
    assert [steps.rank(n) for n in range(31)] == [once.rank(n) for n in range(31)]
