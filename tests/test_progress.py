"""What a person sees while a study runs: a live view on a terminal, plain lines elsewhere."""

import os
import pty
import re
import subprocess
import sys
from pathlib import Path

import pytest

from search import export
from search.binarization.binarization import Binarization
from search.binarization.cut_points import CutPoints
from search.config import StudyConfig
from search.study import run_study
from search.trials.progress import TimeLeft
from search.trials.summary import summary
from storage.database import open_database
from storage.results import load_results
from tests.conftest import command
from tests.formula import make_formula

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
    for part in ("now", "after epoch 2", "best", "points to greyscale", "greyscale", "bits per pixel", "left"):
        assert part in text


def test_elsewhere_each_trial_is_a_plain_line():
    done = command("search.study", *FLAGS)
    assert "\x1b" not in done.stderr
    lines = [line for line in done.stderr.splitlines() if line.startswith("trial ")]
    assert len(lines) == 3
    assert re.fullmatch(
        r"trial 2 \(3/3\)  0,[\d,]+,255 (range|thermometer)( \([\w-]+\))?  (\d+\.\d%|pruned .*)"
        r"  \| best \d+\.\d% \[\d+\.\d, \d+\.\d\] with 0,.* channels?, [+-]\d+\.\d points to greyscale \| 0 s left",
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


def test_one_is_one_trial_one_cut_point_and_one_bit_wherever_it_is_said(capsys):
    config = StudyConfig(data="digits", trials=1, max_cuts=1, encoding="thermometer", study_name="one")
    assert run_study(config, "sqlite:///studies.db", make_formula) == 0
    said = "".join(capsys.readouterr())
    for cuts in ("1", "2"):
        export.main(["--storage", "sqlite:///studies.db", "--cuts", cuts, "-o", "thresholds.json"])
        said += capsys.readouterr().err
    report = Path("results/one/report.html").read_text().partition("<body>")[2]
    assert "0 of 1 trial done" in said
    assert "has 2 cut points; there are 1" in said
    assert "bit per pixel (1 cut point)" in report
    assert "1 cut point, " in report  # where the mouse is over the positions
    for text in (said, report):
        assert (
            re.findall(
                r"(?<![\d.,:/+-])1 (?:trial|photo|picture|bit|cut point|channel|class|training|seed|photo)e?s\b", text
            )
            == []
        )


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
