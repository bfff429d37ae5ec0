"""What every command shares: flags, errors in one line, writing one file, streams that nobody reads."""

import os
import subprocess
import sys
import threading

import pytest

from search import export, study
from search.console.command import run
from search.console.files import write_atomically
from search.console.messages import listed, plural, say
from search.errors import BadInput

SECRET = "postgresql+psycopg2://me:hunter2@127.0.0.1:9/x?sslkey=topsecret&sslmode=require"


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (["--colour", "gray"], "error: there is no flag --colour; did you mean --color? "),
        (["--sizes=8x8"], "error: there is no flag --sizes; did you mean --size? "),
        (["--trails", "5"], "error: there is no flag --trails; did you mean --trials? "),
        (["--xyzzy"], "error: there is no flag --xyzzy (see python -m search.study --help)\n"),
        (["pictures"], "error: unexpected argument 'pictures' "),
        (
            ["--budget", "quik"],
            "error: argument --budget: 'quik' is none of quick, standard, full; did you mean quick? ",
        ),
        (["--color", "per_channel"], "did you mean per-channel? "),
        (["--device", "gpu"], "error: argument --device: 'gpu' is none of auto, cpu, cuda (see "),
    ],
)
def test_an_unknown_flag_or_choice_is_named_in_one_line_with_the_nearest(flags, said, capsys):
    with pytest.raises(SystemExit) as ended:
        study.flags().parse_args(flags)
    out, err = capsys.readouterr()
    assert ended.value.code == 2
    assert (out, err.count("\n")) == ("", 1)
    assert said in err


def test_a_url_beside_a_mistyped_flag_is_shown_without_its_secrets(capsys):
    with pytest.raises(SystemExit):
        export.flags().parse_args([SECRET])
    err = capsys.readouterr().err
    assert "me:***@127.0.0.1" in err
    assert not any(secret in err for secret in ("hunter2", "topsecret"))


@pytest.mark.parametrize("debug", [[], ["--debug"]])
@pytest.mark.parametrize("kind", [RuntimeError, BadInput])
def test_no_error_shows_a_secret_of_the_database_even_with_its_traceback(kind, debug, capsys):
    def body(args):
        try:
            raise ConnectionError(f"cannot connect to {args.storage} with key 'topsecret'")
        except ConnectionError as error:
            raise kind(f"password hunter2 was refused: {error}") from error

    args = export.flags().parse_args(["--storage", SECRET, *debug])
    assert run(body, args) == (2 if kind is BadInput else 1)
    err = capsys.readouterr().err
    assert ("Traceback" in err) == bool(debug)
    assert "password *** was refused" in err
    assert not any(secret in err for secret in ("hunter2", "topsecret"))


def test_one_is_not_many():
    assert [plural(n, "bit") for n in (0, 1, 2)] == ["0 bits", "1 bit", "2 bits"]
    assert [plural(n, "class", "classes") for n in (1, 2)] == ["1 class", "2 classes"]


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


def test_what_a_terminal_would_act_on_is_shown_and_names_stay_on_one_line(capsys):
    say(f"beside the classes: {listed(['we' + chr(10) + 'ird' + chr(27) + '[31m.txt', 'größe.txt'])}")
    assert capsys.readouterr().err == "beside the classes: we\\nird\\x1b[31m.txt, größe.txt\n"
