"""Trained supernets: weights, scored candidates and cost. Studies of one protocol and search space share them.

A supernet is trained by the process that claims it (storage/claims.py) and never changes afterwards; its scores are
added once.
"""

import datetime as dt
import hashlib
import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass

import sqlalchemy as sa

from storage.database import Database
from storage.records import insert_once
from storage.tables import supernets


@dataclass(frozen=True, eq=False)
class SupernetRecord:
    """A trained supernet.

    protocol: its fingerprint. what: canonical JSON of the search space and the arithmetic. weights: as saved by
    models.supernet; empty if the training diverged. seconds: training time. trained_with: versions and device.
    scores: the candidates found with it, by the key of the binarization; None until they are known. scoring_seconds:
    what finding them took.
    """

    protocol: str
    what: str
    weights: bytes
    seconds: float
    trained_with: str
    scores: Mapping[str, float] | None = None
    scoring_seconds: float | None = None

    @property
    def key(self) -> str:
        """64 hexadecimal digits."""
        return key_of(self.protocol, self.what)


def key_of(protocol: str, what: str) -> str:
    """The primary key of a supernet: SHA-256 of protocol and search space."""
    return hashlib.sha256(f"{protocol} {what}".encode()).hexdigest()


def save_supernet(database: Database, record: SupernetRecord) -> None:
    """Store a trained supernet without scores. If two workers trained the same one, the first one is stored."""
    names = ("key", "protocol", "what", "weights", "seconds", "trained_with")
    row = {name: getattr(record, name) for name in names} | {"finished_at": dt.datetime.now(dt.UTC)}
    insert_once(database, supernets, row)


def save_supernet_scores(
    database: Database, protocol: str, what: str, scores: Mapping[str, float], seconds: float
) -> None:
    """Store the candidates that were found with a supernet, with their scores, unless it has some already."""
    text = json.dumps(dict(scores), separators=(",", ":"))
    with database.engine.begin() as connection:
        connection.execute(
            supernets.update()
            .where(supernets.c.key == key_of(protocol, what), supernets.c.scores.is_(None))
            .values(scores=zlib.compress(text.encode()), scoring_seconds=seconds)
        )


def load_supernet(database: Database, protocol: str, what: str) -> SupernetRecord | None:
    """Return the supernet of a protocol and a search space, or None."""
    query = sa.select(supernets).where(supernets.c.key == key_of(protocol, what))
    with database.engine.connect() as connection:
        row = connection.execute(query).mappings().first()
    if row is None:
        return None
    scores = None if row["scores"] is None else json.loads(zlib.decompress(row["scores"]))
    names = ("protocol", "what", "weights", "seconds", "trained_with", "scoring_seconds")
    return SupernetRecord(**{name: row[name] for name in names}, scores=scores)
