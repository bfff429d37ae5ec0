"""Every use of Optuna's private API, with the reason for each.

Tested with Optuna 5.0, which pyproject.toml names as the upper bound: look here first when it is raised.
"""

from typing import Any

import optuna
from optuna.storages import BaseStorage
from optuna.storages._rdb.models import TrialModel
from optuna.study._frozen import FrozenStudy
from optuna.trial import FrozenTrial

__all__ = ["TrialModel"]  # so that one statement can compare and set a trial's state; Optuna needs two


def storage_of(study: optuna.Study) -> BaseStorage:
    """The storage of a study: a view of the study needs the same one, and Optuna gives no public way to it."""
    return study._storage


def age(study: FrozenStudy) -> int:
    """A number that grows with each study of a database: the public summaries have no order of creation."""
    return study._study_id


def set_system_attribute(study: optuna.Study, key: str, value: Any) -> None:
    """Keeps a value that optuna-dashboard does not display. User attributes are public, and are all displayed."""
    study._storage.set_study_system_attr(study._study_id, key, value)


def system_attribute(study: optuna.Study, key: str) -> Any:
    """What set_system_attribute kept; None where it kept nothing."""
    return study._storage.get_study_system_attrs(study._study_id).get(key)


def set_user_attribute(study: optuna.Study, trial: FrozenTrial, key: str, value: Any) -> None:
    """Sets an attribute of another process's trial, for which there is no optuna.Trial here.

    Raises: optuna.exceptions.UpdateFinishedTrialError.
    """
    study._storage.set_trial_user_attr(trial._trial_id, key, value)


def was_queued(study: optuna.Study, trial: optuna.Trial) -> bool:
    """Whether a trial's parameters come from enqueue_trial: only a private attribute tells."""
    return "fixed_params" in study._storage.get_trial(trial._trial_id).system_attrs
