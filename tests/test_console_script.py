"""The console script `cutpoints`, and what it shares with `python -m`."""

import subprocess
import sys
import tomllib
from importlib import import_module
from importlib.metadata import EntryPoint, version
from pathlib import Path

import pytest

from search.__main__ import console_script, main
from search.commands import COMMANDS

ROOT = Path(__file__).parent.parent


@pytest.fixture(autouse=True)
def _own_path(monkeypatch):
    """Commands put the current folder on the import path."""
    monkeypatch.setattr(sys, "path", list(sys.path))


def installed(folder: Path, *lines: str) -> subprocess.CompletedProcess[str]:
    """Runs Python code as pip's script does: the import path has the script's folder, not the current one."""
    script = folder / "bin" / "script.py"
    script.parent.mkdir()
    script.write_text("\n".join([f"import sys; sys.path.append({str(ROOT)!r})", *lines]))
    return subprocess.run([sys.executable, script], cwd=folder, capture_output=True, text=True, timeout=300)


def test_the_project_installs_the_script():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    entry = EntryPoint("cutpoints", project["scripts"]["cutpoints"], "console_scripts")
    assert entry.load() is console_script


def test_help_lists_the_commands(capsys):
    assert main(["--help"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("usage: cutpoints COMMAND [options]\n")
    for command in COMMANDS:
        assert f"  {command.name} " in out
        assert command.summary in out


def test_without_a_command_the_list_is_an_error(capsys):
    assert main([]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("usage: cutpoints COMMAND")


def test_version(capsys):
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"cutpoints {version('cutpoints')}\n"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["studdy"], "error: there is no command 'studdy'; did you mean study? (see cutpoints --help)\n"),
        (["train", "--trials", "1"], "error: there is no command 'train' (see cutpoints --help)\n"),
        (["--trials=1"], "error: expected a command before the flag --trials (see cutpoints --help)\n"),
        (
            ["postgresql://me:hunter2@host/x"],
            "error: there is no command 'postgresql://me:***@host/x' (see cutpoints --help)\n",
        ),
    ],
)
def test_an_unknown_command_is_one_line(arguments, said, capsys):
    assert main(arguments) == 2
    assert capsys.readouterr() == ("", said)


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_help_and_errors_name_the_program_that_the_user_ran(command, capsys):
    module = import_module(command.module)
    for start, prog in (
        (lambda flags: main([command.name, *flags]), f"cutpoints {command.name}"),
        (lambda flags: main([command.name, *flags], "python -m search"), f"python -m search {command.name}"),
        (module.main, f"python -m {command.module}"),
    ):
        with pytest.raises(SystemExit) as ended:
            start(["--help"])
        out = capsys.readouterr().out
        assert ended.value.code == 0
        assert out.startswith(f"usage: {prog} [options]")
        assert command.summary in " ".join(out.split())
        with pytest.raises(SystemExit) as ended:
            start(["--xyzzy"])
        assert ended.value.code == 2
        assert capsys.readouterr().err == f"error: there is no flag --xyzzy (see {prog} --help)\n"


def test_a_command_returns_the_exit_code_that_its_module_returns(capsys):
    assert main(["studies", "--storage", "sqlite:///nowhere/a.db"]) == 5
    assert capsys.readouterr().err == "error: sqlite:///nowhere/a.db: there is no folder nowhere\n"


def test_help_imports_neither_torch_nor_optuna(tmp_path):
    done = installed(
        tmp_path,
        "from search.__main__ import main",
        "main(['--help'])",
        "heavy = {'torch', 'optuna', 'sqlalchemy', 'numpy', 'pandas'} & set(sys.modules)",
        "assert not heavy, heavy",
    )
    assert done.returncode == 0, done.stderr


def test_modules_of_the_current_folder_can_be_imported_and_hide_none_of_ours(tmp_path):
    (tmp_path / "mine.py").write_text("network = 'mine'")
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "__init__.py").write_text("raise AssertionError('not ours')")
    done = installed(
        tmp_path,
        "from search.__main__ import import_from_current_folder",
        "import_from_current_folder()",
        "import models.constants, mine",
        "assert mine.network == 'mine'",
    )
    assert done.returncode == 0, done.stderr


def test_the_module_search_is_the_console_script(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "search", "studdy"], cwd=ROOT, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 2
    assert done.stderr == "error: there is no command 'studdy'; did you mean study? (see python -m search --help)\n"
