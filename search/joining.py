"""Creating a study or joining an existing one, which must be of the same protocol and space.

Enters: a protocol, a space, a name. Leaves: an Optuna study that describes itself. A value is only
compared with values of the same protocol, so anything else is refused and the differences are listed.
"""

import platform
import warnings
from collections.abc import Sequence
from importlib.metadata import version
from typing import Any
from uuid import uuid4

import optuna
from optuna.exceptions import DuplicatedStudyError, ExperimentalWarning
from optuna.pruners import BasePruner
from optuna.study import StudyDirection

from search.command import ProtocolMismatch
from search.metrics import METRICS
from search.protocol import Protocol, differences, fingerprint
from storage.database import PROTOCOL, Database
from storage.results import (
    IDENTITY,
    PROTOCOL_FINGERPRINT,
    SPACE,
    VERSIONS,
    check_version,
    internal,
    set_internal,
)

Plain = dict[str, Any]


def default_name(data: str, protocol: Protocol, space: Plain, budget: str) -> str:
    """The data set's name, the budget, and a fingerprint of all that must be equal to join."""
    return f"{data}-{budget}-{fingerprint({PROTOCOL: protocol.as_dict(), SPACE: space})}"


def join(
    database: Database, name: str, protocol: Protocol, space: Plain, objectives: Sequence[str], pruner: BasePruner
) -> optuna.Study:
    """The study of that name, made where it is missing; its sampler is set by the caller.

    Raises: ProtocolMismatch, EarlierVersion.
    """
    metric = METRICS[protocol.metric]
    wanted = [StudyDirection[metric.direction.upper()], *[StudyDirection.MINIMIZE] * len(objectives[1:])]
    try:
        study = optuna.create_study(storage=database.storage, study_name=name, directions=wanted, pruner=pruner)
    except DuplicatedStudyError:
        study = optuna.load_study(study_name=name, storage=database.storage, pruner=pruner)
    attributes = study.user_attrs
    empty = PROTOCOL not in attributes and not study.get_trials(deepcopy=False)
    if PROTOCOL not in attributes and (not empty or study.directions != wanted):
        raise ProtocolMismatch(
            f"study {name!r} was not made by python -m search.study and has values of its own; choose another name"
        )
    if not empty:
        check_version(study)
        found = differences(attributes[PROTOCOL], protocol.as_dict()) + differences(attributes[SPACE], space)
        if found:
            raise ProtocolMismatch(
                f"study {name!r} has another protocol: {'; '.join(found)}. Use the study's settings, "
                "or another --study-name"
            )
    else:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ExperimentalWarning)
            study.set_metric_names([f"validation {metric.name}", *objectives[1:]])
        study.set_user_attr(SPACE, space)
        study.set_user_attr(PROTOCOL_FINGERPRINT, protocol.fingerprint)
        study.set_user_attr(PROTOCOL, protocol.as_dict())
    if internal(study, IDENTITY) is None:
        set_internal(study, IDENTITY, uuid4().hex)
    if attributes.get(VERSIONS) != versions():
        study.set_user_attr(VERSIONS, versions())
    return study


def versions() -> dict[str, str]:
    """Versions of what a value may depend on."""
    packages = ("cutpoints", "torch", "numpy", "optuna")
    return {"python": platform.python_version()} | {package: version(package) for package in packages}
