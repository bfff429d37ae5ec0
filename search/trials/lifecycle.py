"""One trial's way through Optuna: asked for, told; what is repeated and what is put back.

Takes a study and a space; returns trials with their binarization and training seed. Trains nothing.
"""

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import count, islice

import optuna
from optuna.distributions import BaseDistribution
from optuna.exceptions import UpdateFinishedTrialError
from optuna.trial import FrozenTrial, TrialState

from search.binarization.binarization import Binarization
from search.evaluation.objective import DIVERGED, Result
from search.sampling.space import Space
from storage.attributes import IDENTITY, internal
from storage.database import Database
from storage.optuna_private import set_user_attribute, was_queued
from storage.records import STOPPED, StartedTrial, kind_of, record_end, record_start
from storage.scores import save_scores
from storage.workers import is_gone, is_here, this_worker

ASKING_SECONDS = 60  # after which a trial without a worker was left by one that died


@dataclass(frozen=True, eq=False)
class Asked:
    """A trial that is about to train."""

    trial: optuna.Trial
    binarization: Binarization
    training_seed: int
    replicate_of: int | None
    reference: str | None

    @property
    def prunable(self) -> bool:
        """References and replicates are evidence: they train to the end."""
        return self.reference is None and self.replicate_of is None


def counted(study: optuna.Study) -> int:
    """Trials that count towards --trials: finished, but not those that were stopped and put back."""
    return sum(t.state.is_finished() and STOPPED not in t.user_attrs for t in study.get_trials(deepcopy=False))


def under_way(study: optuna.Study) -> int:
    """Trials that count or run now, seen at one moment."""
    trials = study.get_trials(deepcopy=False)
    return sum(t.state is TrialState.RUNNING or (t.state.is_finished() and STOPPED not in t.user_attrs) for t in trials)


def running(study: optuna.Study) -> list[FrozenTrial]:
    """Trials that some worker trains now."""
    return study.get_trials(deepcopy=False, states=(TrialState.RUNNING,))


def made_with(study: optuna.Study) -> set[str]:
    """Versions, devices and threads with which the study's trials were trained."""
    attributes = [t.user_attrs for t in study.get_trials(deepcopy=False)]
    return {a["trained_with"] for a in attributes if a.get("trained_with") and STOPPED not in a}


def ask(study: optuna.Study, space: Space, seed: int, trained_with: str = "") -> Asked:
    """The next trial. Cut points that were trained before get a fresh training seed: a replicate.

    trained_with: versions and device, which are kept with the trial.
    """
    distributions: dict[str, BaseDistribution] = space.distributions
    trial = study.ask(fixed_distributions=distributions)
    binarization = space.binarization(trial.params)
    others = _others(study, trial.number, binarization)
    asked = Asked(
        trial,
        binarization,
        training_seed=next(_free_seeds(seed, others)),
        replicate_of=min((t.number for t in others), default=None),
        reference=trial.user_attrs.get("reference"),
    )
    record_start(
        trial,
        StartedTrial(
            worker=this_worker(),
            training_seed=asked.training_seed,
            trained_with=trained_with,
            replicate_of=asked.replicate_of,
            threshold_ranges=str(binarization.cut_points),
            channels=binarization.channels,
            index_bits=binarization.index_bits,
            **binarization.record,
        ),
    )
    # Other workers may have begun the same meanwhile. Each writes before it looks again, so of two with one seed at
    # least one sees the other. Who sees it gives way, and of several at once each takes another of the free seeds.
    others = _others(study, trial.number, binarization)
    while same := [t for t in others if _seed(t) == asked.training_seed]:
        fresh = next(islice(_free_seeds(seed, others), sum(t.number < trial.number for t in same), None))
        asked = replace(asked, training_seed=fresh, replicate_of=min(t.number for t in others))
        trial.set_user_attr("training_seed", fresh)
        trial.set_user_attr("replicate_of", asked.replicate_of)
        others = _others(study, trial.number, binarization)
    return asked


def _seed(trial: FrozenTrial) -> int:
    return int(trial.user_attrs["training_seed"])


