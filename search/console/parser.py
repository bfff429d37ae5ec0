"""The parser that all commands use: common flags, grouped help, errors on one line.

The parser records each flag as a `FlagText`, from which docs/commands.md is generated.
"""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from search.commands import command_of
from search.console.exits import BAD_INPUT
from search.console.messages import nearest, say
from storage.database import DEFAULT_STORAGE
from storage.secrets import without_secrets


@dataclass(frozen=True)
class FlagText:
    """What the documentation says about one flag."""

    names: tuple[str, ...]  # each with its value: `--trials N`
    default: str  # "" if there is none
    meaning: str
    choices: tuple[str, ...]
    group: str | None


class CommandParser(argparse.ArgumentParser):
    """An argument parser that reports an error on one line, with the nearest known flag or choice."""

    def __init__(self, prog: str, description: str, arguments: str = "") -> None:
        super().__init__(
            prog=prog,
            usage=f"{prog} [options]{arguments}",
            description=description,
            allow_abbrev=False,
            add_help=False,
            formatter_class=argparse.RawDescriptionHelpFormatter,  # keeps the lines of the examples
        )
        self.flags: list[FlagText] = []
        self._headings: dict[str, argparse._ArgumentGroup] = {}

    def add_flag(
        self, *names: str, help: str, usual: str | None = None, group: str | None = None, **settings: Any
    ) -> None:
        """Adds a flag, or a positional argument. `settings` are those of `add_argument`.

        usual: the default in words, for a flag whose default is not a fixed value.
        group: the heading under which the help lists the flag.
        """
        default = settings.get("default")
        fixed = "" if default is None or default is False or default == argparse.SUPPRESS else str(default)
        shown = fixed if usual is None else usual
        text = f"{help} (default: {shown})" if shown else help
        if group is not None and group not in self._headings:
            self._headings[group] = self.add_argument_group(group)
        place = self if group is None else self._headings[group]
        if any("," in choice for choice in settings.get("choices") or ()):
            settings["metavar"] = f"{{{' | '.join(settings['choices'])}}}"  # argparse separates choices by commas
        action = place.add_argument(*names, help=text.replace("%", "%%"), **settings)
        choices = () if action.choices is None else tuple(str(each) for each in action.choices)
        self.flags.append(FlagText(_with_value(action), shown, help, choices, group))

    def add_examples(self, *examples: tuple[str, str]) -> None:
        """Adds examples to the end of the help: the flags, and what the command then does."""
        lines = [f"  {self.prog} {flags}\n      {meaning}" for flags, meaning in examples]
        self.epilog = "\n".join(["examples:", *lines])

    def error(self, message: str) -> NoReturn:
        """Ends the process with one line."""
        say(f"error: {without_secrets(message)} (see {self.prog} --help)")
        sys.exit(BAD_INPUT)

    def parse_args(self, args: Any = None, namespace: Any = None) -> Any:
        """As in argparse, but the error names only the first unknown flag, and the known one that is nearest to it."""
        parsed, unknown = self.parse_known_args(args, namespace)
        if not unknown:
            return parsed
        flag = next((each for each in unknown if each.startswith("-")), None)
        if flag is None:
            self.error(f"unexpected argument {unknown[0]!r}")
        name = flag.partition("=")[0]
        self.error(f"there is no flag {name}{nearest(name, self._option_string_actions)}")

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        choices = None if action.choices is None else [str(each) for each in action.choices]
        if choices is not None and value not in choices:
            raise argparse.ArgumentError(
                action, f"{value!r} is none of {', '.join(choices)}{nearest(str(value), choices)}"
            )


def _with_value(action: argparse.Action) -> tuple[str, ...]:
    """The flag's names, each with its value: `-o FILE` and `--output FILE`."""
    names: Sequence[str] = action.option_strings
    if not names:
        return (f"[{action.metavar}]" if action.nargs == "?" else str(action.metavar),)
    if action.nargs == 0 or action.metavar is None or action.choices is not None:
        return tuple(names)
    value = {"?": f"[{action.metavar}]", "+": f"{action.metavar} …"}.get(str(action.nargs), str(action.metavar))
    return tuple(f"{name} {value}" for name in names)


def parser(module: str, prog: str | None = None, arguments: str = "") -> CommandParser:
    """The parser of a command, with the flags that all commands have.

    prog: how the user runs the command; None means `python -m MODULE`.
    arguments: what usage shows after the flags.
    """
    command = command_of(module)
    made = CommandParser(prog or command.usual_prog, command.summary, arguments)
    made.add_argument("-h", "--help", action="help", help="show this help and exit")
    made.add_flag("--debug", action="store_true", help="show the traceback of an error")
    if command.storage:
        # `run` fills in the default: $OPTUNA_STORAGE may hold a password, which the help must not show.
        made.add_flag(
            "--storage",
            metavar="URL",
            help="URL of the database with the studies",
            usual=f"$OPTUNA_STORAGE or {DEFAULT_STORAGE}",
        )
    return made


def finished_study_parser(module: str, prog: str | None, output: str) -> CommandParser:
    """The parser of a command that reads one study and writes one file. output: where it writes by default."""
    made = parser(module, prog)
    made.add_flag("--study-name", metavar="NAME", help="study to read", usual="the newest study")
    made.add_flag("-o", "--output", metavar="FILE", type=Path, help="file to write", usual=output)
    return made
