"""Identifies worker processes and says whether they are alive."""

import datetime as dt
import os
import socket
from pathlib import Path

import psutil

SAME_START_SECONDS = 1  # the two clocks agree better than this
HOLDS = dt.timedelta(days=1)  # after which a process of another machine counts as ended
OUTERMOST = 0xEFFFFFFC  # inode of Linux's process namespace outside of containers


def this_worker() -> str:
    """Return machine, process id and start time of this process. The id alone may be reused."""
    return f"{_machine()}:{os.getpid()}:{_began(os.getpid()):.2f}"


def is_here(worker: str) -> bool:
    """Return whether it is a process of this machine and of the same container."""
    return worker.rsplit(":", 2)[0] == _machine()


def is_gone(worker: str, since: dt.datetime) -> bool:
    """Return whether a process has ended. A process of another machine counts as ended after a day.

    since: when it started its current work, with a time zone.
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
        pass  # not in this format: treated as of another machine
    return dt.datetime.now(dt.UTC) - since > HOLDS


def _machine() -> str:
    """Return the host's name, and in a container the number of its process namespace, in which ids are unique."""
    try:
        namespace = Path("/proc/self/ns/pid").stat().st_ino
    except OSError:
        namespace = OUTERMOST
    return socket.gethostname() + ("" if namespace == OUTERMOST else f"/{namespace}")


def _began(pid: int) -> float:
    """Return the seconds from the start of the machine to that of the process, which clock changes do not affect."""
    booted = psutil.boot_time()
    return psutil.Process(pid).create_time() - booted