def _free_seeds(first: int, others: Sequence[FrozenTrial]) -> Iterator[int]:
    """Training seeds from the first on that none of the others has."""
    used = {_seed(t) for t in others}
    return (seed for seed in count(first) if seed not in used)


def _others(study: optuna.Study, number: int, binarization: Binarization) -> list[FrozenTrial]:
    return [t for t in study.get_trials(deepcopy=False) if t.number != number and _same(t, binarization)]


def tell(study: optuna.Study, asked: Asked, result: Result, database: Database | None = None) -> TrialState:
    """Records a result; returns the trial's state. A diverged training is a failed trial.

    database: where the scores of each photo are kept.
    Raises: UpdateFinishedTrialError when another process took this one for dead and queued its trial again.
    """
    record_end(asked.trial, result.standard_error, result.interval, result.seconds)
    if result.diverged:
        asked.trial.set_user_attr("failure", DIVERGED)
        state = TrialState.FAIL
    else:
        state = TrialState.PRUNED if result.value is None else TrialState.COMPLETE
    values = None
    if result.value is not None:
        values = [result.value, float(asked.binarization.channels)][: len(study.directions)]
    if database is not None and result.photos is not None:
        save_scores(database, internal(study, IDENTITY), asked.trial.number, result.photos)
    study.tell(asked.trial, values, state=state)
    return state


def fail(study: optuna.Study, asked: Asked, why: str) -> None:
    """Records that a training ended with an error; the trial counts, so that it cannot block the study."""
    asked.trial.set_user_attr("failure", why)
    study.tell(asked.trial, state=TrialState.FAIL)


def put_back(study: optuna.Study, number: int, why: str, again: bool = True) -> bool:
    """Ends a trial that did not finish and queues its parameters again; False when another process did so.

    again: False ends it alone.
    """
    trial = next(t for t in study.get_trials(deepcopy=False) if t.number == number)
    kept = {key: value for key, value in trial.user_attrs.items() if key.startswith("reference")}
    try:
        set_user_attribute(study, trial, STOPPED, why)
        study.tell(number, state=TrialState.FAIL)
    except (UpdateFinishedTrialError, ValueError):
        return False
    if trial.params and again:
        study.enqueue_trial(trial.params, user_attrs=kept)
    return True


def is_too_many(study: optuna.Study, total: int) -> bool:
    """Whether more trials than the total count or run, this process's own among them.

    Each process writes its trial before it looks, so of those that keep theirs the last one sees all others.
    """
    return under_way(study) > total


def withdraw(study: optuna.Study, asked: Asked) -> None:
    """Ends a trial that is one too many; a queued one waits for a larger total."""
    put_back(study, asked.trial.number, "the study has its trials", again=was_queued(study, asked.trial))


def put_back_abandoned(study: optuna.Study) -> int:
    """Puts back the trials whose process is gone; returns how many. See `is_gone` for those of other machines.

    Optuna writes no heartbeat for ask-and-tell, so a killed worker's trial would run for ever.
    """
    abandoned = [t.number for t in running(study) if _is_abandoned(t)]
    return sum(put_back(study, number, "its process ended before the trial did") for number in abandoned)


def trained_here(trial: FrozenTrial) -> bool:
    """Whether a running trial is of this machine, or of a process that has not said yet which one it is."""
    return "worker" not in trial.user_attrs or is_here(str(trial.user_attrs["worker"]))


def _is_abandoned(trial: FrozenTrial) -> bool:
    if trial.datetime_start is None:
        return True
    since = trial.datetime_start.astimezone()  # Optuna gives local time without a zone
    if "worker" not in trial.user_attrs:  # killed while it was being asked for, which takes a few seconds at the most
        return (dt.datetime.now(dt.UTC) - since).total_seconds() > ASKING_SECONDS
    return is_gone(str(trial.user_attrs["worker"]), since)


def _same(trial: FrozenTrial, binarization: Binarization) -> bool:
    attributes = trial.user_attrs
    return STOPPED not in attributes and kind_of(attributes) == binarization.record
