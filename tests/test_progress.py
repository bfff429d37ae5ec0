"""What a person sees while a study runs: a live view on a terminal, plain lines elsewhere."""

import os
import pty
import re
import subprocess
import sys

import pytest

from search.binarize import Binarization
from search.cut_points import CutPoints
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
