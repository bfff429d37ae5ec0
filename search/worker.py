"""Who trains something: a process of a machine, and whether it still lives."""

import os
import socket

import psutil

SAME_START_SECONDS = 1  # clocks are read to less than this


def this_worker() -> str:
    """Host, process id and when the process began: an id alone is used again."""
    return f"{socket.gethostname()}:{os.getpid()}:{_began(os.getpid()):.2f}"


def is_here(worker: str) -> bool:
    """Whether it is a process of this machine."""
    return worker.rsplit(":", 2)[0] == socket.gethostname()


def is_gone(worker: str) -> bool:
    """Whether a process of this machine has ended; of another machine's process nothing is known."""
    _, pid, began = worker.rsplit(":", 2)
    if not is_here(worker):
        return False
    try:
        return abs(_began(int(pid)) - float(began)) > SAME_START_SECONDS
    except psutil.NoSuchProcess:
        return True
    except psutil.AccessDenied:
        return False


def _began(pid: int) -> float:
    """Seconds from the machine's start to the process's, which no change of the clock moves."""
    booted = psutil.boot_time()
    return psutil.Process(pid).create_time() - booted
