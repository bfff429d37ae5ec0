"""What a person sees while a study runs: a live view on a terminal, plain lines elsewhere."""

import os
import pty
import re
import subprocess
import sys

import pytest

from search.binarize import Binarization
from search.cut_points import CutPoints
from search.progress import TimeLeft
from search.summary import summary
from storage.database import open_database
from storage.results import load_results
from tests.conftest import command

FLAGS = ("--data", "digits", "--trials", "3", "--epochs", "2", "--width", "4")


@pytest.mark.skipif(sys.platform == "win32", reason="there is no pty")
def test_on_a_terminal_the_view_is_live():
    master, slave = pty.openpty()
    environment = {**os.environ, "TERM": "xterm-256color", "COLUMNS": "160"}
    process = subprocess.Popen(
        [sys.executable, "-m", "search.study", *FLAGS], stdout=subprocess.DEVNULL, stderr=slave, env=environment
    )
    os.close(slave)
    seen = b""
    while True:
        try:
            chunk = os.read(master, 4096)
        except OSError:  # the other side is closed
            break
        if not chunk:
            break
        seen += chunk
    os.close(master)
    assert process.wait(60) == 0, seen.decode()
    assert b"\x1b[" in seen  # the cursor moves
    text = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", seen.decode())
    for part in ("now", "after epoch 2", "best", "points to greyscale", "greyscale", "bits a pixel", "left"):
        assert part in text


def test_elsewhere_each_trial_is_a_plain_line():
    done = command("search.study", *FLAGS)
    assert "\x1b" not in done.stderr
    lines = [line for line in done.stderr.splitlines() if line.startswith("trial ")]
    assert len(lines) == 3
    assert re.fullmatch(
        r"trial 2 \(3/3\)  0,[\d,]+,255 (range|thermometer)( \([\w-]+\))?  (\d+\.\d%|pruned .*)"
        r"  \| best \d+\.\d% ±\d+\.\d% with 0,.* channels?, [+-]\d+\.\d points to greyscale \| 0 s left",
        lines[2],
    )


def test_the_summary_has_a_line_for_each_number_of_cuts_and_greyscale():
    command("search.study", *FLAGS)
    results = load_results(open_database("sqlite:///studies.db"), None)
    text = summary(results)
    best = results.candidates.iloc[0]
    assert text.startswith(f"best: {Binarization(CutPoints(best['cut_points']), best['encoding'])}, ")
    assert len(text.splitlines()) == 3 + 1 + len(results.by_cuts) + 1
    assert "greyscale" in text.splitlines()[-1]


class Clock:
    """A clock that goes on when it is told."""

    now = 1000.0

    def __call__(self):
        return self.now


def texts(took, total, batch=1, others=0):
    """What is said after each batch of trials that took so many seconds, beside others in other processes."""
    clock, done, said = Clock(), 0, []
    left = TimeLeft(0, clock)
    for seconds in took:
        left.start()
        clock.now += seconds
        done += others
        for _ in range(batch):
            done += 1
            left.end(done)
        said.append(left.text(total - done))
    return said


def test_the_first_trial_with_its_warm_up_says_nothing_of_the_time_left():
    """15 s for the first trial and 0.6 s for each later one: 99 times 15 s would be 25 minutes."""
    said = texts([15.0] + [0.6] * 99, 100)
    assert said[:3] == ["time left unknown", "time left unknown", "58 s left"]
    assert said[9] == "54 s left"
    assert said[-1] == "0 s left"


def test_references_that_are_learned_now_and_then_do_not_move_the_estimate():
    said = texts([2.0, 2.0, 2.0, 30.0] * 5, 50)
    assert said[2:] == [
        f"{m} min {s:02d} s left" if m else f"{s} s left" for m, s in (divmod(2 * (50 - n), 60) for n in range(3, 21))
    ]


def test_what_trials_take_now_counts_and_not_what_they_took_long_ago():
    assert texts([1.0] * 100 + [10.0] * 15, 1000)[-1] == "2 h 27 min left"


def test_trials_of_a_batch_and_of_other_processes_count_each():
    assert texts([12.0] * 5, 120, batch=4)[-1] == "5 min 00 s left"
    assert texts([12.0] * 5, 120, batch=1, others=3)[-1] == "5 min 00 s left"


def test_a_study_of_two_trials_is_at_its_end_before_anything_is_known():
    assert texts([5.0, 1.0], 2) == ["time left unknown", "0 s left"]
