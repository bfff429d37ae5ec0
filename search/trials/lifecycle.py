"""The states of one trial in Optuna: asked, told, failed, and queued again.

Takes a study and a space. Returns trials with their binarization and training seed. Trains nothing.
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
from storage.few_statements import at_once
from storage.optuna_private import set_user_attribute, was_queued
from storage.records import STOPPED, StartedTrial, record_end, record_start
from storage.scores import save_scores
from storage.study_trials import Read, trials_of
from storage.workers import is_gone, is_here, this_worker

ASKING_SECONDS = 60  # after which the process of a trial without a worker is taken for dead


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
        """References and replicates are always trained to the end."""
        return self.reference is None and self.replicate_of is None


def counted(study: optuna.Study) -> int:
    """Number of trials that count towards --trials: finished ones, without those that were stopped and queued again."""
    return trials_of(study).counted


def counted_and_running(study: optuna.Study) -> tuple[int, int]:
    """Number of trials that count, and of those that run, at one moment."""
    trials = trials_of(study)
    return trials.counted, len(trials.running)


def running(study: optuna.Study) -> list[FrozenTrial]:
    """Trials that some process trains now, with their attributes."""
    return trials_of(study, Read.ALL).running


class TrainedWith:
    """Versions, devices and threads with which finished trials were trained, without stopped ones.

    It is a summary of storage.study_trials.StudyTrials.
    """

    def __init__(self) -> None:
        self.found: set[str] = set()

    def add(self, trial: FrozenTrial) -> None:
        """Take one more trial into account."""
        attributes = trial.user_attrs
        if attributes.get("trained_with") and STOPPED not in attributes:
            self.found.add(attributes["trained_with"])


def made_with(study: optuna.Study) -> set[str]:
    """Versions, devices and threads with which the study's trials were trained."""
    trials, unfinished = trials_of(study, Read.ALL), TrainedWith()
    for trial in trials.unfinished.values():
        unfinished.add(trial)
    return trials.summary(TrainedWith, TrainedWith).found | unfinished.found


def ask(study: optuna.Study, space: Space, seed: int, trained_with: str = "") -> Asked:
    """Start the next trial. A binarization that was trained before gets a fresh training seed: a replicate.

    trained_with: versions and device, which are stored with the trial.
    Raises: UpdateFinishedTrialError if another process took this one for dead meanwhile.
    """
    distributions: dict[str, BaseDistribution] = space.distributions
    with at_once(study):
        trial = study.ask(fixed_distributions=distributions)
        binarization = space.binarization(trial.params)
        others = _others(study, trial.number, binarization, Read.NOTHING)
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
                threshold_ranges=binarization.ranges_text,
                channels=binarization.channels,
                index_bits=binarization.index_bits,
                **({"levels": None} | binarization.record),
            ),
        )
    # Another process may have started the same binarization with the same seed. Each process writes its trial before
    # it reads the others, so at least one of two sees the other. It then takes another free seed. If several do so at
    # once, each takes a different one.
    others = _others(study, trial.number, binarization)
    while same := [t for t in others if _seed(t) == asked.training_seed]:
        fresh = next(islice(_free_seeds(seed, others), sum(t.number < trial.number for t in same), None))
        asked = replace(asked, training_seed=fresh, replicate_of=min(t.number for t in others))
        with at_once(study):
            trial.set_user_attr("training_seed", fresh)
            trial.set_user_attr("replicate_of", asked.replicate_of)
        others = _others(study, trial.number, binarization)
    return asked


def _seed(trial: FrozenTrial) -> int:
    return int(trial.user_attrs["training_seed"])


def _free_seeds(first: int, others: Sequence[FrozenTrial]) -> Iterator[int]:
    """Training seeds from `first` on that none of the others has."""
    used = {_seed(t) for t in others}
    return (seed for seed in count(first) if seed not in used)


def _others(study: optuna.Study, number: int, binarization: Binarization, read: Read = Read.ALL) -> list[FrozenTrial]:
    return [t for t in trials_of(study, read).same_as(binarization.key) if t.number != number]


def tell(study: optuna.Study, asked: Asked, result: Result, database: Database | None = None) -> TrialState:
    """Record a result and return the trial's state. A trial whose training diverged is a failed one.

    database: where the score of each photo is stored.
    Raises: UpdateFinishedTrialError if another process took this one for dead and queued its trial again.
    """
    with at_once(study):
        record_end(asked.trial, result.standard_error, result.interval, result.seconds)
        if result.diverged:
            asked.trial.set_user_attr("failure", DIVERGED)
    state = TrialState.FAIL if result.diverged else TrialState.PRUNED if result.value is None else TrialState.COMPLETE
    values = None
    if result.value is not None:
        values = [result.value, float(asked.binarization.channels)][: len(study.directions)]
    if database is not None and result.photos is not None:
        save_scores(database, internal(study, IDENTITY), asked.trial.number, result.photos)
    study.tell(asked.trial, values, state=state)
    return state


def fail(study: optuna.Study, asked: Asked, why: str) -> None:
    """Record that a training ended with an error. The trial counts, so that it cannot block the study."""
    asked.trial.set_user_attr("failure", why)
    study.tell(asked.trial, state=TrialState.FAIL)


def put_back(study: optuna.Study, number: int, why: str, again: bool = True) -> bool:
    """End a trial that did not finish and queue its parameters again; return False if another process did so.

    again: whether to queue its parameters.
    """
    trial = trials_of(study, Read.ALL).unfinished.get(number)
    if trial is None:
        return False
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
    """Return whether more trials than the total count or run, including this process's own.

    Each process writes its trial before it reads the others, so the last of those that keep their trial sees them all.
    """
    return sum(counted_and_running(study)) > total


def withdraw(study: optuna.Study, asked: Asked) -> None:
    """End a trial that is one too many. A queued one is queued again, for a larger total."""
    put_back(study, asked.trial.number, "the study has its trials", again=was_queued(study, asked.trial))


def put_back_abandoned(study: optuna.Study) -> int:
    """Put back the trials whose process has ended; return how many. See `is_gone` for those of other machines.

    Optuna writes no heartbeat for ask-and-tell, so a killed worker's trial would stay RUNNING forever.
    """
    abandoned = [t.number for t in running(study) if _is_abandoned(t)]
    return sum(put_back(study, number, "its process ended before the trial did") for number in abandoned)


def trained_here(trial: FrozenTrial) -> bool:
    """Return whether a running trial is of this machine, or of a process that has not written yet which one it is."""
    return "worker" not in trial.user_attrs or is_here(str(trial.user_attrs["worker"]))


def _is_abandoned(trial: FrozenTrial) -> bool:
    if trial.datetime_start is None:
        return True
    since = trial.datetime_start.astimezone()  # Optuna gives local time without a zone
    if "worker" not in trial.user_attrs:  # killed while asking, which takes seconds, with a slow sampler a minute
        return (dt.datetime.now(dt.UTC) - since).total_seconds() > ASKING_SECONDS
    return is_gone(str(trial.user_attrs["worker"]), since)
