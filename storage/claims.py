"""Claims: of several processes that want to do the same thing once, one does it.

A claim is a unique row of our own table. Who made it does the work and keeps the row, or releases it when the work did
not come to its end. Whether another process still lives is for the caller to find out.
"""

import datetime as dt
import hashlib
from contextlib import suppress
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from storage.database import Database
from storage.tables import claims
from storage.workers import is_gone, this_worker


@dataclass(frozen=True)
class Claim:
    """Who took something, and when, in UTC."""

    worker: str
    at: dt.datetime


def claim(database: Database, what: str, worker: str) -> bool:
    """Takes something for a worker; False where it is taken."""
    row = {"key": _key(what), "what": what, "worker": worker, "claimed_at": dt.datetime.now(dt.UTC)}
    with suppress(IntegrityError), database.engine.begin() as connection:
        connection.execute(claims.insert().values(**row))
        return True
    return False


def holder(database: Database, what: str) -> Claim | None:
    """Whose it is; None where it is free."""
    query = sa.select(claims.c.worker, claims.c.claimed_at).where(claims.c.key == _key(what))
    with database.engine.connect() as connection:
        row = connection.execute(query).mappings().first()
    # SQLite gives times back without their zone.
    return None if row is None else Claim(row["worker"], row["claimed_at"].replace(tzinfo=dt.UTC))


def release(database: Database, what: str, worker: str) -> None:
    """Gives something back, if it is still that worker's."""
    with database.engine.begin() as connection:
        connection.execute(claims.delete().where(claims.c.key == _key(what), claims.c.worker == worker))


def _key(what: str) -> str:
    return hashlib.sha256(what.encode()).hexdigest()


@dataclass(frozen=True)
class Once:
    """Whether this process is the one that does something for a study. Without a database there is no other."""

    study: str  # its identity
    database: Database | None = None

    def mine(self, what: str) -> bool:
        """Claims it; what a process claimed that ended before it was done is free again."""
        if self.database is None:
            return True
        name = f"{self.study} {what}"
        if claim(self.database, name, this_worker()):
            return True
        other = holder(self.database, name)
        if other is None or not is_gone(other.worker, other.at):
            return False
        release(self.database, name, other.worker)
        return claim(self.database, name, this_worker())

    def give_back(self, what: str) -> None:
        """Another process may do it, or this one again."""
        if self.database is not None:
            release(self.database, f"{self.study} {what}", this_worker())
