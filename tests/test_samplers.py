"""Every sampler and pruner by name, under the same contract."""

import hashlib

import numpy as np
import optuna
import pytest
from optuna.trial import TrialState

from search.evaluation.objective import Result
from search.references.catalogue import references
from search.references.pixels import Pixels
from search.sampling.pruners import PRUNERS, SameCuts
from search.sampling.samplers import SAMPLERS, SeededByRank
from search.sampling.space import Space, linear_scale
from search.trials.lifecycle import ask, put_back, tell
from search.trials.queue import enqueue
from storage.database import open_database

NO_SEARCH = {"repeats", "halving"}  # train the references again, on purpose
SPACE = Space(3, ("range", "thermometer"), linear_scale(np.ones(256)))


def study_with(sampler, storage=None):
    return optuna.create_study(direction="maximize", sampler=SeededByRank(sampler, 0, SPACE), storage=storage)


def run_trials(study, n):
    cuts = []
    for _ in range(n):
        asked = ask(study, SPACE, 0)
        cuts.append(asked.binarization)
        value = 1 - abs(asked.binarization.cut_points.values[0] - 120) / 255
        tell(study, asked, Result(value, 0.01, (value,), 0.0, False))
    return cuts


@pytest.fixture(autouse=True)
def _quiet():
    optuna.logging.set_verbosity(optuna.logging.WARNING)


@pytest.mark.parametrize("name", SAMPLERS)
def test_every_sampler_takes_references_and_goes_on(name):
    study = study_with(name)
    found = references("auto", lambda _: [Pixels(np.ones((2, 256), dtype=np.int64))], SPACE, False, 28)
    enqueue(study, SPACE, found, 8)
    cuts = run_trials(study, 12)
    assert cuts[:4] == [r.binarization for r in found[:4]]
    assert len(set(cuts)) > 6 or name in NO_SEARCH
    assert name not in NO_SEARCH or len(set(cuts)) == 4
    assert all(t.state is TrialState.COMPLETE for t in study.get_trials())


@pytest.mark.parametrize("name", SAMPLERS)
def test_a_seed_gives_the_same_trials(name):
    assert run_trials(study_with(name), 6) == run_trials(study_with(name), 6)


# SHA-256 of the keys of 40 trials, as of the first version: a study that is resumed goes on as it began.
DRAWS = {"local": "2f2e4b9e561c192e", "repeats": "d77c06266cf494f6", "halving": "3cce77766b239554"}


@pytest.mark.parametrize("name", DRAWS)
def test_a_seed_gives_the_same_trials_in_every_version(name):
    study = study_with(name)
    enqueue(
        study, SPACE, references("auto", lambda _: [Pixels(np.ones((2, 256), dtype=np.int64))], SPACE, False, 28), 8
    )
    keys = "\n".join(binarization.key for binarization in run_trials(study, 40))
    assert hashlib.sha256(keys.encode()).hexdigest()[:16] == DRAWS[name]


@pytest.mark.parametrize("name", ["local", "tpe"])
def test_a_database_and_the_memory_give_the_same_trials_with_every_pruner(name, tmp_path):
    """Optuna shows a sampler only a part of the study where the pruner is hyperband."""
    for pruner in PRUNERS:
        tried = []
        for storage in (None, open_database(f"sqlite:///{tmp_path}/{name}-{pruner}.db").storage):
            study = optuna.create_study(
                direction="maximize",
                sampler=SeededByRank(name, 0, SPACE),
                pruner=PRUNERS[pruner](3),
                study_name="fixed",
                storage=storage,
            )
            tried.append(run_reporting(study, 12))
        assert tried[0] == tried[1]


def run_reporting(study, n):
    """The binarizations of n trials that report three epochs, and the epochs that each of them had."""
    tried = []
    for _ in range(n):
        asked = ask(study, SPACE, 0)
        value, steps = 1 - abs(asked.binarization.cut_points.values[0] - 120) / 255, []
        while len(steps) < 3:
            steps.append(value * (len(steps) + 1) / 3)
            asked.trial.report(steps[-1], len(steps))
            if asked.trial.should_prune():
                break
        tell(study, asked, Result(value if len(steps) == 3 else None, 0.01, tuple(steps), 0.0, False))
        tried.append((asked.binarization, len(steps)))
    return tried


@pytest.mark.parametrize("name", SAMPLERS)
def test_a_resumed_study_does_not_repeat_its_draws(name):
    study = study_with(name)
    first = run_trials(study, 4)
    study.sampler = SeededByRank(name, 0, SPACE)
    second = run_trials(study, 4)
    assert not set(first) & set(second)


