"""Identifying worker processes, and which of them are taken for dead."""

import datetime as dt
import os
import subprocess
import sys

import pytest

from storage import workers as worker
from storage.workers import is_gone, is_here, this_worker

NOW = dt.datetime.now(dt.UTC)
LONG_AGO = NOW - dt.timedelta(hours=25)


def test_this_process_lives_however_long_it_works():
    assert is_here(this_worker())
    assert not is_gone(this_worker(), LONG_AGO)


def test_a_process_that_ended_is_gone_at_once_also_when_its_number_is_used_again():
    machine, pid, began = this_worker().rsplit(":", 2)
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    assert is_gone(f"{machine}:{ended.pid}:{began}", NOW)
    assert is_gone(f"{machine}:{pid}:{float(began) - 1000}", NOW)


@pytest.mark.parametrize("name", ["elsewhere:1:5", "a container", "host-1:123", "host:x:y", ""])
def test_of_another_machines_process_nothing_is_known_so_it_is_given_a_day(name):
    assert not is_here(name)
    assert not is_gone(name, NOW)
    assert is_gone(name, LONG_AGO)


def test_a_container_of_the_same_host_name_is_another_machine(monkeypatch):
    before = this_worker()
    monkeypatch.setattr(worker, "OUTERMOST", -1)
    assert this_worker().startswith(before.split(":")[0].split("/")[0] + "/")
    assert is_here(this_worker())
    if "/" not in before:
        assert not is_here(before)
        assert not is_gone(f"{before.split(':')[0]}:{os.getpid()}:0", NOW)
