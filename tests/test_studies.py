"""The list of studies of a database."""

import numpy as np
import optuna
import pytest

from search.config import StudyConfig
from search.studies import main
from search.study import run_study
from storage.database import open_database
from tests.conftest import in_folder, toy_pictures
from tests.formula import make_formula

URL = "sqlite:///studies.db"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A database with two studies of this project, and one that Optuna made between them."""
    made = tmp_path_factory.mktemp("studies")
    part = toy_pictures().train
    np.savez(made / "toy.npz", images=part.images, labels=part.labels)
    with in_folder(made):
        run_study(StudyConfig(data="toy.npz", trials=3, study_name="first"), URL, make_formula)
        optuna.create_study(study_name="other\x1b[31m", storage=URL)
        more = StudyConfig(data="toy.npz", trials=2, variants=0, epochs=1, study_name="last", width=8)
        run_study(more, URL, make_formula)
    return made


def test_each_study_is_a_row_and_the_oldest_is_the_first(folder, capsys, monkeypatch):
    monkeypatch.chdir(folder)
    assert main(["--format", "markdown"]) == 0
    head, _, first, other, last = [line.strip("| ").split(" | ") for line in capsys.readouterr().out.splitlines()]
    assert head == ["started", "trials", "data", "budget", "study"]
    assert first[1:] == ["3", "toy", "6 variants, 6 epochs, width 24", "first"]
    assert last[1:] == ["2", "toy", "all variants, 1 epoch, width 8", "last"]
    assert other[-1] == r"other\x1b[31m"
    assert first[0] == f"{optuna.load_study(study_name='first', storage=URL).trials[0].datetime_start:%Y-%m-%d %H:%M}"


def test_the_table_for_a_terminal_ends_with_names_that_can_be_copied(folder, capsys, monkeypatch):
    monkeypatch.chdir(folder)
    assert main([]) == 0
    assert [line.split()[-1] for line in capsys.readouterr().out.splitlines()] == [
        "study",
        "first",
        r"other\x1b[31m",
        "last",
    ]


def test_a_database_without_a_study_ends_with_exit_code_3(capsys):
    open_database(URL)
    assert main([]) == 3
    out, err = capsys.readouterr()
    assert out == ""
    assert err == "error: sqlite:///studies.db holds no study; make one with python -m search.study\n"


def test_a_database_that_does_not_exist_is_not_created(tmp_path, capsys):
    assert main([]) == 5
    assert "there is no file studies.db" in capsys.readouterr().err
    assert not (tmp_path / "studies.db").exists()
