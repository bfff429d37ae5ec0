"""Optuna's storage with fewer SQL statements and transactions for each trial.

Optuna 5.0 writes each parameter and each attribute in a transaction of its own, and reads a trial with a query by the
object-relational mapper for each of its tables. A trial of this project has about 25 parameters and attributes. Inside
`at_once` they are written in one transaction, and storage/trial_rows.py reads trials. What is stored is the same.
"""

import datetime as dt
import json
from collections import defaultdict
from collections.abc import Container, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

import optuna
import sqlalchemy as sa
from optuna.distributions import BaseDistribution, check_distribution_compatibility, distribution_to_json
from optuna.exceptions import UpdateFinishedTrialError
from optuna.storages import RDBStorage
from optuna.trial import FrozenTrial, TrialState
from sqlalchemy.exc import IntegrityError

from storage.optuna_private import (
    INTERMEDIATE_VALUES,
    PARAMS,
    STUDIES,
    TRIALS,
    USER_ATTRIBUTES,
    database_of,
    stored_intermediate_value,
)
from storage.trial_rows import AT_MOST, local_time, read_states, read_trials

UNFINISHED = (TrialState.RUNNING, TrialState.WAITING)


@dataclass
class _Pending:
    """What is to be written of one trial: rows of parameters, and attributes as JSON."""

    params: list[dict[str, Any]] = field(default_factory=list)
    attributes: dict[str, str] = field(default_factory=dict)


_PENDING: ContextVar[dict[int, _Pending] | None] = ContextVar("pending", default=None)


def at_once(study: optuna.Study) -> AbstractContextManager[None]:
    """Return a context that writes parameters and user attributes of trials in one transaction, when it ends.

    Nothing is written if the context ends with an exception. With any other storage the context has no effect.
    Raises, at the end of the context: UpdateFinishedTrialError for a trial that was finished meanwhile.
    """
    storage = database_of(study)
    return storage.at_once() if isinstance(storage, FewStatementsStorage) else nullcontext()


@contextmanager
def without_sync(engine: sa.Engine) -> Iterator[sa.Connection]:
    """A transaction that SQLite does not force to the disk, for what is written of an unfinished trial.

    In WAL mode a power failure may lose it, but a crash of the process does not. The change of state that finishes the
    trial is forced to the disk, and everything written before with it.
    """
    sqlite = engine.dialect.name == "sqlite"
    with engine.connect() as connection:
        if sqlite:
            connection.exec_driver_sql("PRAGMA synchronous=NORMAL")
            connection.rollback()
        try:
            with connection.begin():
                yield connection
        finally:
            if sqlite:
                connection.exec_driver_sql("PRAGMA synchronous=FULL")


