"""The console script `cutpoints`: runs the command that the first argument names. Also `python -m search`."""

import os
import sys
from collections.abc import Sequence
from importlib import import_module
from importlib.metadata import version
from typing import NoReturn

from search.commands import COMMANDS
from search.console.exits import BAD_INPUT, OK, exit_with
from search.console.messages import nearest, say


def console_script() -> NoReturn:
    """The entry point of `cutpoints`."""
    exit_with(main)


def main(argv: Sequence[str] | None = None, prog: str = "cutpoints") -> int:
    """Runs a command and returns its exit code.

    prog: how the user runs this program, for help and error messages.
    """
    arguments = list(sys.argv[1:] if argv is None else argv)
    if not arguments:
        say(help_text(prog))
        return BAD_INPUT
    name, *rest = arguments
    if name in ("-h", "--help"):
        print(help_text(prog))
        return OK
    if name == "--version":
        print(f"cutpoints {version('cutpoints')}")
        return OK
    command = next((each for each in COMMANDS if each.name == name), None)
    if command is None:
        say(f"error: {unknown(name)} (see {prog} --help)")
        return BAD_INPUT
    import_from_current_folder()
    code: int = import_module(command.module).main(rest, f"{prog} {command.name}")
    return code


def help_text(prog: str) -> str:
    """The list of commands."""
    width = max(len(command.name) for command in COMMANDS)
    lines = [f"  {command.name:<{width}}  {command.summary}" for command in COMMANDS]
    return "\n".join(
        [
            f"usage: {prog} COMMAND [options]",
            "",
            "Search threshold ranges with which a convolutional network works on binary images.",
            "",
            "commands:",
            *lines,
            "",
            "options:",
            "  -h, --help  show this help and exit",
            "  --version   show the version and exit",
            "",
            f"{prog} COMMAND --help lists the flags of a command.",
        ]
    )


def unknown(name: str) -> str:
    """The error for a first argument that is not a command."""
    from storage.secrets import without_secrets  # imports SQLAlchemy, which only this error needs

    if name.startswith("-"):
        return f"expected a command before the flag {without_secrets(name.partition('=')[0])}"
    known = [command.name for command in COMMANDS]
    return f"there is no command {without_secrets(name)!r}{nearest(name, known)}"


def import_from_current_folder() -> None:
    """Lets commands import the user's modules from the current folder, as `python -m` does.

    The project's own packages are imported first, so that a folder of the user, for instance `models`, does not
    hide them.
    """
    for package in ("models", "storage", "dashboards"):
        import_module(package)
    if os.getcwd() not in sys.path and "" not in sys.path:
        sys.path.insert(0, os.getcwd())


if __name__ == "__main__":
    exit_with(lambda: main(prog="python -m search"))