@pytest.mark.parametrize("stopped", [0, 3, 7])
@pytest.mark.parametrize("name", [name for name in SAMPLERS if name != "cmaes"])
def test_a_study_that_was_stopped_and_resumed_draws_what_it_would_have_drawn(name, stopped):
    found = references("auto", lambda _: [Pixels(np.ones((2, 256), dtype=np.int64))], SPACE, False, 28)
    whole, resumed = study_with(name), study_with(name)
    for study in (whole, resumed):
        enqueue(study, SPACE, found, 4)
    wanted = run_trials(whole, 14)
    run_trials(resumed, stopped)
    put_back(resumed, ask(resumed, SPACE, 0).trial.number, "Ctrl-C")
    resumed.sampler = SeededByRank(name, 0, SPACE)
    run_trials(resumed, 14 - stopped)
    done = [t for t in resumed.trials if t.state is TrialState.COMPLETE]
    assert {SPACE.binarization(t.params) for t in done} == set(wanted)
    assert len(done) == len(wanted)


@pytest.mark.parametrize("name", PRUNERS)
def test_every_pruner_answers_at_every_epoch(name):
    study = optuna.create_study(direction="maximize", pruner=PRUNERS[name](6), study_name="fixed")
    one_cut = Space(1, ("range",), linear_scale(np.ones(256)))
    pruned = 0
    for number in range(12):
        asked = ask(study, one_cut, 0)
        good, stop = number < 6, False
        accuracies = []
        for epoch in range(6):
            accuracies.append((0.9 if good else 0.1) * (epoch + 1) / 6)
            asked.trial.report(accuracies[-1], epoch + 1)
            stop = asked.trial.should_prune()
            if stop and epoch < 5:
                break
        done = len(accuracies) == 6
        pruned += not done
        tell(study, asked, Result(accuracies[-1] if done else None, 0.01, tuple(accuracies), 0.0, False))
    # The first six are equal, the others far worse: wilcoxon needs four values of the best trial, and has six.
    assert (pruned == 0) == (name == "none")


def test_the_median_is_taken_over_trials_with_as_many_cut_points():
    """One cut point at 0.6 is hopeless among trials at 0.9, but the best of its kind."""
    study = optuna.create_study(direction="maximize", pruner=PRUNERS["median"](3))
    assert isinstance(study.pruner, SameCuts)
    for value, k in [(0.9, 3)] * 8 + [(0.5, 1)] * 4:
        trial = study.ask()
        trial.set_user_attr("cut_points", list(range(1, k + 1)))
        for step in (1, 2, 3):
            trial.report(value, step)
        study.tell(trial, value)
    answers = {}
    for k in (1, 3):
        trial = study.ask()
        trial.set_user_attr("cut_points", list(range(1, k + 1)))
        trial.report(0.6, 2)
        answers[k] = trial.should_prune()
    assert answers == {1: False, 3: True}


@pytest.mark.parametrize("direction", ["maximize", "minimize"])
def test_wilcoxon_prunes_what_is_worse_in_every_training_after_the_fourth(direction):
    study = optuna.create_study(direction=direction, pruner=PRUNERS["wilcoxon"](6))
    sign = 1 if direction == "maximize" else -1
    noise = np.random.default_rng(0).normal(0, 0.05, 8)  # the same folds are hard for everyone

    def reports(value, k=2):
        trial = study.ask()
        trial.set_user_attr("cut_points", list(range(1, k + 1)))
        for step, hard in enumerate(noise, start=1):
            trial.report(sign * (value + hard + 0.001 * step), step)
            if trial.should_prune():
                return step
        study.tell(trial, sign * value)
        return None

    assert reports(0.9) is None
    assert reports(0.8) == 4  # 1 / 2**4 is the first p below 0.1
    assert reports(0.95) is None
    assert reports(0.5, k=1) is None  # the best of its number of cut points


def test_wilcoxon_keeps_what_is_not_clearly_worse():
    study = optuna.create_study(direction="maximize", pruner=PRUNERS["wilcoxon"](6))
    for shift in (0.0, 0.01):
        trial = study.ask()
        trial.set_user_attr("cut_points", [1])
        for step in range(1, 11):
            trial.report(0.9 + (shift if step % 2 else -shift), step)
            assert not trial.should_prune()
        study.tell(trial, 0.9)


@pytest.mark.parametrize("name", ["random", "local"])
def test_a_trial_that_another_process_starts_between_reading_and_creating_gets_another_draw(
    name, tmp_path, monkeypatch
):
    """Optuna reads the study for queued trials, then creates a trial. Meanwhile another process may create one."""
    first, second = (open_database(f"sqlite:///{tmp_path}/a.db").storage for _ in range(2))
    mine = study_with(name, first)
    run_trials(mine, 3)
    theirs = optuna.load_study(study_name=mine.study_name, storage=second, sampler=SeededByRank(name, 0, SPACE))
    pop, started = mine._pop_waiting_trial_id, []

    def pop_while_another_process_asks():
        found = pop()
        started.append(ask(theirs, SPACE, 0))
        return found

    monkeypatch.setattr(mine, "_pop_waiting_trial_id", pop_while_another_process_asks)
    asked = ask(mine, SPACE, 0)
    assert (started[0].trial.number, asked.trial.number) == (3, 4)
    assert asked.binarization != started[0].binarization