class FewStatementsStorage(RDBStorage):
    """An RDBStorage that stores the same data with fewer SQL statements."""

    @contextmanager
    def at_once(self) -> Iterator[None]:
        """See the function of the same name."""
        pending: dict[int, _Pending] = defaultdict(_Pending)
        token = _PENDING.set(pending)
        try:
            yield
        finally:
            _PENDING.reset(token)
        with without_sync(self.engine) as connection:
            for trial_id, written in pending.items():
                self._lock_unfinished(connection, trial_id)
                if written.params:
                    connection.execute(PARAMS.insert(), written.params)
                if written.attributes:
                    _replace_attributes(connection, trial_id, written.attributes)

    def _set_trial_param(
        self,
        trial_id: int,
        param_name: str,
        param_value_internal: float,
        distribution: BaseDistribution,
        previous_distribution: BaseDistribution | None,
    ) -> None:
        pending = _PENDING.get()
        if pending is None or previous_distribution is None:
            super()._set_trial_param(trial_id, param_name, param_value_internal, distribution, previous_distribution)
            return
        check_distribution_compatibility(previous_distribution, distribution)
        pending[trial_id].params.append(
            {
                "trial_id": trial_id,
                "param_name": param_name,
                "param_value": param_value_internal,
                "distribution_json": distribution_to_json(distribution),
            }
        )

    def set_trial_user_attr(self, trial_id: int, key: str, value: Any) -> None:
        """As Optuna's."""
        if (pending := _PENDING.get()) is None:
            super().set_trial_user_attr(trial_id, key, value)
        else:
            pending[trial_id].attributes[key] = json.dumps(value)

    def set_trial_intermediate_value(self, trial_id: int, step: int, intermediate_value: float) -> None:
        """As Optuna's."""
        value, kind = stored_intermediate_value(intermediate_value)
        row = {"id": trial_id, "step": step, "value": value, "kind": kind}
        try:
            with without_sync(self.engine) as connection:
                if connection.execute(_REPORT, row).rowcount == 1:
                    return
        except IntegrityError:
            pass  # the step was reported before
        super().set_trial_intermediate_value(trial_id, step, intermediate_value)

    def states(self, study_id: int, included_trial_ids: Sequence[int], trial_id_greater_than: int) -> list[Any]:
        """Return trial_id and state of a study's trials with the given ids and of all with a greater id."""
        with self.engine.connect() as connection:
            return read_states(connection, study_id, included_trial_ids, trial_id_greater_than)

    def _create_new_trial(self, study_id: int, template_trial: FrozenTrial | None = None) -> FrozenTrial:
        if template_trial is not None:
            return super()._create_new_trial(study_id, template_trial)
        of_study = TRIALS.c.study_id == study_id
        last = sa.select(TRIALS.c.number).where(of_study).order_by(TRIALS.c.trial_id.desc()).limit(1)
        now = dt.datetime.now(dt.UTC).replace(tzinfo=None)
        with without_sync(self.engine) as connection:
            # Numbers have no gaps: the study is locked while one is given.
            locked = STUDIES.update().where(STUDIES.c.study_id == study_id).values(study_name=STUDIES.c.study_name)
            if connection.execute(locked).rowcount != 1:
                raise KeyError(f"no study has the id {study_id}")
            before = connection.execute(last).scalar()
            number = 0 if before is None else before + 1
            row = {"study_id": study_id, "number": number, "state": TrialState.RUNNING, "datetime_start": now}
            inserted = connection.execute(TRIALS.insert(), row).inserted_primary_key
            assert inserted is not None
        return FrozenTrial(
            trial_id=inserted.trial_id,
            number=number,
            state=TrialState.RUNNING,
            value=None,
            datetime_start=local_time(now),
            datetime_complete=None,
            params={},
            distributions={},
            user_attrs={},
            system_attrs={},
            intermediate_values={},
        )

    @staticmethod
    def _lock_unfinished(connection: sa.Connection, trial_id: int) -> None:
        """Lock a trial until the transaction ends. Raises: UpdateFinishedTrialError for a finished one."""
        unfinished = sa.and_(TRIALS.c.trial_id == trial_id, TRIALS.c.state.in_(UNFINISHED))
        if connection.execute(TRIALS.update().where(unfinished).values(state=TRIALS.c.state)).rowcount != 1:
            raise UpdateFinishedTrialError(f"the trial with the id {trial_id} is finished and cannot be changed")

    def get_trial(self, trial_id: int) -> FrozenTrial:
        """As Optuna's. Raises: KeyError."""
        with self.engine.connect() as connection:
            trials = read_trials(connection, [TRIALS.c.trial_id == trial_id])
        if not trials:
            raise KeyError(f"no trial has the id {trial_id}")
        return trials[0]

    def _get_trials(
        self,
        study_id: int,
        states: Container[TrialState] | None,
        included_trial_ids: set[int],
        trial_id_greater_than: int,
    ) -> list[FrozenTrial]:
        included = sorted(each for each in included_trial_ids if each <= trial_id_greater_than)
        of_study = TRIALS.c.study_id == study_id
        conditions = [TRIALS.c.trial_id.in_(included[i : i + AT_MOST]) for i in range(0, len(included), AT_MOST)]
        conditions.append(TRIALS.c.trial_id > trial_id_greater_than)
        with self.engine.connect() as connection:
            trials = read_trials(connection, [sa.and_(of_study, each) for each in conditions])
        if not trials and trial_id_greater_than == -1:
            return super()._get_trials(study_id, states, included_trial_ids, trial_id_greater_than)
        return [trial for trial in trials if states is None or trial.state in states]


_REPORT = INTERMEDIATE_VALUES.insert().from_select(
    ["trial_id", "step", "intermediate_value", "intermediate_value_type"],
    sa.select(
        TRIALS.c.trial_id,
        sa.bindparam("step", type_=sa.Integer),
        sa.bindparam("value", type_=sa.Double),
        sa.bindparam("kind", type_=INTERMEDIATE_VALUES.c.intermediate_value_type.type),
    ).where(TRIALS.c.trial_id == sa.bindparam("id"), TRIALS.c.state.in_(UNFINISHED)),
)


def _replace_attributes(connection: sa.Connection, trial_id: int, attributes: dict[str, str]) -> None:
    columns = USER_ATTRIBUTES.c
    connection.execute(USER_ATTRIBUTES.delete().where(columns.trial_id == trial_id, columns.key.in_(list(attributes))))
    rows = [{"trial_id": trial_id, "key": key, "value_json": value} for key, value in attributes.items()]
    connection.execute(USER_ATTRIBUTES.insert(), rows)
