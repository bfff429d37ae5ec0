"""Claims: if several processes want to do the same work, exactly one does it.

A claim is a unique row of a table. The process that inserts it does the work and keeps the row, or deletes it if the
work was not completed. The caller finds out whether the process of a claim is still alive.
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
    """The worker that holds a claim, and the time of the claim in UTC."""

    worker: str
    at: dt.datetime


def claim(database: Database, what: str, worker: str) -> bool:
    """Claim something for a worker; return False if it is already claimed."""
    row = {"key": _key(what), "what": what, "worker": worker, "claimed_at": dt.datetime.now(dt.UTC)}
    with suppress(IntegrityError), database.engine.begin() as connection:
        connection.execute(claims.insert().values(**row))
        return True
    return False


def holder(database: Database, what: str) -> Claim | None:
    """Return the claim of something, or None."""
    query = sa.select(claims.c.worker, claims.c.claimed_at).where(claims.c.key == _key(what))
    with database.engine.connect() as connection:
        row = connection.execute(query).mappings().first()
    # SQLite gives times back without their zone.
    return None if row is None else Claim(row["worker"], row["claimed_at"].replace(tzinfo=dt.UTC))


def release(database: Database, what: str, worker: str) -> None:
    """Release a claim, if that worker still holds it."""
    with database.engine.begin() as connection:
        connection.execute(claims.delete().where(claims.c.key == _key(what), claims.c.worker == worker))


def _key(what: str) -> str:
    return hashlib.sha256(what.encode()).hexdigest()


@dataclass(frozen=True)
class Once:
    """Work that exactly one process does for a study. Without a database, this process does everything."""

    study: str  # its identity
    database: Database | None = None

    def mine(self, what: str) -> bool:
        """Claim it, also from a process that ended; return whether this process has the claim now."""
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
        """Release the claim, so that another process, or this one again, can do the work."""
        if self.database is not None:
            release(self.database, f"{self.study} {what}", this_worker())
