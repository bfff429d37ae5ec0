"""The stored parts of a confirmation: predictions for test images, failures, readings of the test set.

Predictions are stored without labels. Each comparison of predictions with labels is a reading, and its row is never
deleted.
"""

import datetime as dt
import hashlib
import json
from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import numpy.typing as npt
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from storage.database import Database
from storage.tables import confirmation_runs as runs
from storage.tables import test_readings as readings

_UNENDED = (runs.c.predicted.is_(None), runs.c.failure.is_(None))


@dataclass(frozen=True)
class RunKey:
    """Identifies one training of a confirmation. input: the key of a Binarization or of Greyscale."""

    protocol: str  # its fingerprint
    input: str
    seed: int


@dataclass(frozen=True)
class Claim:
    """The worker that runs a training, and since when (UTC)."""

    worker: str
    at: dt.datetime


@dataclass(frozen=True)
class Reading:
    """One reading of a test set. inputs: by key; findings: None when the reading was interrupted."""

    id: int
    data: str
    study: str | None
    study_identity: str | None
    protocol: str
    reader: str
    read_at: dt.datetime
    inputs: dict[str, Any]
    findings: dict[str, Any] | None


def claim(database: Database, key: RunKey, worker: str) -> bool:
    """Assigns a training to a worker; False when it is assigned to another worker or done."""
    try:
        with database.engine.begin() as connection:
            connection.execute(runs.insert().values(**key.__dict__, worker=worker, claimed_at=dt.datetime.now(dt.UTC)))
        return True
    except IntegrityError:
        return False


def release(database: Database, key: RunKey, worker: str) -> None:
    """Releases an unfinished training, if it is still assigned to that worker."""
    with database.engine.begin() as connection:
        connection.execute(runs.delete().where(_is(key), runs.c.worker == worker, *_UNENDED))


def save_predicted(
    database: Database,
    key: RunKey,
    worker: str,
    predicted: npt.NDArray[np.integer],
    seconds: float,
    trained_with: str,
) -> None:
    """Stores the predicted class of each test image, (N,).

    They are stored also if the training was assigned to another worker meanwhile. Of two results the first is kept.
    """
    row = {
        "worker": worker,
        "predicted": np.asarray(predicted, dtype="<u2").tobytes(),
        "seconds": round(seconds, 2),
        "trained_with": trained_with,
        "finished_at": dt.datetime.now(dt.UTC),
        "failure": None,
    }
    with database.engine.begin() as connection:
        saved = connection.execute(runs.update().where(_is(key), runs.c.predicted.is_(None)).values(**row))
    if saved.rowcount == 0:
        with suppress(IntegrityError), database.engine.begin() as connection:
            connection.execute(runs.insert().values(**key.__dict__, **row))


def save_failure(database: Database, key: RunKey, worker: str, why: str) -> None:
    """Records that a training failed. It would fail again, so it is not assigned to a worker any more."""
    row = {"failure": why, "finished_at": dt.datetime.now(dt.UTC)}
    with database.engine.begin() as connection:
        connection.execute(runs.update().where(_is(key), runs.c.worker == worker, *_UNENDED).values(**row))


def load_failures(database: Database, protocol: str) -> dict[RunKey, str]:
    """The failed trainings of a protocol, and why they failed."""
    query = sa.select(runs.c.input, runs.c.seed, runs.c.failure)
    with database.engine.connect() as connection:
        rows = connection.execute(query.where(runs.c.protocol == protocol, runs.c.failure.is_not(None))).all()
    return {RunKey(protocol, row.input, row.seed): row.failure for row in rows}


def load_predicted(database: Database, protocol: str) -> dict[RunKey, npt.NDArray[np.uint16]]:
    """The predictions of the finished trainings of a protocol: (N,) each."""
    query = sa.select(runs).where(runs.c.protocol == protocol, runs.c.predicted.is_not(None))
    with database.engine.connect() as connection:
        rows = connection.execute(query).mappings().all()
    return {RunKey(protocol, r["input"], r["seed"]): np.frombuffer(r["predicted"], dtype="<u2") for r in rows}


