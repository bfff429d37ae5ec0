"""The documents are true: every command, flag and make target in them exists."""

import re
import shlex
from pathlib import Path

import pytest

from docs.tables import COMMON, generated, parsers, tables
from search.commands import COMMANDS
from tests.conftest import command

ROOT = Path(__file__).parent.parent
DOCUMENTS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("**/*.md"))]
TEXTS = {document.name: document.read_text(encoding="utf-8") for document in DOCUMENTS}


@pytest.fixture(scope="module")
def helps() -> dict[str, str]:
    return {module: parser.format_help() for module, parser in parsers().items()}


def test_every_command_is_documented():
    for each in COMMANDS:
        assert each.usual_prog in TEXTS["README.md"]
        assert f"\n## {each.usual_prog}\n" in TEXTS["commands.md"]


def test_the_generated_tables_are_up_to_date():
    assert generated(TEXTS["commands.md"]) == TEXTS["commands.md"], "run make docs"


def test_every_generated_table_is_on_the_page():
    for name in tables():
        assert TEXTS["commands.md"].count(f"<!-- {name} -->\n") == 1, name


def test_every_flag_of_every_command_is_documented(helps):
    for module, text in helps.items():
        flags = set(re.findall(r"^  (?:-\w[^,]*, )?(--[a-z-]+)", text, re.M)) - {"--help", *COMMON}
        section = TEXTS["commands.md"].split(f"\n## python -m {module}\n")[1].split("\n## ")[0]
        missing = {flag for flag in flags if f"`{flag}" not in section}
        assert flags, module
        assert not missing, f"docs/commands.md says nothing of {missing} of {module}"


def test_a_flag_states_its_default_once():
    for module, parser in parsers().items():
        for flag in parser.flags:
            assert "default" not in flag.meaning, f"{flag.names} of {module}"


def test_every_flag_in_the_documents_exists(helps):
    known = set(re.findall(r"--[a-z-]+", " ".join(helps.values()))) | {"--help"}
    for name, text in TEXTS.items():
        for line in text.splitlines():
            if re.search(r"python -m (search|dashboards)\.|cutpoints [a-z]+|make study", line):
                unknown = set(re.findall(r"(?<![\w-])--[a-z-]+", line)) - known
                assert not unknown, f"{name}: {line}"


def test_every_make_target_in_the_documents_exists():
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.M))
    for name, text in TEXTS.items():
        used = set(re.findall(r"(?:^ +|`)make ([a-z]+)", text, re.M))
        assert used <= targets, f"{name}: {used - targets}"


def test_make_help_lists_every_target():
    makefile = (ROOT / "Makefile").read_text()
    phony = set(re.search(r"^\.PHONY: (.*)$", makefile, re.M)[1].split())
    assert phony == set(re.findall(r"^([a-z]+):.*## ", makefile, re.M))


def test_every_link_within_the_repository_leads_somewhere():
    for document in DOCUMENTS:
        for target in re.findall(r"\]\(([^)#:]+)\)", TEXTS[document.name]):
            assert (document.parent / target).exists(), f"{document.name}: {target}"


def test_the_readmes_python_example_runs(tmp_path):
    done = command("search.study", "--data", "digits", "--trials", "2", "--epochs", "1", "--output-dir", "results/x")
    assert done.returncode == 0, done.stderr
    (example,) = re.findall(r"```python\n(.*?)```", TEXTS["README.md"], re.S)
    path = shlex.quote(str(tmp_path / "results/x/thresholds.json")).strip("'")
    scope: dict[str, object] = {}
    exec(example.replace("results/STUDY-NAME/thresholds.json", path), scope)
    assert scope["channels"].shape[1] == scope["metadata"]["channels"]
