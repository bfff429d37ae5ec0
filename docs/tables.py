"""Writes the generated tables of docs/commands.md: python -m docs.tables, or make docs.

A table stands between `<!-- flags of MODULE -->` or another opening comment and `<!-- end -->`. The flag tables come
from the parsers of the commands, so that docs/commands.md and --help always agree.
"""

import re
from importlib import import_module
from pathlib import Path

from search.commands import COMMANDS
from search.console.exits import MEANINGS
from search.console.parser import CommandParser, FlagText

PAGE = Path(__file__).parent / "commands.md"
COMMON = ("--debug", "--storage")  # flags that all commands share; the page describes them once


def parsers() -> dict[str, CommandParser]:
    """The parser of each command, by module."""
    return {command.module: import_module(command.module).flags() for command in COMMANDS}


def tables() -> dict[str, str]:
    """Every generated table, by the text of its opening comment."""
    known = {f"flags of {module}": flag_table(parser) for module, parser in parsers().items()}
    return known | {"commands": command_table(), "exit codes": exit_code_table()}


def command_table() -> str:
    """A row for each command."""
    return table(
        ("command", "the same as", ""), [(f"`cutpoints {c.name}`", f"`{c.usual_prog}`", c.summary) for c in COMMANDS]
    )


def exit_code_table() -> str:
    """A row for each exit code."""
    return table(("exit code", "meaning"), [(str(code), meaning) for code, meaning in MEANINGS.items()])


def flag_table(parser: CommandParser) -> str:
    """A row for each flag of a command, and one for each heading of its help."""
    rows: list[tuple[str, ...]] = []
    own = [flag for flag in parser.flags if flag.names[0].split()[0] not in COMMON]
    for group in dict.fromkeys([None, *(flag.group for flag in own)]):
        rows += [] if group is None else [(f"**{group}**", "", "")]
        rows += [flag_row(flag) for flag in own if flag.group == group]
    return table(("flag", "default", "meaning"), rows)


def flag_row(flag: FlagText) -> tuple[str, str, str]:
    """Names, default and meaning as Markdown."""
    choices = f". Choices: {', '.join(f'`{choice}`' for choice in flag.choices)}" if flag.choices else ""
    return ", ".join(f"`{name}`" for name in flag.names), linked(flag.default), linked(flag.meaning) + choices


def linked(text: str) -> str:
    """Help text as Markdown: flags as code, pages of the documentation as links."""
    text = re.sub(r"(?<![\w-])--[a-z-]+", lambda match: f"`{match[0]}`", text)
    return re.sub(r"docs/(\w+)\.md", r"[\1](\1.md)", text)


def table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    """A Markdown table."""
    lines = [head, ("---",) * len(head), *(tuple(cell.replace("|", r"\|") for cell in row) for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def generated(page: str) -> str:
    """The page with up-to-date tables. Raises: KeyError for a comment that names no table."""
    known = tables()
    return re.sub(
        r"<!-- ([\w. ]+) -->\n.*?<!-- end -->",
        lambda match: f"<!-- {match[1]} -->\n\n{known[match[1]]}\n\n<!-- end -->",
        page,
        flags=re.DOTALL,
    )


def main() -> None:
    """Writes the page."""
    PAGE.write_text(generated(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
    print(f"{PAGE}: tables written")


if __name__ == "__main__":
    main()
