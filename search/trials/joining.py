"""Creates a study, or joins an existing one of the same protocol and space.

Takes a protocol, a space and a name. Returns an Optuna study whose attributes describe it. Values are compared only
with values of the same protocol, so any other study is refused with a list of the differences.
"""

import platform
import warnings
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from typing import Any
from uuid import uuid4

import numpy as np
import numpy.typing as npt
import optuna
from optuna.distributions import BaseDistribution, CategoricalDistribution
from optuna.exceptions import DuplicatedStudyError, ExperimentalWarning
from optuna.pruners import BasePruner
from optuna.study import StudyDirection

from search.data.split import Split
from search.errors import ProtocolMismatch
from search.evaluation.metrics import METRICS
from search.evaluation.protocol import Protocol, differences, fingerprint
from storage.attributes import (
    IDENTITY,
    PROTOCOL,
    PROTOCOL_FINGERPRINT,
    SPACE,
    VERSIONS,
    check_version,
    data_set_fingerprint,
    internal,
    set_internal,
)
from storage.database import Database
from storage.records import DataSet

Plain = dict[str, Any]


def default_name(data: str, protocol: Protocol, space: Plain, budget: str) -> str:
    """Return the name of the data set, the budget, and a fingerprint of all that must be equal to join."""
    return f"{data}-{budget}-{fingerprint({PROTOCOL: protocol.as_dict(), SPACE: space})}"


def join(
    database: Database,
    name: str,
    protocol: Protocol,
    space: Plain,
    distributions: Mapping[str, BaseDistribution],
    objectives: Sequence[str],
    pruner: BasePruner,
) -> optuna.Study:
    """Return the study of that name, after creating it if it does not exist. The caller sets its sampler.

    space: the settings of the search space. distributions: its parameters.
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
        check_version(name, attributes)
        found = differences(attributes[PROTOCOL], protocol.as_dict()) + differences(attributes[SPACE], space)
        if found := found or _other_choices(study, distributions):
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


def _other_choices(study: optuna.Study, distributions: Mapping[str, BaseDistribution]) -> list[str]:
    """Return one phrase for each categorical parameter whose choices are other ones in the study's first trial.

    Equal settings may stand for other choices in another version: `--encoding all` once included `local`. Optuna does
    not allow a parameter to change its choices.
    """
    trials = (trial.distributions for trial in study.get_trials(deepcopy=False) if trial.distributions)
    found = []
    for name, before in next(trials, {}).items():
        now = distributions.get(name)
        if isinstance(before, CategoricalDistribution) and isinstance(now, CategoricalDistribution) and now != before:
            then, today = (", ".join(map(str, each.choices)) for each in (before, now))
            found.append(f"choices of {name}: {then} in the study, {today} now")
    return found


def versions() -> dict[str, str]:
    """Return the versions of the software that a value may depend on."""
    packages = ("cutpoints", "torch", "numpy", "optuna")
    return {"python": platform.python_version()} | {package: version(package) for package in packages}


def describe(split: Split, protocol: Protocol, histogram: npt.NDArray[np.int64]) -> DataSet:
    """Return what the report shows of the data set: one training image of each of a few classes."""
    classes = len(split.pictures.class_names)
    chosen = np.unique(np.linspace(0, classes - 1, EXAMPLES).round().astype(int))
    rows = [int(np.flatnonzero(split.train.labels == label)[0]) for label in chosen]
    return DataSet(
        fingerprint=data_set_fingerprint(protocol.as_dict()),
        name=split.pictures.name,
        class_names=split.pictures.class_names,
        histogram=tuple(int(count) for count in histogram),
        examples=split.train[np.array(rows)].images,
        example_labels=tuple(int(label) for label in chosen),
    )


EXAMPLES = 6  # training images that are stored for the report
