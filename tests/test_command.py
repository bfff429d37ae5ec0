"""Writing one file, and streams that nobody reads."""

import os
import subprocess
import sys
import threading

import pytest

from search.command import BadInput, write_atomically


def test_a_link_stays_a_link_and_its_target_is_written(tmp_path):
    (tmp_path / "target").write_text("old")
    (tmp_path / "link").symlink_to("target")
    write_atomically(tmp_path / "link", "new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "target").read_text() == "new"


def test_a_pipe_is_written_to_and_not_replaced(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    read: list[bytes] = []
    reader = threading.Thread(target=lambda: read.append(pipe.read_bytes()))
    reader.start()
    write_atomically(pipe, "content")
    reader.join(30)
    assert read == [b"content"]
    assert pipe.is_fifo()


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("old")

    def no_space(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", no_space)
    with pytest.raises(BadInput, match="No space left"):
        write_atomically(tmp_path / "file", "new")
    assert (tmp_path / "file").read_text() == "old"
    assert len(list(tmp_path.iterdir())) == 1


@pytest.mark.parametrize("ending", ["2>&1 | head -1", ">&-", "2>&-"])
def test_a_study_goes_on_when_nobody_reads_its_messages(tmp_path, ending):
    study = f"{sys.executable} -m search.study --data digits --trials 2 --epochs 1 --width 4 --output-dir here"
    script = f"({study}; echo $? > code) {ending}"
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, timeout=300)
    assert (tmp_path / "code").read_text() == "0\n"
    assert (tmp_path / "here" / "thresholds.json").is_file()
    assert "Traceback" not in done.stdout + done.stderr
