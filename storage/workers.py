"""Identifies worker processes and says whether they are alive."""

import datetime as dt
import os
import socket
from pathlib import Path

import psutil

SAME_START_SECONDS = 1  # clocks are read to less than this
HOLDS = dt.timedelta(days=1)  # of another machine's process nothing is known: after a day it counts as gone
OUTERMOST = 0xEFFFFFFC  # Linux's number of the process namespace that is no container's


def this_worker() -> str:
    """Machine, process id and when the process began: an id alone is used again."""
    return f"{_machine()}:{os.getpid()}:{_began(os.getpid()):.2f}"


def is_here(worker: str) -> bool:
    """Whether it is a process of this machine, and of the same container."""
    return worker.rsplit(":", 2)[0] == _machine()


def is_gone(worker: str, since: dt.datetime) -> bool:
    """Whether a process has ended. Of another machine's nothing is known, so it is given a day.

    since: when it took what it works on, with a time zone.
    """
    try:
        _, pid, began = worker.rsplit(":", 2)
        if is_here(worker):
            return abs(_began(int(pid)) - float(began)) > SAME_START_SECONDS
    except psutil.NoSuchProcess:
        return True
    except psutil.AccessDenied:
        return False
    except ValueError:
        pass  # written by something else: as little is known of it
    return dt.datetime.now(dt.UTC) - since > HOLDS


def _machine() -> str:
    """The host's name, and in a container the number of its process namespace: ids mean nothing outside of it."""
    try:
        namespace = Path("/proc/self/ns/pid").stat().st_ino
    except OSError:
        namespace = OUTERMOST
    return socket.gethostname() + ("" if namespace == OUTERMOST else f"/{namespace}")


def _began(pid: int) -> float:
    """Seconds from the machine's start to the process's, which no change of the clock moves."""
    booted = psutil.boot_time()
    return psutil.Process(pid).create_time() - booted
