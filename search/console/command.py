"""Runs a command: its errors become one line on stderr and an exit code."""

import argparse
import signal
import traceback
from collections.abc import Callable

from optuna.exceptions import StorageInternalError
from sqlalchemy.exc import DBAPIError

from search.console.exits import (
    BAD_INPUT,
    FAILURE,
    NOTHING_TO_SHOW,
    PROTOCOL_MISMATCH,
    STOPPED,
    STORAGE_UNAVAILABLE,
)
from search.console.messages import one_line, say
from search.errors import BadInput, NothingToShow, ProtocolMismatch
from storage.attributes import EarlierVersion
from storage.database import StorageUnavailable, UnknownStudy, default_storage
from storage.secrets import without_secrets

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
LONGEST = 300  # characters of an unexpected error that are shown without --debug


def run(body: Callable[[argparse.Namespace], int], args: argparse.Namespace) -> int:
    """Runs a command's body and returns its exit code. An error is shown as one line.

    `args.storage` is filled in from $OPTUNA_STORAGE or with the default database.
    """
    storage = getattr(args, "storage", None) or default_storage()
    given = argparse.Namespace(**vars(args) | {"storage": storage})
    try:
        return body(given)
    except BrokenPipeError:  # the reader of stdout is gone: see exit_with
        raise
    except BaseException as error:
        code = next((c for kind, c in EXIT_CODES.items() if isinstance(error, kind)), None)
        if code is None and not isinstance(error, Exception):
            raise
        if args.debug:
            say(without_secrets(traceback.format_exc(), storage).rstrip())
        elif isinstance(error, KeyboardInterrupt):
            say("stopped")
        elif code is None:
            said = without_secrets(one_line(error), storage)
            said = said if len(said) <= LONGEST else f"{said[:LONGEST]}…"
            say(f"error: {type(error).__name__}: {said} (--debug shows the traceback)")
        else:
            say(f"error: {without_secrets(one_line(cause_of(error)), storage)}")
        return FAILURE if code is None else code


def cause_of(error: BaseException) -> BaseException:
    """The database driver's own error, without the SQL statement; other errors are returned unchanged."""
    said = error
    while isinstance(said, StorageInternalError | DBAPIError):
        inner = said.orig if isinstance(said, DBAPIError) else said.__cause__
        if inner is None:
            break
        said = inner
    return said
