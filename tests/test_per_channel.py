"""A study of color images with separate cut points for each color, up to its confirmation."""

import json
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from dashboards.positions import positions_data
from search import confirm
from search.binarization.binarization import from_key
from search.binarization.cut_points import ColorCutPoints
from search.deploy.thresholds import read
from search.study import main
from storage.database import open_database
from storage.results import load_results

URL = "sqlite:///studies.db"
FLAGS = [
    "--data",
    "photos",
    "--color",
    "per-channel",
    "--trials",
    "6",
    "--epochs",
    "2",
    "--width",
    "4",
    "--max-cuts",
    "2",
]


def in_color(classes=3, photos=12, side=8):
    """Returns photos (N, side, side, 3) in which each class has more of one color, and their labels."""
    rng = np.random.default_rng(0)
    labels = np.arange(classes * photos) % classes
    images = rng.integers(40, 120, (len(labels), side, side, 3))
    images[np.arange(len(labels)), :, :, labels] += 100
    return images.astype(np.uint8), labels


@pytest.fixture
def photos(tmp_path):
    """A folder of PNGs by class."""
    for number, (image, label) in enumerate(zip(*in_color(), strict=True)):
        folder = tmp_path / "photos" / "abc"[label]
        folder.mkdir(parents=True, exist_ok=True)
        Image.fromarray(image).save(folder / f"{number}.png")
    return tmp_path / "photos"


def test_each_color_has_separate_cut_points_in_the_file_the_report_and_the_confirmation(photos, capsys, monkeypatch):
    assert main(["--storage", URL, *FLAGS, "--output-dir", "out", "--encoding", "all"]) == 0
    out, err = capsys.readouterr()
    assert "full color reference" in err
    assert "to full color" in out
    binarization, made = read(Path("out/thresholds.json"))
    assert isinstance(binarization.cut_points, ColorCutPoints)
    assert [part["color"] for part in made["parts"]] == ["r", "g", "b"]
    assert tuple(tuple(part["cut_points"]) for part in made["parts"]) == binarization.cut_points.values
    assert made["bits_per_pixel"] == binarization.channels == sum(t.shape[1] for t in binarization.tables)
    assert made["greyscale"] | {"value": 0, "standard_error": 0, "interval": None} == {
        "input": "full color",
        "bits_per_pixel": 24,
        "value": 0,
        "standard_error": 0,
        "interval": None,
        "confirmed": None,
    }
    assert made["data"]["preprocessing"] == {"color": "per-channel", "channels": "rgb"}
    assert binarization.encode(in_color()[0]).shape == (36, made["channels"], 8, 8)
    results = load_results(open_database(URL), None)
    assert set(positions_data(results)["color"]) == {"r", "g", "b"}
    html = Path("out/report.html").read_text()
    assert "<span>full color, 24 bits per pixel</span>" in html
    assert "how often each level of each color occurs among the training pixels" in html
    assert "level of the color" in html
    assert not re.search(r"greyscale, 8|grey level", html.partition("<body>")[2])

    # From another folder, without --data.
    monkeypatch.setenv("OPTUNA_STORAGE", f"sqlite:///{Path('studies.db').resolve()}")
    elsewhere = Path("elsewhere")
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    assert confirm.main(["--seeds", "2", "--budget", "quick", "--cuts", "3", "--confirm-references", "none"]) == 0
    confirmed = json.loads(next(Path("results").glob("*/thresholds.json")).read_text())
    assert confirmed["greyscale"]["confirmed"]["accuracy"]["n"] == 2


def test_grey_pictures_have_no_color_channels(tmp_path, capsys):
    images, labels = in_color()
    np.savez("grey.npz", images=images[..., 0], labels=labels)
    assert main(["--storage", URL, "--data", "grey.npz", "--color", "per-channel"]) == 2
    assert "these are grey" in capsys.readouterr().err


def test_an_npz_in_color_is_read_per_channel(tmp_path):
    images, labels = in_color()
    np.savez("color.npz", images=images, labels=labels)
    flags = ["--data", "color.npz", "--color", "per-channel", "--trials", "2", "--epochs", "1", "--width", "4"]
    assert main(["--storage", URL, *flags, "--weights", "search", "--activations", "binary"]) == 0
    run = load_results(open_database(URL), None).greyscale
    assert str(from_key(run.input)) == "full color, binary activations"


def test_a_grey_study_and_a_color_study_are_not_joined(photos, capsys):
    assert main(["--storage", URL, *FLAGS, "--study-name", "mine", "--trials", "1", "--epochs", "1"]) == 0
    grey = ["--data", "photos", "--trials", "2", "--epochs", "1", "--width", "4", "--max-cuts", "2"]
    assert main(["--storage", URL, *grey, "--study-name", "mine"]) == 4
    assert "preprocessing" in capsys.readouterr().err
