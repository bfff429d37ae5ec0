"""Opening the database."""

import datetime as dt
import os
import subprocess
import sys
from importlib.resources import files

import optuna
import pytest
import sqlalchemy as sa
from alembic import command as alembic_command
from alembic.config import Config

from storage.confirmations import claimed
from storage.database import StorageUnavailable, UnknownStudy, open_database, upgrade_own_tables
from storage.tables import metadata


def test_our_tables_lie_beside_optunas_in_wal_mode(tmp_path):
    database = open_database(f"sqlite:///{tmp_path}/a.db")
    tables = set(sa.inspect(database.engine).get_table_names())
    assert {"studies", "trials", "alembic_version", "cutpoints_version", *metadata.tables} <= tables
    with database.engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
        assert connection.exec_driver_sql("PRAGMA busy_timeout").scalar() == 60_000


def test_the_migrations_make_exactly_the_tables_that_the_code_describes(tmp_path):
    from alembic.autogenerate import compare_metadata
    from alembic.runtime.migration import MigrationContext

    engine = open_database(f"sqlite:///{tmp_path}/a.db").engine
    with engine.connect() as connection:
        options = {"include_name": lambda name, kind, _: kind != "table" or str(name) in metadata.tables}
        assert compare_metadata(MigrationContext.configure(connection, opts=options), metadata) == []


def test_what_an_earlier_version_claimed_counts_from_the_upgrade_on(tmp_path):
    engine = open_database(f"sqlite:///{tmp_path}/a.db").engine
    config = Config()
    config.set_main_option("script_location", str(files("storage") / "migrations"))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        alembic_command.downgrade(config, "0002")
        connection.exec_driver_sql(
            "INSERT INTO cutpoints_confirmation_runs (protocol, input, seed, worker) VALUES ('p', 'i', 1, 'w')"
        )
    (claim,) = claimed(open_database(f"sqlite:///{tmp_path}/a.db"), "p").values()
    assert abs((dt.datetime.now(dt.UTC) - claim.at).total_seconds()) < 60


def test_opening_again_changes_nothing(tmp_path):
    url = f"sqlite:///{tmp_path}/a.db"
    first = open_database(url)
    optuna.create_study(storage=first.storage, study_name="kept")
    again = open_database(url, create=False)
    upgrade_own_tables(again.storage)
    assert again.study_names() == ["kept"]


def test_a_database_that_plain_optuna_made_gets_our_tables(tmp_path):
    url = f"sqlite:///{tmp_path}/a.db"
    optuna.create_study(storage=url, study_name="theirs")
    assert open_database(url).study_names() == ["theirs"]


def test_many_processes_may_open_a_new_database_at_once(tmp_path):
    script = f"from storage.database import open_database; open_database('sqlite:///{tmp_path}/a.db')"
    started = [subprocess.Popen([sys.executable, "-c", script], stderr=subprocess.PIPE) for _ in range(4)]
    ended = [(process.communicate()[1].decode(), process.returncode) for process in started]
    assert [code for _, code in ended] == [0] * 4, ended


def test_unusable_places_are_named(tmp_path):
    (tmp_path / "text.db").write_text("this is no database, and long enough to be read as one" * 40)
    for url, said in (
        (f"sqlite:///{tmp_path}/nowhere/a.db", "there is no folder"),
        (f"sqlite:///{tmp_path}/text.db", "file is not a database"),
        (f"sqlite:///{tmp_path}", "unable to open"),
        ("sqlite://", "needs a file"),
        ("studies.db", "not the URL"),
        ("oracle9://x", "not the URL"),
    ):
        with pytest.raises(StorageUnavailable, match=said):
            open_database(url)


def test_tables_of_a_later_version_are_named(tmp_path):
    url = f"sqlite:///{tmp_path}/a.db"
    with open_database(url).engine.begin() as connection:
        connection.exec_driver_sql("UPDATE cutpoints_version SET version_num = '9999'")
    with pytest.raises(StorageUnavailable, match=r"a\.db: its tables are of a later version"):
        open_database(url)


def test_a_command_that_only_reads_makes_no_file(tmp_path):
    with pytest.raises(StorageUnavailable, match="there is no file"):
        open_database(f"sqlite:///{tmp_path}/a.db", create=False)
    assert not (tmp_path / "a.db").exists()


@pytest.mark.skipif(sys.platform != "linux", reason="/proc is where not even root may write")
def test_a_place_where_no_file_can_be_made_is_named():
    with pytest.raises(StorageUnavailable, match="unable to open"):
        open_database("sqlite:////proc/a.db")


def test_a_password_is_never_shown():
    with pytest.raises(StorageUnavailable) as caught:
        open_database("postgresql+psycopg2://me:secret@127.0.0.1:9/x")
    assert "secret" not in str(caught.value)


def test_the_newest_study_is_taken_where_none_is_named(tmp_path):
    database = open_database(f"sqlite:///{tmp_path}/a.db")
    with pytest.raises(UnknownStudy, match="holds no study"):
        database.load_study(None)
    for name in ("b", "a"):
        optuna.create_study(storage=database.storage, study_name=name)
    assert database.load_study(None).study_name == "a"
    assert database.load_study("b").study_name == "b"
    with pytest.raises(UnknownStudy, match=r"no study 'c' in .*; it holds b, a"):
        database.load_study("c")


@pytest.mark.parametrize("zone", ["Asia/Tokyo", "UTC", "America/Los_Angeles"])
def test_a_trial_lasts_as_long_in_every_time_zone(tmp_path, zone):
    """Optuna's columns are in UTC: one that a worker begins and another statement ends must not be hours apart."""
    script = f"""
import datetime as dt, optuna
from optuna.trial import TrialState
from storage.database import open_database
study = optuna.create_study(storage=open_database("sqlite:///{tmp_path}/a.db").storage)
study.enqueue_trial({{}})
for how in (TrialState.COMPLETE, TrialState.FAIL, TrialState.COMPLETE):
    trial = study.ask()
    (running,) = study.get_trials(states=(TrialState.RUNNING,))
    assert abs((dt.datetime.now() - running.datetime_start).total_seconds()) < 60, running.datetime_start
    study.tell(trial, 1.0 if how is TrialState.COMPLETE else None, state=how)
for trial in study.trials:
    assert 0 <= trial.duration.total_seconds() < 60, trial
    assert abs((dt.datetime.now() - trial.datetime_complete).total_seconds()) < 60
"""
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, env={**os.environ, "TZ": zone}
    )
    assert done.returncode == 0, done.stderr
