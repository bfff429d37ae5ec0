"""The queue of a study's first trials: its references, each exactly once even if several processes start together.

Takes a study, its space and the references in order. Queues at most half of --trials. Of several processes, the one
that claims a reference (storage/claims.py) queues it, after learning it where that is necessary.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import optuna
from optuna.trial import FrozenTrial

from search.references.catalogue import LEARNED, Reference, ToLearn
from search.sampling.space import Space
from storage.claims import Once
from storage.records import STOPPED
from storage.study_trials import StudyTrials, trials_of

Learn = Callable[[ToLearn], Reference | None]


def enqueue(
    study: optuna.Study,
    space: Space,
    wanted: Sequence[Reference | ToLearn],
    total: int,
    learn: Learn = lambda _: None,
    once: Once | None = None,
    seed: int = 0,
) -> int:
    """Queue the references that the study lacks, up to half of `total`; return how many were queued.

    Call this before each trial: a reference that must be learned first is learned only when no queued trial is left.
    A learned reference is identified by its number of cut points, and is not learned again.

    seed: of the parameters without effect.
    """
    once = once or Once("")
    trials, queued = trials_of(study), 0
    present = _references(trials)
    of_other_settings = len(present) - sum(_is_among(present, each) for each in wanted)
    places, room = total // 2 - of_other_settings, total - trials.counted
    for each in wanted:
        if places <= 0 or room <= 0:
            break
        places -= 1
        if _is_among(present, each):
            continue
        if isinstance(each, ToLearn) and trials_of(study).waiting:
            break
        if not once.mine(_name(each)):
            continue
        # Another process may have queued it and ended since this process read the study.
        if _is_among(_references(trials_of(study)), each):
            continue
        found = each
        if isinstance(each, ToLearn):
            try:
                learned = learn(each)
            except BaseException:
                once.give_back(_name(each))
                raise
            if learned is None:
                places += 1
                continue
            found = learned
        assert isinstance(found, Reference)
        _queue(study, space, found, seed)
        queued, room = queued + 1, room - 1
    return queued


def _queue(study: optuna.Study, space: Space, found: Reference, seed: int) -> None:
    study.enqueue_trial(dict(space.params(found.binarization, seed)), user_attrs=reference_attributes(found))


def reference_attributes(found: Reference) -> dict[str, Any]:
    """The attributes by which a study knows a trial as a reference."""
    attributes = {
        "reference": found.name,
        "reference_binarization": found.binarization.key,
        "reference_cuts": len(found.binarization.cut_points),
    }
    return attributes | ({"reference_seconds": found.seconds} if found.seconds else {})


def _name(wanted: Reference | ToLearn) -> str:
    """The name of the claim, the same in every process."""
    if isinstance(wanted, ToLearn):
        values = {"learn": asdict(wanted) | {"level_map": wanted.level_map.record}}
    else:
        values = wanted.binarization.record
    return f"reference {json.dumps(values, sort_keys=True)}"


@dataclass(frozen=True)
class _Present:
    """A reference that the study has."""

    name: str
    key: str  # of its binarization
    cuts: int | None  # its number of cut points, where the study says so


class _Finished:
    """The references among finished trials, without those that were stopped and queued again.

    It is a summary of storage.study_trials.StudyTrials.
    """

    def __init__(self) -> None:
        self.references: set[_Present] = set()

    def add(self, trial: FrozenTrial) -> None:
        """Take one more finished trial into account."""
        self.references |= _reference(trial)


def _reference(trial: FrozenTrial) -> set[_Present]:
    """The reference that a trial is, if it is one."""
    attributes = trial.user_attrs
    if STOPPED in attributes or "reference_binarization" not in attributes:
        return set()
    return {_Present(attributes["reference"], attributes["reference_binarization"], attributes.get("reference_cuts"))}


def _references(trials: StudyTrials) -> set[_Present]:
    """The references that the study has, finished or not."""
    return trials.summary(_Finished, _Finished).references.union(*map(_reference, trials.unfinished.values()))


def _is_among(present: set[_Present], wanted: Reference | ToLearn) -> bool:
    if isinstance(wanted, ToLearn):
        return any((each.name, each.cuts) == (LEARNED, wanted.cuts) for each in present)
    key = wanted.binarization.key
    return any(each.key == key for each in present)
