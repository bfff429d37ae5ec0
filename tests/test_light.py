"""Other light: what it does to images, and how cut points stand it."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboards.light import light_figure
from search import light
from search.binarization.binarization import Binarization, Greyscale
from search.binarization.cut_points import CutPoints
from search.evaluation.drift import AMOUNTS, KINDS, Drift, drifts
from search.evaluation.metrics import METRICS
from search.light import FIXED, NO_CUTS, PER_IMAGE, compared, light_data, light_table
from search.study import main as study
from storage.scores import Scores
from tests.conftest import toy_pictures
from tests.test_rules import PIXELS

LEVELS = np.arange(256, dtype=np.uint8)
THREE = Binarization(CutPoints((60, 120, 180)), "range")


@given(st.sampled_from(drifts()))
def test_every_drift_keeps_the_order_of_grey_levels(drift):
    lit = drift.applied(LEVELS)
    assert lit.dtype == np.uint8
    assert (np.diff(lit.astype(int)) >= 0).all()
    if drift.is_none:
        assert (lit == LEVELS).all()


def test_drifts_follow_their_formulas_and_clip_to_0_to_255():
    assert Drift("gain", 2.0).applied(LEVELS)[[10, 100, 200]].tolist() == [20, 200, 255]
    assert Drift("brightness", -40.0).applied(LEVELS)[[10, 100]].tolist() == [0, 60]
    assert Drift("gamma", 2.0).applied(LEVELS)[[0, 51, 255]].tolist() == [0, 10, 255]  # 255 * 0.2 ** 2
    assert Drift("gamma", 0.5).applied(LEVELS)[[64]].tolist() == [128]


def test_each_kind_of_drift_has_one_amount_that_changes_nothing_and_accepts_any_image_shape():
    for kind in KINDS:
        assert sum(Drift(kind, amount).is_none for amount in AMOUNTS[kind]) == 1
    color = np.stack([LEVELS.reshape(16, 16)] * 3, -1)
    assert (Drift("gain", 1.6).applied(color)[..., 1] == Drift("gain", 1.6).applied(color[..., 1])).all()
    with pytest.raises(ValueError, match="expected gain, gamma, brightness"):
        Drift("fog", 1.0)


def test_fixed_cut_points_are_compared_with_as_many_of_each_pictures_own_levels():
    inputs = compared(THREE, [PIXELS])
    assert inputs[FIXED] == THREE
    assert inputs[PER_IMAGE] == Binarization(CutPoints((64, 128, 192)), "local")
    assert inputs[NO_CUTS] == Greyscale()
    local = Binarization(CutPoints((50, 100)), "local")
    turned = compared(local, [PIXELS])
    assert turned[PER_IMAGE] == local
    assert (turned[FIXED].encoding, len(turned[FIXED].cut_points)) == ("thermometer", 2)


def test_gains_are_of_the_same_photos():
    right = np.array([1.0, 1, 0, 1])
    scores = {}
    for drift in drifts():
        for name, each in ((FIXED, right), (PER_IMAGE, np.ones(4)), (NO_CUTS, right)):
            scores[name, drift] = Scores(each / 4, np.full(4, 0.25))
    data = light_data(scores, METRICS["accuracy"])
    assert set(data["gain"]) == {0.25}
    more = scores[PER_IMAGE, drifts()[0]] - scores[FIXED, drifts()[0]]
    assert data["gain_low"].iloc[0] <= more.value - 1.96 * more.standard_error
    assert data["gain_high"].iloc[0] >= more.value + 1.96 * more.standard_error
    figure = light_figure(data, METRICS["accuracy"])
    assert len([trace for trace in figure.data if trace.type == "scatter"]) == 9


def test_inputs_that_err_on_no_photo_are_not_known_to_be_without_error_nor_equal():
    """Of 300 photos: the rule of three says that up to a hundredth may err."""
    weights = np.full(300, 1 / 300)
    scores = {(name, drift): Scores(weights, weights) for name in (FIXED, PER_IMAGE, NO_CUTS) for drift in drifts()}
    data = light_data(scores, METRICS["accuracy"])
    assert data["low"].between(0.98, 0.99).all()
    assert (data["high"] == 1).all()
    assert data["gain_low"].between(-0.02, -0.01).all()
    assert data["gain_high"].between(0.01, 0.02).all()
    table = light_table(data, METRICS["accuracy"]).to_string()
    assert "±" not in table
    assert "100.0% [98.8, 100.0]" in table
    (line, *_) = [trace for trace in light_figure(data, METRICS["accuracy"]).data if trace.type == "scatter"]
    assert (np.array(line.error_y.array) == 0).all()
    assert (np.array(line.error_y.arrayminus) > 0.01).all()


@pytest.fixture
def thresholds(tmp_path):
    """The file of a study of toy images."""
    part = toy_pictures().train
    np.savez("toy.npz", images=part.images, labels=part.labels)
    flags = ["--data", "toy.npz", "--trials", "3", "--epochs", "2", "--width", "4", "--output-dir", "out"]
    assert study(["--storage", "sqlite:///studies.db", *flags]) == 0
    return "out/thresholds.json"


def test_a_file_is_evaluated_as_a_table_and_a_figure(thresholds, capsys):
    capsys.readouterr()
    assert light.main([thresholds, "--data", "toy.npz", "--seeds", "2", "-o", "light.html"]) == 0
    out, err = capsys.readouterr()
    assert len(out.splitlines()) == 1 + len(drifts())
    assert "per image - fixed" in out
    assert err.count("trained ") == 6
    assert "plotly" in Path("light.html").read_text()


@pytest.mark.parametrize(
    ("flags", "code", "said"),
    [
        ([], 2, "name their place with --data"),
        (["--data", "other.npz"], 4, "not the images of"),
        (["--data", "toy.npz", "--seeds", "0"], 2, "--seeds 0"),
        (["--data", "toy.npz", "-o", "out/thresholds.json/x.html"], 2, "cannot write into"),
        (["--data", "toy.npz", "-o", "out"], 2, "--output out: that is a folder"),
    ],
)
def test_what_cannot_be_evaluated_is_said_in_one_line(thresholds, flags, code, said, capsys):
    part = toy_pictures(seed=1).train
    np.savez("other.npz", images=part.images, labels=part.labels)
    capsys.readouterr()
    assert light.main([thresholds, *flags]) == code
    err = capsys.readouterr().err
    assert said in err
    assert err.count("\n") == 1


def test_a_file_that_does_not_say_of_what_variants_are_is_refused(thresholds, capsys):
    made = json.loads(Path(thresholds).read_text())
    del made["protocol"]["variants_of"]
    Path("less.json").write_text(json.dumps(made))
    capsys.readouterr()
    assert light.main(["less.json", "--data", "toy.npz"]) == 2
    assert "less.json: its protocol cannot be used ('variants_of')" in capsys.readouterr().err


def test_a_file_that_is_not_there_is_named(capsys):
    assert light.main(["nowhere.json"]) == 2
    assert "nowhere.json" in capsys.readouterr().err


def test_no_database_is_read_so_none_can_be_named(capsys):
    with pytest.raises(SystemExit) as ended:
        light.main(["thresholds.json", "--storage", "sqlite:///studies.db"])
    assert ended.value.code == 2
    assert "there is no flag --storage" in capsys.readouterr().err
