"""Optuna's storage with fewer SQL statements and transactions for each trial.

Optuna 5.0 writes each parameter and each attribute in a transaction of its own, and reads a trial with a query by the
object-relational mapper for each of its tables. A trial of this project has about 25 parameters and attributes. Inside
`at_once` they are written in one transaction, and trials are read with plain statements. What is stored is the same.
"""

import datetime as dt
import json
from collections import defaultdict
from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import optuna
import sqlalchemy as sa
from optuna.distributions import (
    BaseDistribution,
    check_distribution_compatibility,
    distribution_to_json,
    json_to_distribution,
)
from optuna.exceptions import UpdateFinishedTrialError
from optuna.storages import RDBStorage
from optuna.trial import FrozenTrial, TrialState
from sqlalchemy.exc import IntegrityError

from storage.optuna_private import (
    INTERMEDIATE_VALUES,
    PARAMS,
    STUDIES,
    SYSTEM_ATTRIBUTES,
    TRIALS,
    USER_ATTRIBUTES,
    VALUES,
    database_of,
    intermediate_value_of,
    stored_intermediate_value,
    value_of,
)

UNFINISHED = (TrialState.RUNNING, TrialState.WAITING)
AT_MOST = 500  # trials of one statement; databases limit the number of its parameters


@dataclass
class _Pending:
    """What is to be written of one trial: rows of parameters, and attributes as JSON."""

    params: list[dict[str, Any]] = field(default_factory=list)
    attributes: dict[str, str] = field(default_factory=dict)


_PENDING: ContextVar[dict[int, _Pending] | None] = ContextVar("pending", default=None)


def at_once(study: optuna.Study) -> AbstractContextManager[None]:
    """Return a context that writes parameters and user attributes of trials in one transaction, when it ends.

    Nothing is written if the context ends with an exception. Other storages write as they always do.
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
    """An RDBStorage that reads and writes the same with fewer statements."""

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
        row = {"study": study_id, "ids": included_trial_ids, "after": trial_id_greater_than}
        with self.engine.connect() as connection:
            return list(connection.execute(_STATES, row))

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
            datetime_start=_local(now),
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
            raise UpdateFinishedTrialError(f"the trial with the id {trial_id} is finished, so that nothing changes it")

    def get_trial(self, trial_id: int) -> FrozenTrial:
        """As Optuna's. Raises: KeyError."""
        with self.engine.connect() as connection:
            trials = _read(connection, [TRIALS.c.trial_id == trial_id])
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
            trials = _read(connection, [sa.and_(of_study, each) for each in conditions])
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
_STATES = sa.select(TRIALS.c.trial_id, TRIALS.c.state).where(
    TRIALS.c.study_id == sa.bindparam("study"),
    sa.or_(TRIALS.c.trial_id.in_(sa.bindparam("ids", expanding=True)), TRIALS.c.trial_id > sa.bindparam("after")),
)


def _replace_attributes(connection: sa.Connection, trial_id: int, attributes: dict[str, str]) -> None:
    columns = USER_ATTRIBUTES.c
    connection.execute(USER_ATTRIBUTES.delete().where(columns.trial_id == trial_id, columns.key.in_(list(attributes))))
    rows = [{"trial_id": trial_id, "key": key, "value_json": value} for key, value in attributes.items()]
    connection.execute(USER_ATTRIBUTES.insert(), rows)


def _read(connection: sa.Connection, conditions: Sequence[sa.ColumnElement[bool]]) -> list[FrozenTrial]:
    """The trials for which any of the conditions holds, in that order, then by id.

    States are read first: a finished trial does not change, so that what is read of it afterwards is complete.
    """
    rows: list[Any] = []
    for condition in conditions:
        rows += connection.execute(_HEADS.where(condition).order_by(TRIALS.c.trial_id)).all()
    trials: list[FrozenTrial] = []
    for start in range(0, len(rows), AT_MOST):
        some = rows[start : start + AT_MOST]
        details: dict[tuple[int, str], list[Any]] = defaultdict(list)
        for row in connection.execute(_DETAILS, {"ids": [row.trial_id for row in some]}):
            details[row.trial_id, row.source].append(row)
        trials += [_trial(row, details) for row in some]
    return trials


_HEADS = sa.select(*(TRIALS.c[n] for n in ("trial_id", "number", "state", "datetime_start", "datetime_complete")))


def _rows_of(table: sa.Table, name: str | None, position: str | None, value: str | None, text: str) -> sa.Select[Any]:
    """The rows of one table in the columns of _DETAILS, some of which it may lack."""
    (key,) = table.primary_key
    return sa.select(
        sa.literal(table.name, sa.String).label("source"),
        table.c.trial_id,
        key.label("id"),
        (sa.cast(sa.null(), sa.String) if name is None else sa.cast(table.c[name], sa.String)).label("name"),
        (sa.cast(sa.null(), sa.Integer) if position is None else table.c[position]).label("position"),
        (sa.cast(sa.null(), sa.Double) if value is None else table.c[value]).label("value"),
        sa.cast(table.c[text], sa.Text).label("text"),
    ).where(table.c.trial_id.in_(sa.bindparam("ids", expanding=True)))


# All tables in one statement, in the order in which their rows were written.
_DETAILS = sa.union_all(
    _rows_of(PARAMS, "param_name", None, "param_value", "distribution_json"),
    _rows_of(VALUES, None, "objective", "value", "value_type"),
    _rows_of(USER_ATTRIBUTES, "key", None, None, "value_json"),
    _rows_of(SYSTEM_ATTRIBUTES, "key", None, None, "value_json"),
    _rows_of(INTERMEDIATE_VALUES, None, "step", "intermediate_value", "intermediate_value_type"),
).order_by("source", "id")


def _trial(row: Any, details: Mapping[tuple[int, str], list[Any]]) -> FrozenTrial:
    def of(table: sa.Table) -> list[Any]:
        return details.get((row.trial_id, table.name), [])

    values = sorted(of(VALUES), key=lambda each: each.position)
    distributions = {each.name: _distribution(each.text) for each in of(PARAMS)}
    return FrozenTrial(
        trial_id=row.trial_id,
        number=row.number,
        state=row.state,
        value=None,
        values=[value_of(each.value, VALUES.c.value_type.type.enum_class[each.text]) for each in values] or None,
        datetime_start=_local(row.datetime_start),
        datetime_complete=_local(row.datetime_complete),
        params={each.name: distributions[each.name].to_external_repr(each.value) for each in of(PARAMS)},
        distributions=distributions,
        user_attrs={each.name: json.loads(each.text) for each in of(USER_ATTRIBUTES)},
        system_attrs={each.name: json.loads(each.text) for each in of(SYSTEM_ATTRIBUTES)},
        intermediate_values={
            each.position: intermediate_value_of(
                each.value, INTERMEDIATE_VALUES.c.intermediate_value_type.type.enum_class[each.text]
            )
            for each in of(INTERMEDIATE_VALUES)
        },
    )


# Trials of a study share their distributions, which nothing changes.
_distribution: Callable[[str], BaseDistribution] = lru_cache(maxsize=10_000)(json_to_distribution)


def _local(time: dt.datetime | None) -> dt.datetime | None:
    """Local time without a zone, as Optuna gives it, of UTC without a zone, as its columns hold it."""
    return None if time is None else time.replace(tzinfo=dt.UTC).astimezone().replace(tzinfo=None)
