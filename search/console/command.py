"""What every command shares: its exit codes and its common flags.

Enters: a command's `main`. Leaves: an exit code, and on an error one line on stderr.
Never does: catch an error only to go on.
"""

import argparse
import difflib
import os
import signal
import sys
import traceback
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, NoReturn

from optuna.exceptions import StorageInternalError
from sqlalchemy.exc import DBAPIError

from search.console.messages import one_line, say
from search.errors import BadInput, NothingToShow, ProtocolMismatch
from storage.attributes import EarlierVersion
from storage.database import DEFAULT_STORAGE, StorageUnavailable, UnknownStudy
from storage.secrets import without_secrets

OK, FAILURE, BAD_INPUT, NOTHING_TO_SHOW, PROTOCOL_MISMATCH, STORAGE_UNAVAILABLE = range(6)
STOPPED = 128  # plus the number of the signal: 130 after Ctrl-C, 143 after SIGTERM


EXIT_CODES: dict[type[BaseException], int] = {
    BadInput: BAD_INPUT,
    UnknownStudy: BAD_INPUT,
    NothingToShow: NOTHING_TO_SHOW,
    ProtocolMismatch: PROTOCOL_MISMATCH,
    EarlierVersion: PROTOCOL_MISMATCH,
    StorageUnavailable: STORAGE_UNAVAILABLE,
    StorageInternalError: STORAGE_UNAVAILABLE,
    DBAPIError: STORAGE_UNAVAILABLE,
    KeyboardInterrupt: STOPPED + signal.SIGINT,
}


class OneLineParser(argparse.ArgumentParser):
    """An argument parser whose errors are one line, like every other error of ours, and name the nearest flag."""

    def error(self, message: str) -> NoReturn:
        say(f"error: {without_secrets(message)} (see python -m {self.prog} --help)")
        sys.exit(BAD_INPUT)

    def parse_args(self, args: Any = None, namespace: Any = None) -> Any:
        """As argparse does, but what is unknown is named alone, with the flag or choice that is nearest to it."""
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


def nearest(written: str, known: Iterable[str]) -> str:
    """`; did you mean --color?`, or nothing where none of the known names is like what was written."""
    names = {each.lstrip("-").lower(): each for each in known if len(each.lstrip("-")) > 1}
    found = difflib.get_close_matches(written.lstrip("-").lower(), names, n=1, cutoff=0.7)
    return f"; did you mean {names[found[0]]}?" if found else ""


def parser(module: str, description: str, storage: bool = True) -> OneLineParser:
    """A parser for `python -m MODULE` with the flags that every command has.

    storage: False for a command that reads no database.
    """
    made = OneLineParser(
        prog=module,
        usage=f"python -m {module} [options]",
        description=description,
        allow_abbrev=False,
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    if storage:
        made.add_argument(
            "--storage",
            metavar="URL",
            default=argparse.SUPPRESS,  # filled in by run: the variable may hold a password, which help must not show
            help=f"database with the studies (default: $OPTUNA_STORAGE or {DEFAULT_STORAGE})",
        )
    made.add_argument("--debug", action="store_true", help="show the traceback of an error")
    return made


def finished_study_parser(module: str, description: str, output: str) -> OneLineParser:
    """A parser for a command that reads one study and writes one file."""
    made = parser(module, description)
    made.add_argument("--study-name", metavar="NAME", default=argparse.SUPPRESS, help="default: the newest study")
    made.add_argument("-o", "--output", metavar="FILE", type=Path, default=argparse.SUPPRESS, help=output)
    return made


def run(body: Callable[[argparse.Namespace], int], args: argparse.Namespace) -> int:
    """Runs a command's body and turns its errors into one line and an exit code."""
    usual = {"storage": os.environ.get("OPTUNA_STORAGE") or DEFAULT_STORAGE, "study_name": None, "output": None}
    given = argparse.Namespace(**usual | vars(args))
    try:
        return body(given)
    except BrokenPipeError:  # the reader of stdout went away: see exit_with
        raise
    except BaseException as error:
        code = next((c for kind, c in EXIT_CODES.items() if isinstance(error, kind)), None)
        if code is None and not isinstance(error, Exception):
            raise
        if args.debug:
            say(without_secrets(traceback.format_exc(), given.storage).rstrip())
        elif isinstance(error, KeyboardInterrupt):
            say("stopped")
        elif code is None:
            said = without_secrets(one_line(error), given.storage)
            say(f"error: {type(error).__name__}: {said} (--debug shows where)")
        else:
            say(f"error: {without_secrets(one_line(cause_of(error)), given.storage)}")
        return FAILURE if code is None else code


def cause_of(error: BaseException) -> BaseException:
    """Of an error of a database what the driver said, without the statement; other errors as they are."""
    said = error
    while isinstance(said, StorageInternalError | DBAPIError):
        inner = said.orig if isinstance(said, DBAPIError) else said.__cause__
        if inner is None:
            break
        said = inner
    return said


def exit_with(main: Callable[[Sequence[str] | None], int]) -> NoReturn:
    """Ends the process with a command's exit code, quietly when the reader of stdout went away."""
    try:
        code = main(None)
        if sys.stdout is not None:  # closed with >&-
            sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = OK
    sys.exit(code)
