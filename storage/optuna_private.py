"""All uses of Optuna's private API, with the reason for each.

Tested with Optuna 5.0, which pyproject.toml names as the upper bound. Check this module first when the bound is raised.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import optuna
from optuna.storages import BaseStorage, RDBStorage
from optuna.storages._cached_storage import _CachedStorage
from optuna.storages._rdb import models
from optuna.study._frozen import FrozenStudy
from optuna.trial import FrozenTrial, TrialState

# Optuna's tables. storage/few_statements.py reads and writes them with fewer statements than Optuna, and
# storage/one_owner.py compares and sets a trial's state in one statement.
STUDIES = models.StudyModel.__table__
TRIALS = models.TrialModel.__table__
PARAMS = models.TrialParamModel.__table__
VALUES = models.TrialValueModel.__table__
USER_ATTRIBUTES = models.TrialUserAttributeModel.__table__
SYSTEM_ATTRIBUTES = models.TrialSystemAttributeModel.__table__
INTERMEDIATE_VALUES = models.TrialIntermediateValueModel.__table__

# How these tables represent values, among them infinite ones and NaN, in two columns: a float and its type.
stored_value = models.TrialValueModel.value_to_stored_repr
value_of = models.TrialValueModel.stored_repr_to_value
stored_intermediate_value = models.TrialIntermediateValueModel.intermediate_value_to_stored_repr
intermediate_value_of = models.TrialIntermediateValueModel.stored_repr_to_intermediate_value


def storage_of(study: optuna.Study) -> BaseStorage:
    """Return the storage of a study. A view of a study needs the same one, and there is no public access to it."""
    return study._storage


def database_of(study: optuna.Study) -> RDBStorage | None:
    """Return the RDBStorage of a study, or None if it has none. Optuna wraps it in a private cache."""
    return study._storage._backend if isinstance(study._storage, _CachedStorage) else None


class Cache:
    """Optuna's cache of one study's trials. The public get_trials also uses it, but copies and sorts all of it."""

    def __init__(self, study: optuna.Study) -> None:
        assert isinstance(study._storage, _CachedStorage)
        self._storage, self._study = study._storage, study._study_id

    @classmethod
    def of(cls, study: optuna.Study) -> "Cache | None":
        """None for a study without a cache, and for a view of a study, whose trials only its own get_trials knows."""
        return cls(study) if type(study) is optuna.Study and isinstance(study._storage, _CachedStorage) else None

    @property
    def trials(self) -> Mapping[int, FrozenTrial]:
        """The cached trials by number, as they were at the last reading. They must not be changed."""
        return self._storage._studies[self._study].trials if self._study in self._storage._studies else {}

    def read(self) -> None:
        """Read the trials that are new or were unfinished."""
        self._storage._read_trials_from_remote_storage(self._study)

    def is_behind(self, states: Callable[[int, Sequence[int], int], Iterable[tuple[int, TrialState]]]) -> bool:
        """Return whether a trial is new or has another state than in the cache.

        states: a study, ids of trials, and an id, to ids and states of these trials and of all with a greater id.
        """
        info = self._storage._studies.get(self._study)
        if info is None:
            return True
        number_of, trials = self._storage._trial_id_to_study_id_and_number, info.trials
        found = states(self._study, sorted(info.unfinished_trial_ids), info.last_finished_trial_id)
        return any(id not in number_of or trials[number_of[id][1]].state is not state for id, state in found)


def age(study: FrozenStudy) -> int:
    """Return a number that grows with each study of a database. The public summaries have no order of creation."""
    return study._study_id


def set_system_attribute(study: optuna.Study, key: str, value: Any) -> None:
    """Store a value that optuna-dashboard does not display. User attributes are public, and all are displayed."""
    study._storage.set_study_system_attr(study._study_id, key, value)


def system_attribute(study: optuna.Study, key: str) -> Any:
    """Return the value that set_system_attribute stored, or None."""
    return study._storage.get_study_system_attrs(study._study_id).get(key)


def set_user_attribute(study: optuna.Study, trial: FrozenTrial, key: str, value: Any) -> None:
    """Set an attribute of another process's trial, for which this process has no optuna.Trial.

    Raises: optuna.exceptions.UpdateFinishedTrialError.
    """
    study._storage.set_trial_user_attr(trial._trial_id, key, value)


def was_queued(study: optuna.Study, trial: optuna.Trial) -> bool:
    """Return whether a trial's parameters come from enqueue_trial. Only a private attribute tells."""
    return "fixed_params" in study._storage.get_trial(trial._trial_id).system_attrs
