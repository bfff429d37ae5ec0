"""Opens the database: Optuna's storage and the project's own tables.

Takes a database URL. Returns a Database. Messages show the URL without its password.
"""

import logging
import os
import time
from dataclasses import dataclass
from importlib.resources import files
from itertools import count
from pathlib import Path

import optuna
import sqlalchemy as sa
from alembic import command as alembic_command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from optuna.storages import RDBStorage
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import (
    ArgumentError,
    IntegrityError,
    NoSuchModuleError,
    OperationalError,
    ProgrammingError,
    SQLAlchemyError,
)

from storage.attributes import check_version
from storage.one_owner import OneOwnerStorage
from storage.optuna_private import age
from storage.secrets import shown_url, without_secrets

DEFAULT_STORAGE = "sqlite:///studies.db"
VERSION_TABLE = "cutpoints_version"  # Optuna uses Alembic's default name in the same database
FIRST_START_ATTEMPTS = 4
BUSY_SECONDS = 60  # how long a writer waits for SQLite's lock


class StorageUnavailable(Exception):
    """The database cannot be reached, opened or written to."""


class UnknownStudy(Exception):
    """No study of that name, or none at all."""


@dataclass(frozen=True)
class Database:
    """An open database: `storage` for studies and trials, `engine` for our own tables."""

    storage: RDBStorage
    engine: sa.Engine
    shown_url: str

    def study_names(self) -> list[str]:
        """Return the names of all studies, the oldest first."""
        studies = sorted(self.storage.get_all_studies(), key=age)
        return [study.study_name for study in studies]

    def load_study(self, name: str | None) -> optuna.Study:
        """Return the study of that name, or the newest one without a name. Raises: UnknownStudy."""
        names = self.study_names()
        if not names:
            raise UnknownStudy(f"{self.shown_url} holds no study; make one with python -m search.study")
        if name is not None and name not in names:
            raise UnknownStudy(f"no study {name!r} in {self.shown_url}; it holds {', '.join(names)}")
        return optuna.load_study(study_name=name or names[-1], storage=self.storage)


def default_storage() -> str:
    """The URL in $OPTUNA_STORAGE, otherwise studies.db in the current folder."""
    return os.environ.get("OPTUNA_STORAGE") or DEFAULT_STORAGE


def open_database(url: str, create: bool = True) -> Database:
    """Open a database and upgrade the project's own tables.

    create: whether to create an SQLite file that does not exist.
    Raises: StorageUnavailable; EarlierVersion, before a change that an earlier version could not read.
    """
    logging.getLogger("alembic").setLevel(logging.WARNING)
    parsed = _parse(url)
    shown = shown_url(parsed)
    try:
        if parsed.get_backend_name() == "sqlite":
            _check_sqlite_file(parsed, shown, create)
    except OSError as error:
        raise StorageUnavailable(f"{shown[:200]}: {error.strerror}") from error
    try:
        arguments = {"timeout": BUSY_SECONDS} if parsed.get_backend_name() == "sqlite" else {}
        storage = _optuna_storage(url, arguments)
        if create and parsed.get_backend_name() == "sqlite":
            _write_ahead(storage.engine)
        upgrade_own_tables(storage)
        return Database(storage, storage.engine, shown)
    except CommandError as error:
        raise StorageUnavailable(
            f"{shown}: its tables are of a later version; open it with that version, or name another with --storage"
        ) from error
    except (SQLAlchemyError, ImportError, RuntimeError, OSError) as error:
        raise StorageUnavailable(f"{shown}: {without_secrets(_reason(error), url)}") from error


def _optuna_storage(url: str, arguments: dict[str, int]) -> OneOwnerStorage:
    """Return Optuna's storage. It creates tables without a lock, so processes that start at once may have to retry."""
    for attempt in count(1):
        try:
            return OneOwnerStorage(url, engine_kwargs={"connect_args": arguments})
        except (OperationalError, ProgrammingError, IntegrityError, AssertionError):
            if attempt == FIRST_START_ATTEMPTS:
                raise
            time.sleep(0.2 * attempt)
    raise AssertionError("count never ends")


def upgrade_own_tables(storage: RDBStorage) -> None:
    """Run the missing migrations, in one transaction with their record.

    Raises: EarlierVersion, without any change, if the database holds studies of an earlier version.
    """
    engine, config = storage.engine, Config()
    config.set_main_option("script_location", str(files("storage") / "migrations"))
    with engine.connect() as connection:
        revision = MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE}).get_current_revision()
    if revision == ScriptDirectory.from_config(config).get_current_head():
        return
    if revision is not None:
        for study in storage.get_all_studies():
            check_version(study.study_name, study.user_attrs)
    with engine.begin() as connection:
        if engine.dialect.name == "sqlite":
            # The write lock first: a second process waits here and then finds the work done.
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        config.attributes["connection"] = connection
        alembic_command.upgrade(config, "head")


def _parse(url: str) -> URL:
    try:
        parsed = make_url(url)
        parsed.get_dialect()
        return parsed
    except (ArgumentError, NoSuchModuleError, ValueError):
        raise StorageUnavailable(
            "--storage is not the URL of a known kind of database; write for instance sqlite:///studies.db"
        ) from None  # its message may hold a part of the URL, and no one knows which part is a password


def _check_sqlite_file(url: URL, shown: str, create: bool) -> None:
    if url.database in (None, "", ":memory:"):
        raise StorageUnavailable(f"{shown}: an SQLite database needs a file, for instance sqlite:///studies.db")
    path = Path(str(url.database))
    if not path.parent.is_dir():
        raise StorageUnavailable(f"{shown}: there is no folder {path.parent}")
    if not create and not path.is_file():
        raise StorageUnavailable(f"{shown}: there is no file {path}; name the database with --storage")


def _write_ahead(engine: sa.Engine) -> None:
    # Readers, optuna-dashboard among them, then do not block the writer. The file remembers it.
    with engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA journal_mode=WAL")


def _reason(error: BaseException) -> str:
    """Return the message of the driver, without SQLAlchemy's statement and link."""
    original = getattr(error, "orig", None) or error
    return str(original).strip().splitlines()[0] if str(original).strip() else type(original).__name__
