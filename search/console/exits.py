"""Exit codes of the commands, and how a command ends its process."""

import os
import signal
import sys
from collections.abc import Callable
from typing import NoReturn

OK, FAILURE, BAD_INPUT, NOTHING_TO_SHOW, PROTOCOL_MISMATCH, STORAGE_UNAVAILABLE = range(6)
STOPPED = 128  # plus the number of the signal

MEANINGS: dict[int, str] = {
    OK: "success",
    FAILURE: "unexpected error",
    BAD_INPUT: "invalid usage or input",
    NOTHING_TO_SHOW: "no result yet: no study or no finished trial, a study that has not reached its number of trials "
    "(`--timeout`, or other machines still train), or a confirmation that other processes still train for",
    PROTOCOL_MISMATCH: "protocol mismatch: the study's values are not comparable with the request, or were made by an "
    "earlier version",
    STORAGE_UNAVAILABLE: "the database cannot be reached, opened or written to",
    STOPPED + signal.SIGINT: "stopped by Ctrl-C; run the command again to continue",
    STOPPED + signal.SIGTERM: "stopped by SIGTERM; run the command again to continue",
}


def exit_with(main: Callable[[], int]) -> NoReturn:
    """Ends the process with the exit code that `main` returns, without an error if the reader of stdout is gone."""
    try:
        code = main()
        if sys.stdout is not None:  # closed with >&-
            sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = OK
    sys.exit(code)
