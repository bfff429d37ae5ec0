"""What a confirmation leaves in the database: predictions of test pictures, and readings of the test set.

Enters: plain values and arrays. Leaves: rows of our own tables. A prediction is stored without looking at labels;
labels and predictions meet in a reading, and each reading is a row that nothing here deletes.
"""

import datetime as dt
from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from storage.database import Database
from storage.tables import confirmation_runs as runs
from storage.tables import test_readings as readings


@dataclass(frozen=True)
class RunKey:
    """One training of a confirmation: protocol fingerprint, input, seed."""

    protocol: str
    input: str
    seed: int


@dataclass(frozen=True)
class Claim:
    """Who trains something, and since when."""

    worker: str
    at: dt.datetime


@dataclass(frozen=True)
class Reading:
    """One reading of a test set. inputs: what was read; findings: what came out, None when it was broken off."""

    id: int
    data: str
    study: str | None
    protocol: str
    reader: str
    read_at: dt.datetime
    inputs: dict[str, Any]
    findings: dict[str, Any] | None


def claim(database: Database, key: RunKey, worker: str) -> bool:
    """Takes a training for a worker; False when it is another's or done."""
    try:
        with database.engine.begin() as connection:
            connection.execute(runs.insert().values(**key.__dict__, worker=worker, claimed_at=dt.datetime.now(dt.UTC)))
        return True
    except IntegrityError:
        return False


def release(database: Database, key: RunKey, worker: str) -> None:
    """Gives a training that did not finish back, if it is still that worker's."""
    with database.engine.begin() as connection:
        connection.execute(runs.delete().where(_is(key), runs.c.worker == worker, runs.c.predicted.is_(None)))


def save_predicted(
    database: Database,
    key: RunKey,
    worker: str,
    predicted: npt.NDArray[np.integer],
    seconds: float,
    trained_with: str,
) -> None:
    """Ends a worker's training: the predicted class of each test picture, (N,).

    It is kept also if the claim was given to another meanwhile; of two that finish, the first is kept.
    """
    row = {
        "worker": worker,
        "predicted": np.asarray(predicted, dtype="<u2").tobytes(),
        "seconds": round(seconds, 2),
        "trained_with": trained_with,
        "finished_at": dt.datetime.now(dt.UTC),
    }
    with database.engine.begin() as connection:
        saved = connection.execute(runs.update().where(_is(key), runs.c.predicted.is_(None)).values(**row))
    if saved.rowcount == 0:
        with suppress(IntegrityError), database.engine.begin() as connection:
            connection.execute(runs.insert().values(**key.__dict__, **row))


def load_predicted(database: Database, protocol: str) -> dict[RunKey, npt.NDArray[np.uint16]]:
    """The predictions of the trainings that are done under a protocol: (N,) each."""
    query = sa.select(runs).where(runs.c.protocol == protocol, runs.c.predicted.is_not(None))
    with database.engine.connect() as connection:
        rows = connection.execute(query).mappings().all()
    return {RunKey(protocol, r["input"], r["seed"]): np.frombuffer(r["predicted"], dtype="<u2") for r in rows}


def trained_with(database: Database, keys: Collection[RunKey]) -> list[str]:
    """With what some trainings were done, each once, in order."""
    wanted = set(keys)
    protocols = {key.protocol for key in wanted}
    query = sa.select(runs.c.protocol, runs.c.input, runs.c.seed, runs.c.trained_with)
    with database.engine.connect() as connection:
        rows = connection.execute(query.where(runs.c.protocol.in_(protocols))).all()
    return sorted({row.trained_with or "unknown" for row in rows if RunKey(*row[:3]) in wanted})


def claimed(database: Database, protocol: str) -> dict[RunKey, Claim]:
    """The trainings under a protocol that are not done, and whose they are."""
    query = sa.select(runs.c.input, runs.c.seed, runs.c.worker, runs.c.claimed_at).where(
        runs.c.protocol == protocol, runs.c.predicted.is_(None)
    )
    with database.engine.connect() as connection:
        rows = connection.execute(query).mappings().all()
    return {RunKey(protocol, r["input"], r["seed"]): Claim(r["worker"], _utc(r["claimed_at"])) for r in rows}


def begin_reading(
    database: Database, data: str, study: str | None, protocol: str, reader: str, inputs: dict[str, Any]
) -> int:
    """Records a reading before any label is looked at; returns its id."""
    row = {"data": data, "study": study, "protocol": protocol, "reader": reader, "inputs": inputs}
    with database.engine.begin() as connection:
        made = connection.execute(readings.insert().values(**row, read_at=dt.datetime.now(dt.UTC)))
        assert made.inserted_primary_key is not None
        return int(made.inserted_primary_key[0])


def end_reading(database: Database, id: int, findings: dict[str, Any]) -> None:
    """Keeps what a reading found."""
    with database.engine.begin() as connection:
        connection.execute(readings.update().where(readings.c.id == id).values(findings=findings))


def load_readings(database: Database, data: str) -> list[Reading]:
    """All readings of one test set, the oldest first."""
    query = sa.select(readings).where(readings.c.data == data).order_by(readings.c.id)
    with database.engine.connect() as connection:
        return [Reading(**row) for row in connection.execute(query).mappings()]


def newest_findings(database: Database, study: str, data: str) -> dict[str, Any] | None:
    """What the newest reading for a study of that data found. data: how the test set's fingerprint begins."""
    query = (
        sa.select(readings.c.findings)
        .where(readings.c.study == study, readings.c.data.startswith(data, autoescape=True))
        .order_by(readings.c.id.desc())
    )
    with database.engine.connect() as connection:
        return next((found for found in connection.execute(query).scalars() if found is not None), None)


def _utc(time: dt.datetime) -> dt.datetime:
    """SQLite gives times back without their zone."""
    return time.replace(tzinfo=dt.UTC) if time.tzinfo is None else time


def _is(key: RunKey) -> sa.ColumnElement[bool]:
    return sa.and_(runs.c.protocol == key.protocol, runs.c.input == key.input, runs.c.seed == key.seed)