def trained_with(database: Database, keys: Collection[RunKey]) -> list[str]:
    """The versions and devices of some trainings, each once, sorted."""
    wanted = set(keys)
    protocols = {key.protocol for key in wanted}
    query = sa.select(runs.c.protocol, runs.c.input, runs.c.seed, runs.c.trained_with)
    with database.engine.connect() as connection:
        rows = connection.execute(query.where(runs.c.protocol.in_(protocols))).all()
    return sorted({row.trained_with or "unknown" for row in rows if RunKey(*row[:3]) in wanted})


def claimed(database: Database, protocol: str) -> dict[RunKey, Claim]:
    """The unfinished trainings of a protocol, and their workers."""
    query = sa.select(runs.c.input, runs.c.seed, runs.c.worker, runs.c.claimed_at).where(
        runs.c.protocol == protocol, *_UNENDED
    )
    with database.engine.connect() as connection:
        rows = connection.execute(query).mappings().all()
    return {RunKey(protocol, r["input"], r["seed"]): Claim(r["worker"], _utc(r["claimed_at"])) for r in rows}


def begin_reading(
    database: Database,
    data: str,
    study: str | None,
    study_identity: str | None,
    protocol: str,
    reader: str,
    inputs: dict[str, Any],
) -> Reading:
    """Records a reading before any label is used, or returns the existing record of an equal one.

    Two processes that begin the same reading at once share one row.
    """
    what = {"data": data, "study": study, "study_identity": study_identity, "protocol": protocol, "inputs": inputs}
    key = hashlib.sha256(json.dumps(what, sort_keys=True).encode()).hexdigest()
    with suppress(IntegrityError), database.engine.begin() as connection:
        connection.execute(readings.insert().values(**what, key=key, reader=reader, read_at=dt.datetime.now(dt.UTC)))
    with database.engine.connect() as connection:
        return _reading(connection.execute(sa.select(readings).where(readings.c.key == key)).mappings().one())


def end_reading(database: Database, id: int, findings: dict[str, Any]) -> None:
    """Stores the findings of a reading."""
    with database.engine.begin() as connection:
        connection.execute(readings.update().where(readings.c.id == id).values(findings=findings))


def load_readings(database: Database, data: str) -> list[Reading]:
    """All readings of one test set, the oldest first. data: its fingerprint."""
    query = sa.select(readings).where(readings.c.data == data).order_by(readings.c.id)
    with database.engine.connect() as connection:
        return [_reading(row) for row in connection.execute(query).mappings()]


def strongest_findings(database: Database, study: str, identity: str | None) -> dict[str, Any] | None:
    """The findings of a study's strongest reading: that of the largest budget, then of the most trainings, then the
    latest. A quick reading after a thorough one does not replace it.

    identity: of the study, because a study of the same name may have been deleted.
    """
    query = sa.select(readings).where(readings.c.study == study, readings.c.study_identity == identity)
    with database.engine.connect() as connection:
        found = [_reading(row) for row in connection.execute(query).mappings()]
    best = max((reading for reading in found if reading.findings is not None), key=_strength, default=None)
    return None if best is None else best.findings


def _strength(reading: Reading) -> tuple[float, int, int]:
    assert reading.findings is not None
    protocol = reading.findings["circumstances"]["protocol"]
    variants = protocol["variants"] or float("inf")
    trainings = sum(len(each["seeds"]) for each in reading.inputs.values())
    return variants * protocol["recipe"]["epochs"], trainings, reading.id


def _reading(row: sa.RowMapping) -> Reading:
    return Reading(**{field.name: row[field.name] for field in fields(Reading)})


def _utc(time: dt.datetime) -> dt.datetime:
    """SQLite gives times back without their zone."""
    return time.replace(tzinfo=dt.UTC) if time.tzinfo is None else time


def _is(key: RunKey) -> sa.ColumnElement[bool]:
    return sa.and_(runs.c.protocol == key.protocol, runs.c.input == key.input, runs.c.seed == key.seed)
