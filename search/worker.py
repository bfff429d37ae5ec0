"""Who trains something: a process of a machine, and whether it still lives."""

import os
import socket

import psutil

SAME_START_SECONDS = 2  # clocks are read to less than this


def this_worker() -> str:
    """Host, process id and when the process began: an id alone is used again."""
    return f"{socket.gethostname()}:{os.getpid()}:{psutil.Process().create_time():.0f}"


def is_gone(worker: str) -> bool:
    """Whether a process of this machine has ended; of another machine's process nothing is known."""
    host, pid, began = worker.rsplit(":", 2)
    if host != socket.gethostname():
        return False
    try:
        return abs(psutil.Process(int(pid)).create_time() - float(began)) > SAME_START_SECONDS
    except psutil.NoSuchProcess:
        return True
