"""The binarizations that a study has tried so far, as the project's own samplers need them.

Takes a study and a space. Returns each binarization with its values. What is known of finished trials is kept and
updated with the trials that finished since.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean

import numpy as np
import numpy.typing as npt
import optuna
from optuna.study import StudyDirection
from optuna.trial import FrozenTrial, TrialState

from search.binarization.binarization import Binarization
from search.sampling.space import Space
from storage.records import STOPPED
from storage.study_trials import Read, trials_of

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Tried:
    """A binarization's trials, including those that run now."""

    binarization: Binarization
    values: tuple[
        float, ...
    ] = ()  # of its COMPLETE trials, with a sign such that higher is better; () for 2 objectives
    trials: int = 0  # number of trials, without those that were stopped and queued again
    reference: bool = False

    @property
    def mean(self) -> float:
        """The mean over its finished trials; minus infinity without one."""
        return fmean(self.values) if self.values else float("-inf")


class Finished:
    """The binarizations of finished trials that have the parameters of one space, in the order of their first trial.

    It is a summary of storage.study_trials.StudyTrials.
    """

    def __init__(self, space: Space, directions: Sequence[StudyDirection]) -> None:
        self._space, self._distributions = space, space.distributions
        self._one_objective = len(directions) == 1
        self._sign = -1.0 if directions[0] is StudyDirection.MINIMIZE else 1.0
        self.only_this_space = True  # whether all COMPLETE and PRUNED trials have the parameters of the space
        self.rows: dict[Binarization, int] = {}
        self.tried: list[Tried] = []  # by row, like the three below
        self.binarizations: list[Binarization] = []
        self.means: list[float] = []  # NaN without a value
        self.cuts: list[int] = []  # number of cut points
        self.references: list[int] = []  # rows

    def add(self, trial: FrozenTrial) -> None:
        """Take one more finished trial into account."""
        if trial.distributions != self._distributions:
            self.only_this_space &= trial.state is TrialState.FAIL
            return
        binarization = self._space.binarization(trial.params)
        row = self.rows.setdefault(binarization, len(self.tried))
        if row == len(self.tried):
            self.tried.append(Tried(binarization))
            self.binarizations.append(binarization)
            self.means.append(float("nan"))
            self.cuts.append(len(binarization.cut_points))
        before, now = self.tried[row], self._with(self.tried[row], trial)
        self.tried[row] = now
        if now.values:
            self.means[row] = now.mean
        if now.reference and not before.reference:
            self.references.append(row)

    def started(self, trials: Sequence[FrozenTrial]) -> dict[Binarization, Tried]:
        """The binarizations of unfinished trials of this space, together with what is known of finished ones."""
        found: dict[Binarization, Tried] = {}
        for trial in trials:
            if trial.distributions == self._distributions:
                binarization = self._space.binarization(trial.params)
                found[binarization] = self._with(found.get(binarization) or self.of(binarization), trial)
        return found

    def of(self, binarization: Binarization) -> Tried:
        """What is known of a binarization, tried or not."""
        row = self.rows.get(binarization)
        return Tried(binarization) if row is None else self.tried[row]

    def _with(self, tried: Tried, trial: FrozenTrial) -> Tried:
        values = tried.values
        if self._one_objective and trial.state is TrialState.COMPLETE and trial.value is not None:
            values = (*values, self._sign * trial.value)
        return Tried(
            tried.binarization,
            values,
            tried.trials + (STOPPED not in trial.user_attrs),
            tried.reference or "reference" in trial.user_attrs,
        )


@dataclass(frozen=True)
class History:
    """Everything tried in a space: finished trials, also pruned and failed ones, and running ones."""

    finished: Finished
    started: dict[Binarization, Tried]  # known of a binarization with unfinished trials, finished ones included

    def __contains__(self, binarization: Binarization) -> bool:
        return binarization in self.finished.rows or binarization in self.started

    def __len__(self) -> int:
        return len(self.finished.tried) + sum(each not in self.finished.rows for each in self.started)

    def parents(self) -> tuple[list[Binarization], Floats, Integers]:
        """The N binarizations of finished trials, means of their values (N,), NaN without one, and numbers of cut
        points (N,).
        """
        known = self.finished
        return known.binarizations, np.array(known.means, np.float64), np.array(known.cuts, np.int64)

    def references(self) -> list[Tried]:
        """The binarizations of which a trial was a reference, in the order of their first trials."""
        known = self.finished
        started = [each for each in self.started.values() if each.reference]
        rows = {*known.references, *(known.rows[t.binarization] for t in started if t.binarization in known.rows)}
        finished = [known.tried[row] for row in sorted(rows)]
        return [
            *(self.started.get(each.binarization, each) for each in finished),
            *(each for each in started if each.binarization not in known.rows),
        ]


def finished(study: optuna.Study, space: Space) -> Finished:
    """What is known of a study's finished trials."""
    directions = study.directions
    return trials_of(study, Read.NOTHING).summary((Finished, space), lambda: Finished(space, directions))


def history(study: optuna.Study, space: Space, but: int) -> History:
    """Everything tried in this space, except trial number `but`, the one that is being asked for.

    Trials with other parameters than the space's, and those that do not have all of them yet, are left out.
    """
    known = finished(study, space)
    others = [trial for number, trial in trials_of(study, Read.NOTHING).unfinished.items() if number != but]
    return History(known, known.started(others))
