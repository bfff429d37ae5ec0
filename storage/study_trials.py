"""A study's trials, read incrementally: the cost of reading them does not grow with the number of finished trials.

A finished trial never changes, so it is read once. Each further reading asks the database only for trials that are new
or were unfinished, which includes what other processes wrote. What is derived of finished trials (counts, groups, the
best) is kept by `StudyTrials.summary` and updated with the trials that finished since.
"""

from bisect import bisect_left, insort
from collections.abc import Callable, Hashable, Mapping
from enum import Enum, auto
from itertools import count, takewhile
from typing import Protocol, TypeVar
from weakref import WeakKeyDictionary

import optuna
from optuna.trial import FrozenTrial, TrialState

from storage.few_statements import FewStatementsStorage
from storage.optuna_private import Cache, database_of
from storage.records import STOPPED, key_of


class Read(Enum):
    """What is read from the database. New trials are read as a whole, except with NOTHING."""

    NOTHING = auto()  # the trials in Optuna's cache are used, as `study.ask` has just read them
    STATES = auto()  # trials whose state changed are read again
    ALL = auto()  # all unfinished trials are read again: parameters and attributes of running trials may have changed


class Summary(Protocol):
    """A statistic over finished trials, updated one trial at a time, in the order in which they finished."""

    def add(self, trial: FrozenTrial, /) -> None:
        """Take one more finished trial into account."""


S = TypeVar("S", bound=Summary)


class StudyTrials:
    """The trials of one study at the last reading.

    finished: in the order in which this process saw them finish; after a restart, by number. unfinished: queued and
    running trials by number. Callers must not modify them.
    """

    def __init__(self) -> None:
        self.finished: list[FrozenTrial] = []
        self.unfinished: dict[int, FrozenTrial] = {}
        self._numbers: list[int] = []  # of all trials, in ascending order
        self._summaries: dict[Hashable, tuple[Summary, int]] = {}

    def update(self, study: optuna.Study, read: Read) -> None:
        """See `trials_of`."""
        following = self._numbers[-1] + 1 if self._numbers else 0
        trials, new = _trials(study, read, following)
        known = list(self.unfinished)
        self._numbers += new
        for number in known + new:
            trial = trials[number]
            if trial.state.is_finished():
                self.unfinished.pop(number, None)
                self.finished.append(trial)
            else:
                self.unfinished[number] = trial

    def summary(self, key: Hashable, make: Callable[[], S]) -> S:
        """Return the summary for `key`, updated with newly finished trials; `make` creates it on first use."""
        summary, done = self._summaries.get(key) or (make(), 0)
        for trial in self.finished[done:]:
            summary.add(trial)
        self._summaries[key] = summary, len(self.finished)
        return summary  # type: ignore[return-value]

    @property
    def running(self) -> list[FrozenTrial]:
        """Trials that some process trains now."""
        return [trial for trial in self.unfinished.values() if trial.state is TrialState.RUNNING]

    @property
    def waiting(self) -> list[FrozenTrial]:
        """Queued trials."""
        return [trial for trial in self.unfinished.values() if trial.state is TrialState.WAITING]

    @property
    def counted(self) -> int:
        """Number of finished trials, without those that were stopped and queued again."""
        return len(self.finished) - len(self.summary(Stopped, Stopped).numbers)

    def rank(self, number: int) -> int:
        """Number of trials before that number, without those that were stopped and queued again."""
        before, stopped = (bisect_left(n, number) for n in (self._numbers, self.summary(Stopped, Stopped).numbers))
        return before - stopped - sum(n < number and not _counts(t) for n, t in self.unfinished.items())

    def same_as(self, key: str) -> list[FrozenTrial]:
        """Started trials of the binarization with that key, without those that were stopped and queued again."""
        started = [trial for trial in self.unfinished.values() if _counts(trial) and key_of(trial.user_attrs) == key]
        return self.summary(ByBinarization, ByBinarization).trials.get(key, []) + started


def _counts(trial: FrozenTrial) -> bool:
    return STOPPED not in trial.user_attrs


class Stopped:
    """Numbers of finished trials that were stopped and queued again, in ascending order."""

    def __init__(self) -> None:
        self.numbers: list[int] = []

    def add(self, trial: FrozenTrial) -> None:
        """See Summary."""
        if not _counts(trial):
            insort(self.numbers, trial.number)


class ByBinarization:
    """Finished trials by the key of their binarization, without those that were stopped and queued again."""

    def __init__(self) -> None:
        self.trials: dict[str, list[FrozenTrial]] = {}

    def add(self, trial: FrozenTrial) -> None:
        """See Summary."""
        if _counts(trial):
            self.trials.setdefault(key_of(trial.user_attrs), []).append(trial)


_OF: WeakKeyDictionary[optuna.Study, StudyTrials] = WeakKeyDictionary()


def trials_of(study: optuna.Study, read: Read = Read.STATES) -> StudyTrials:
    """Return a study's trials as they are now.

    The same object is updated at each call. A filtered view of a study is cached separately.
    """
    trials = _OF.get(study)
    if trials is None:
        trials = _OF[study] = StudyTrials()
    trials.update(study, read)
    return trials


def _trials(study: optuna.Study, read: Read, following: int) -> tuple[Mapping[int, FrozenTrial], list[int]]:
    """The trials by number, and the numbers from `following` on.

    Where Optuna has a cache of the study, finished trials are neither read nor looked at again.
    """
    cache = Cache.of(study)
    if cache is None:
        trials = {trial.number: trial for trial in study.get_trials(deepcopy=False)}
        return trials, [number for number in trials if number >= following]
    if read is Read.ALL or (read is Read.STATES and _is_behind(cache, study)):
        cache.read()
    return cache.trials, list(takewhile(cache.trials.__contains__, count(following)))


def _is_behind(cache: Cache, study: optuna.Study) -> bool:
    storage = database_of(study)
    return not isinstance(storage, FewStatementsStorage) or cache.is_behind(storage.states)
