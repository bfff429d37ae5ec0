"""Reads trials of Optuna's tables: two statements for any number of trials up to AT_MOST.

The FrozenTrials are equal to those that Optuna's RDBStorage returns.
"""

import datetime as dt
import json
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any

import sqlalchemy as sa
from optuna.distributions import BaseDistribution, json_to_distribution
from optuna.trial import FrozenTrial, TrialState

from storage.optuna_private import (
    INTERMEDIATE_VALUES,
    PARAMS,
    SYSTEM_ATTRIBUTES,
    TRIALS,
    USER_ATTRIBUTES,
    VALUES,
    intermediate_value_of,
    value_of,
)

AT_MOST = 150  # trials of one statement, which names each five times; SQLite before 3.32 allows 999 parameters


def local_time(time: dt.datetime | None) -> dt.datetime | None:
    """Local time without a zone, as Optuna gives it, of UTC without a zone, as its columns hold it."""
    return None if time is None else time.replace(tzinfo=dt.UTC).astimezone().replace(tzinfo=None)


def read_trials(connection: sa.Connection, conditions: Sequence[sa.ColumnElement[bool]]) -> list[FrozenTrial]:
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


def read_states(
    connection: sa.Connection, study_id: int, ids: Sequence[int], greater_than: int
) -> list[tuple[int, TrialState]]:
    """Return id and state of a study's trials that have one of the ids or a greater one than the last argument."""
    rows = connection.execute(_STATES, {"study": study_id, "ids": ids, "after": greater_than})
    return [(row.trial_id, row.state) for row in rows]


_STATES = sa.select(TRIALS.c.trial_id, TRIALS.c.state).where(
    TRIALS.c.study_id == sa.bindparam("study"),
    sa.or_(TRIALS.c.trial_id.in_(sa.bindparam("ids", expanding=True)), TRIALS.c.trial_id > sa.bindparam("after")),
)
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
        datetime_start=local_time(row.datetime_start),
        datetime_complete=local_time(row.datetime_complete),
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
