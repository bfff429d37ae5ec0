"""The queue of a study's first trials: its references, each exactly once however many processes begin together.

Takes a study, its space and the references in order. Leaves trials that wait, the first half of --trials at most.
Of several processes the one that claims a reference (storage/claims.py) queues it, or learns it first.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict

import optuna
from optuna.trial import TrialState

from search.references.catalogue import LEARNED, Reference, ToLearn
from search.sampling.space import Space
from search.trials.lifecycle import counted
from storage.claims import Once
from storage.records import STOPPED

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
    """Queues the references that the study lacks, up to half of `total`; returns how many it queued.

    The queue ends before one that has to be learned; it is learned when nothing waits any more. So call this before
    each trial. A reference that was learned before, known by its number of cut points, is not learned again.
    seed: of the parameters without effect.
    """
    once = once or Once("")
    present, queued = _references(study), 0
    of_other_settings = len(present) - sum(_is_among(present, each) for each in wanted)
    places, room = total // 2 - of_other_settings, total - counted(study)
    for each in wanted:
        if places <= 0 or room <= 0:
            break
        places -= 1
        if _is_among(present, each):
            continue
        if isinstance(each, ToLearn) and study.get_trials(deepcopy=False, states=(TrialState.WAITING,)):
            break
        if not once.mine(_name(each)):
            continue
        # Whoever claimed it before may have queued it and ended since this process looked.
        if _is_among(_references(study), each):
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
    attributes = {
        "reference": found.name,
        "reference_binarization": found.binarization.key,
        "reference_cuts": len(found.binarization.cut_points),
    }
    if found.seconds:
        attributes["reference_seconds"] = found.seconds
    study.enqueue_trial(dict(space.params(found.binarization, seed)), user_attrs=attributes)


def _name(wanted: Reference | ToLearn) -> str:
    """What is claimed: the same in every process."""
    values = {"learn": asdict(wanted)} if isinstance(wanted, ToLearn) else wanted.binarization.record
    return f"reference {json.dumps(values, sort_keys=True)}"


def _references(study: optuna.Study) -> set[tuple[str, str, int | None]]:
    """Name, binarization and number of cut points of the references that the study has."""
    attributes = [t.user_attrs for t in study.get_trials(deepcopy=False) if STOPPED not in t.user_attrs]
    return {
        (a["reference"], a["reference_binarization"], a.get("reference_cuts"))
        for a in attributes
        if "reference_binarization" in a
    }


def _is_among(present: set[tuple[str, str, int | None]], wanted: Reference | ToLearn) -> bool:
    if isinstance(wanted, ToLearn):
        return any((name, cuts) == (LEARNED, wanted.cuts) for name, _, cuts in present)
    return any(binarization == wanted.binarization.key for _, binarization, _ in present)
