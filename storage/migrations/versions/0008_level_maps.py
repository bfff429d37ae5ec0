"""The encoding `local` becomes the level map `rank` with a thermometer.

Converts the inputs of confirmation runs and readings, the findings of readings, and the attributes of trials. Optuna's
parameters of these trials stay as they are.
"""

import hashlib
import json
from collections.abc import Callable, Mapping
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"

LOCAL, THERMOMETER = "local", "thermometer"
COLORS = ("r", "g", "b")


def upgrade() -> None:
    connection = op.get_bind()
    _convert(connection, "cutpoints_confirmation_runs", "id", "input", key_of)
    where = {"key": "reference_binarization"}
    _convert(connection, "trial_user_attributes", "trial_user_attribute_id", "value_json", _attribute, where)
    _convert_trials(connection)
    _convert_readings(connection)


def downgrade() -> None:
    """Changes no table; rank has no meaning for earlier versions. Raises: ValueError where there are level maps."""
    table = sa.table("trial_user_attributes", sa.column("key"))
    if op.get_bind().execute(sa.select(table.c.key).where(table.c.key == "levels").limit(1)).first():
        raise ValueError("there are trials with level maps, which earlier versions cannot read")


def _convert(
    connection: sa.Connection,
    name: str,
    primary: str,
    column: str,
    convert: Callable[[str], str],
    where: Mapping[str, str] | None = None,
) -> None:
    """Replaces a column's texts by their conversion where they name the encoding."""
    table = sa.table(name, sa.column(primary), sa.column(column), *map(sa.column, where or {}))
    selected = [table.c[key] == value for key, value in (where or {}).items()]
    selected.append(table.c[column].like(f"%{LOCAL}%"))
    for row in connection.execute(sa.select(table.c[primary], table.c[column]).where(*selected)).all():
        connection.execute(table.update().where(table.c[primary] == row[0]).values({column: convert(row[1])}))


def _attribute(text: str) -> str:
    """The JSON of an attribute that holds the key of a binarization."""
    return json.dumps(key_of(json.loads(text)))


def _convert_trials(connection: sa.Connection) -> None:
    """The attribute `encoding` of trials, to which `levels` is added."""
    table = sa.table("trial_user_attributes", *map(sa.column, ("trial_id", "key", "value_json")))
    of_local = sa.select(table.c.trial_id).where(table.c.key == "encoding", table.c.value_json == json.dumps(LOCAL))
    trials = connection.execute(of_local).scalars().all()
    for trial in trials:
        of_trial = table.c.trial_id == trial
        found = connection.execute(sa.select(table.c.value_json).where(of_trial, table.c.key == "cut_points")).scalar()
        if found is None:
            continue
        record = record_of({"encoding": LOCAL, "cut_points": json.loads(found)})
        connection.execute(
            table.update().where(of_trial, table.c.key == "encoding").values(value_json=json.dumps(record["encoding"]))
        )
        connection.execute(table.insert().values(trial_id=trial, key="levels", value_json=json.dumps(record["levels"])))


def _convert_readings(connection: sa.Connection) -> None:
    plain = ("id", "data", "study", "study_identity", "protocol", "key")
    table = sa.table(
        "cutpoints_test_readings",
        *map(sa.column, plain),
        sa.column("inputs", sa.JSON(none_as_null=True)),
        sa.column("findings", sa.JSON(none_as_null=True)),
    )
    for row in connection.execute(sa.select(table)).mappings().all():
        if LOCAL not in json.dumps([row["inputs"], row["findings"]]):
            continue
        inputs = {key_of(key): each for key, each in (row["inputs"] or {}).items()}
        what = {name: row[name] for name in ("data", "study", "study_identity", "protocol")} | {"inputs": inputs}
        key = row["key"] and hashlib.sha256(json.dumps(what, sort_keys=True).encode()).hexdigest()
        changed = {"inputs": inputs, "findings": _everywhere(row["findings"]), "key": key}
        connection.execute(table.update().where(table.c.id == row["id"]).values(changed))


def _everywhere(value: Any) -> Any:
    """A value in which each record of a binarization is converted."""
    if isinstance(value, list):
        return [_everywhere(each) for each in value]
    if isinstance(value, dict):
        return record_of({key: _everywhere(each) for key, each in value.items()})
    return value


def key_of(text: str) -> str:
    """The key of a binarization; text that is not one stays as it is."""
    try:
        return json.dumps(record_of(json.loads(text)), sort_keys=True, separators=(",", ":"))
    except (AttributeError, ValueError):
        return text


def record_of(record: dict[str, Any]) -> dict[str, Any]:
    """The record of a binarization, converted; others stay as they are."""
    if record.get("encoding") != LOCAL or "cut_points" not in record:
        return record
    rank = {"map": "rank"}
    colored = any(isinstance(each, list) for each in record["cut_points"])
    return record | {"encoding": THERMOMETER, "levels": dict.fromkeys(COLORS, rank) if colored else rank}
