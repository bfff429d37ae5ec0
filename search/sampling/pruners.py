"""Which trials are stopped early, and what they are compared with."""

import warnings
from collections.abc import Callable, Sequence
from typing import cast

import optuna
from optuna.exceptions import ExperimentalWarning
from optuna.pruners import BasePruner, HyperbandPruner, MedianPruner, NopPruner, WilcoxonPruner
from optuna.study import StudyDirection
from optuna.trial import FrozenTrial, TrialState

from storage.candidates import number_of_cuts
from storage.optuna_private import storage_of


class SameCuts(BasePruner):
    """Lets another pruner see only trials with as many cut points as the one in question.

    Against all trials, one or two cut points would nearly always be pruned, and the answer to "how
    few bits are enough?" with them.
    """

    def __init__(self, pruner: BasePruner) -> None:
        self.pruner = pruner

    def prune(self, study: optuna.Study, trial: FrozenTrial) -> bool:
        """Whether to prune; see the wrapped pruner."""
        return self.pruner.prune(_SameCutsStudy(study, number_of_cuts(trial.user_attrs["cut_points"])), trial)


class _SameCutsStudy(optuna.Study):
    """A view of a study that shows only trials with k cut points."""

    def __init__(self, study: optuna.Study, k: int) -> None:
        super().__init__(study.study_name, storage_of(study), study.sampler, study.pruner)
        self._k = k

    def get_trials(
        self,
        deepcopy: bool = True,
        states: Sequence[TrialState] | None = None,  # type: ignore[override]
    ) -> list[FrozenTrial]:
        trials = super().get_trials(deepcopy=deepcopy, states=states)
        return [trial for trial in trials if number_of_cuts(trial.user_attrs.get("cut_points", ())) == self._k]

    @property
    def best_trial(self) -> FrozenTrial:
        """The best complete trial. Raises: ValueError, as Optuna's does, when there is none."""
        complete = self.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
        best = max if self.direction == StudyDirection.MAXIMIZE else min
        return best(complete, key=lambda trial: cast(float, trial.value))


def wilcoxon(epochs: int) -> BasePruner:
    """Compares the trainings of a trial, fold by fold and seed by seed, with those of the best trial."""
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
