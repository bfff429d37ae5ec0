"""Pruners by name, and the trials that they compare a trial with."""

import warnings
from bisect import insort
from collections.abc import Callable, Sequence
from typing import cast

import optuna
from optuna.exceptions import ExperimentalWarning
from optuna.pruners import BasePruner, HyperbandPruner, MedianPruner, NopPruner, WilcoxonPruner
from optuna.study import StudyDirection
from optuna.trial import FrozenTrial, TrialState

from storage.candidates import number_of_cuts
from storage.optuna_private import storage_of
from storage.study_trials import trials_of


class SameCuts(BasePruner):
    """A pruner that sees only trials with as many cut points as the one in question.

    Compared with all trials, those with one or two cut points would nearly always be pruned, and the study could not
    answer how few bits are enough.
    """

    def __init__(self, pruner: BasePruner) -> None:
        self.pruner = pruner
        self._view: _SameCutsStudy | None = None

    def prune(self, study: optuna.Study, trial: FrozenTrial) -> bool:
        """Return whether to prune; see the wrapped pruner."""
        k = number_of_cuts(trial.user_attrs["cut_points"])
        if self._view is None or self._view.whole is not study or self._view.k != k:
            self._view = _SameCutsStudy(study, k)  # once a trial, because it reads the study's id
        return self.pruner.prune(self._view, trial)


class _SameCutsStudy(optuna.Study):
    """A view of a study that shows only trials with k cut points."""

    def __init__(self, study: optuna.Study, k: int) -> None:
        super().__init__(study.study_name, storage_of(study), study.sampler, study.pruner)
        self.whole, self.k = study, k

    def get_trials(
        self,
        deepcopy: bool = True,
        states: Sequence[TrialState] | None = None,  # type: ignore[override]
    ) -> list[FrozenTrial]:
        if not deepcopy and states == (TrialState.COMPLETE,):  # what pruners ask at each step
            return trials_of(self.whole).summary(CompleteByCuts, CompleteByCuts).trials.get(self.k, [])
        trials = super().get_trials(deepcopy=deepcopy, states=states)
        return [trial for trial in trials if number_of_cuts(trial.user_attrs.get("cut_points", ())) == self.k]

    @property
    def best_trial(self) -> FrozenTrial:
        """The best complete trial. Raises: ValueError, as Optuna's does, when there is none."""
        complete = self.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
        best = max if self.direction == StudyDirection.MAXIMIZE else min
        return best(complete, key=lambda trial: cast(float, trial.value))


class CompleteByCuts:
    """Complete trials by their number of cut points, each list in the order of the trials' numbers.

    It is a summary of storage.study_trials.StudyTrials.
    """

    def __init__(self) -> None:
        self.trials: dict[int, list[FrozenTrial]] = {}

    def add(self, trial: FrozenTrial) -> None:
        """Take one more finished trial into account."""
        if trial.state is TrialState.COMPLETE:
            k = number_of_cuts(trial.user_attrs.get("cut_points", ()))
            insort(self.trials.setdefault(k, []), trial, key=lambda each: each.number)


def wilcoxon(epochs: int) -> BasePruner:
    """Compare the trainings of a trial, fold by fold and seed by seed, with those of the best trial."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ExperimentalWarning)
        return SameCuts(WilcoxonPruner(p_threshold=0.1))


# The number of epochs of a trial to a pruner. The median waits for two thirds of the epochs: before that, one-hot
# ranges lag behind thermometers that they end equal to, and were pruned for it.
PRUNERS: dict[str, Callable[[int], BasePruner]] = {
    "median": lambda epochs: SameCuts(MedianPruner(n_startup_trials=4, n_warmup_steps=2 * epochs // 3)),
    "hyperband": lambda epochs: HyperbandPruner(min_resource=1, max_resource=epochs, reduction_factor=3),
    "wilcoxon": wilcoxon,
    "none": lambda epochs: NopPruner(),
}
