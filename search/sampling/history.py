"""What a study has tried so far, by binarization: all that samplers of our own remember.

Enters: a study and a space. Leaves: each binarization with its finished values. Nothing is kept between trials.
"""

from dataclasses import dataclass
from statistics import fmean

import optuna
from optuna.study import StudyDirection
from optuna.trial import TrialState

from search.binarization.binarization import Binarization
from search.sampling.space import Space
from storage.records import STOPPED


@dataclass(frozen=True)
class Tried:
    """A binarization's trials, those that run now among them."""

    binarization: Binarization
    values: tuple[float, ...]  # of its COMPLETE trials, turned so that higher is better; () with two objectives
    trials: int  # all that count: not those that were stopped and queued again
    reference: bool

    @property
    def mean(self) -> float:
        """Over its finished trials; minus infinity before the first."""
        return fmean(self.values) if self.values else float("-inf")


def history(study: optuna.Study, space: Space, but: int) -> dict[Binarization, Tried]:
    """Everything tried in this space, except trial number `but`, the one that is being asked for.

    Pruned, failed and running trials are there too: they are not worth a second time. Trials with other parameters
    than the space's, and those that have not got all of them yet, are not.
    """
    found: dict[Binarization, Tried] = {}
    distributions = space.distributions
    one = len(study.directions) == 1
    sign = -1.0 if study.directions[0] is StudyDirection.MINIMIZE else 1.0
    for trial in study.get_trials(deepcopy=False):
        if trial.number == but or trial.distributions != distributions:
            continue
        binarization = space.binarization(trial.params)
        before = found.get(binarization, Tried(binarization, (), 0, False))
        values = before.values
        if one and trial.state is TrialState.COMPLETE and trial.value is not None:
            values = (*values, sign * trial.value)
        found[binarization] = Tried(
            binarization,
            values,
            before.trials + (STOPPED not in trial.user_attrs),
            before.reference or "reference" in trial.user_attrs,
        )
    return found
