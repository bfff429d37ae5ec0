"""Different light: what it does to images, the inputs that are compared under it, and the command."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboards.light import light_figure, light_table
from search import light
from search.binarization.binarization import Arithmetic, Binarization, Greyscale
from search.binarization.cut_points import ColorCutPoints, CombinedCutPoints, CutPoints
from search.binarization.levels import GREY, Dither, Rank
from search.binarization.windows import Contrast, Ratio
from search.deploy.thresholds import read
from search.evaluation.drift import AMOUNTS, KINDS, Drift, drifts
from search.evaluation.lights import light_data, names_of
from search.evaluation.metrics import METRICS
from search.light import compared
from search.study import main as study
from storage.scores import Scores
from tests.conftest import toy_pictures
from tests.test_rules import PIXELS

LEVELS = np.arange(256, dtype=np.uint8)
THREE = Binarization(CutPoints((60, 120, 180)), "range")
LOCAL = Binarization(CutPoints((123,)), "thermometer", level_maps=(Contrast(9),))


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


def test_the_lights_cover_gain_gamma_and_brightness_from_dark_to_bright():
    assert {kind: (min(amounts), max(amounts)) for kind, amounts in AMOUNTS.items()} == {
        "gain": (0.4, 2.0),
        "gamma": (0.4, 2.5),
        "brightness": (-80.0, 80.0),
    }


def test_a_file_of_grey_levels_is_compared_with_as_many_cut_points_of_ranks_and_with_greyscale():
    of_rank = Binarization(CutPoints((64, 128, 192)), "thermometer", level_maps=(Rank(),))
    assert compared([THREE], [PIXELS]) == [THREE, of_rank, Greyscale()]
    binary = Arithmetic("xnor", "binary")
    cuts = CutPoints((9, 99))
    inputs = compared([Binarization(cuts, "range", binary)], [PIXELS])
    assert [each.arithmetic for each in inputs] == [binary] * 3


def test_every_color_of_a_file_of_grey_levels_gets_as_many_cut_points_of_ranks():
    cuts = ColorCutPoints((CutPoints((10,)), CutPoints((20, 30)), CutPoints((40,))))
    _, of_rank, full_color = compared([Binarization(cuts, "range")], [PIXELS] * 3)
    assert of_rank.cut_points.values == ((128,), (85, 171), (128,))
    assert of_rank.level_maps == (Rank(),) * 3
    assert full_color == Greyscale(colors=3)


def test_a_file_of_another_level_map_is_compared_with_the_8_bit_level_map_and_with_greyscale():
    assert compared([LOCAL], [PIXELS]) == [LOCAL, Greyscale(level_map=Contrast(9)), Greyscale()]
    of_rank = Binarization(CutPoints((128,)), "thermometer", level_maps=(Rank(),))
    assert compared([of_rank], [PIXELS]) == [of_rank, Greyscale(level_map=Rank()), Greyscale()]
    colors = Binarization(ColorCutPoints((CutPoints((128,)),) * 3), "thermometer", level_maps=(Ratio(5),))
    assert compared([colors], [PIXELS] * 3) == [colors, Greyscale(colors=3, level_map=Ratio(5)), Greyscale(colors=3)]


def test_an_input_of_several_level_maps_has_no_8_bit_level_map():
    several = Binarization(
        CombinedCutPoints((CutPoints((90,)), CutPoints((128,)))), "thermometer", level_maps=(GREY, Contrast(5))
    )
    assert compared([several], [PIXELS]) == [several, Greyscale()]


def test_of_several_files_each_input_is_compared_once():
    other = Binarization(CutPoints((130,)), "thermometer", level_maps=(Contrast(9),))
    inputs = compared([THREE, LOCAL, THREE, other], [PIXELS])
    assert inputs == [THREE, LOCAL, other, Greyscale(level_map=Contrast(9)), Greyscale()]
    assert compared([THREE, THREE], [PIXELS]) == compared([THREE], [PIXELS])


def test_each_input_is_compared_with_greyscale_of_the_same_weights_and_activations():
    binary = Binarization(CutPoints((90,)), "range", Arithmetic("xnor", "binary"))
    inputs = compared([THREE, binary], [PIXELS])
    assert inputs == [THREE, binary, Greyscale(), Greyscale(binary.arithmetic)]
    values = dict(zip(inputs, (0.25, 1.0, 0.5, 0.75), strict=True))
    scores = {
        (each, drift): Scores(np.full(4, value / 4), np.full(4, 0.25))
        for each, value in values.items()
        for drift in drifts()
    }
    data = light_data(scores, METRICS["accuracy"])
    first = data.drop_duplicates("input").set_index("input")
    assert first["gain"][str(THREE)] == -0.25
    assert first["gain"][str(binary)] == 0.25
    assert first["gain"].isna().tolist() == [False, False, True, True]
    columns = light_table(data, METRICS["accuracy"]).columns.tolist()
    assert columns == [
        "light",
        *map(str, inputs),
        f"{THREE} - greyscale",
        f"{binary} - greyscale, xnor weights, binary activations",
    ]
    lines = [trace.line for trace in light_figure(data, METRICS["accuracy"]).data if trace.xaxis == "x"]
    assert len({(line.color, line.dash) for line in lines}) == 4


def test_inputs_with_the_same_text_are_named_apart():
    mosaics = [Dither.mosaic([[cut, 50, 60], [70, 80, 90], [100, 110, 120]]) for cut in (30, 40)]
    inputs = [Binarization(CutPoints((128,)), "thermometer", level_maps=(each,)) for each in mosaics]
    assert str(inputs[0]) == str(inputs[1])
    assert list(names_of([*inputs, inputs[0]]).values()) == [str(inputs[0]), f"{inputs[0]} (2)"]


def test_differences_are_from_greyscale_on_the_same_photos():
    right = np.array([1.0, 1, 0, 1])
    scores = {}
    for drift in drifts():
        for each, by_photo in ((THREE, np.ones(4)), (LOCAL, right), (Greyscale(), right)):
            scores[each, drift] = Scores(by_photo / 4, np.full(4, 0.25))
    data = light_data(scores, METRICS["accuracy"])
    by_input = data.groupby("input")["gain"].agg(set)
    assert by_input[str(THREE)] == {0.25}
    assert by_input[str(LOCAL)] == {0.0}
    more = scores[THREE, drifts()[0]] - scores[Greyscale(), drifts()[0]]
    assert data["gain_low"].iloc[0] <= more.value - 1.96 * more.standard_error
    assert data["gain_high"].iloc[0] >= more.value + 1.96 * more.standard_error
    lines = [trace for trace in light_figure(data, METRICS["accuracy"]).data if trace.type == "scatter"]
    assert len(lines) == 9
    assert {trace.name for trace in lines} == {str(THREE), str(LOCAL), "greyscale"}


def test_inputs_without_an_error_still_have_intervals():
    """Of 300 photos: the rule of three says that up to a hundredth may err."""
    weights = np.full(300, 1 / 300)
    scores = {(each, drift): Scores(weights, weights) for each in (THREE, Greyscale()) for drift in drifts()}
    data = light_data(scores, METRICS["accuracy"])
    assert data["low"].between(0.98, 0.99).all()
    assert (data["high"] == 1).all()
    compared_rows = data[data["against"].notna()]
    assert len(compared_rows) == len(drifts())
    assert compared_rows["gain_low"].between(-0.02, -0.01).all()
    assert compared_rows["gain_high"].between(0.01, 0.02).all()
    table = light_table(data, METRICS["accuracy"]).to_string()
    assert "±" not in table
    assert "100.0% [98.8, 100.0]" in table
    (line, *_) = [trace for trace in light_figure(data, METRICS["accuracy"]).data if trace.type == "scatter"]
    assert (np.array(line.error_y.array) == 0).all()
    assert (np.array(line.error_y.arrayminus) > 0.01).all()


def search_digits(folder: str, *flags: str) -> str:
    """The thresholds file of a short study of digits."""
    short = ["--data", "digits", "--trials", "1", "--references", "none", "--epochs", "1", "--width", "4"]
    named = ["--storage", f"sqlite:///{folder}.db", "--output-dir", folder]
    assert study([*named, *short, *flags]) == 0
    return f"{folder}/thresholds.json"


def test_files_of_digits_with_different_level_maps_are_compared_in_one_table_and_figure(capsys):
    grey = search_digits("grey", "--levels", "grey")
    local = search_digits("local", "--levels", "contrast", "--windows", "3-5")
    capsys.readouterr()
    assert light.main([grey, local, grey, "-o", "light.html", "--format", "markdown"]) == 0
    out, err = capsys.readouterr()
    (one, _), (other, _) = read(Path(grey)), read(Path(local))
    names = [str(one), str(other), f"greyscale of {other.level_maps[0]}", "greyscale"]
    differences = [f"{name} - greyscale" for name in names[:3]]
    header, _, *rows = out.splitlines()
    assert [cell.strip() for cell in header.strip("|").split("|")] == ["light", *names, *differences]
    assert len(rows) == len(drifts())
    assert [line for line in err.splitlines() if line.startswith("trained ")] == [
        f"trained {name}, seed 0" for name in names
    ]
    assert all(name in Path("light.html").read_text() for name in names)


def test_a_file_of_another_protocol_or_of_other_images_is_refused_beside_the_first(capsys):
    first = search_digits("first")
    longer = search_digits("longer", "--epochs", "2")
    made = json.loads(Path(first).read_text())
    made["fingerprints"]["data"] = "00000000"
    Path("else.json").write_text(json.dumps(made))
    made["protocol"]["data_fingerprint"] = "00000000"
    Path("other.json").write_text(json.dumps(made))
    for path, said in (
        (longer, f"(recipe.epochs: 1 in {first}, 2 in {longer})"),
        (
            "other.json",
            f"(data_fingerprint: {read(Path(first))[1]['protocol']['data_fingerprint']} in {first}, "
            "00000000 in other.json)",
        ),
        ("else.json", "these are not the images of else.json"),
    ):
        capsys.readouterr()
        assert light.main([first, path]) == 4
        err = capsys.readouterr().err
        assert said in err
        assert err.count("\n") == 1


@pytest.fixture
def thresholds(tmp_path):
    """The file of a study of toy images."""
    part = toy_pictures().train
    np.savez("toy.npz", images=part.images, labels=part.labels)
    flags = [
        "--data",
        "toy.npz",
        "--levels",
        "grey",
        "--trials",
        "3",
        "--epochs",
        "2",
        "--width",
        "4",
        "--output-dir",
        "out",
    ]
    assert study(["--storage", "sqlite:///studies.db", *flags]) == 0
    return "out/thresholds.json"


def test_a_file_is_evaluated_as_a_table_and_a_figure(thresholds, capsys):
    capsys.readouterr()
    assert light.main([thresholds, "--data", "toy.npz", "--seeds", "2", "-o", "light.html"]) == 0
    out, err = capsys.readouterr()
    assert len(out.splitlines()) == 1 + len(drifts())
    assert "- greyscale" in out
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
def test_unusable_arguments_are_refused_in_one_line(thresholds, flags, code, said, capsys):
    part = toy_pictures(seed=1).train
    np.savez("other.npz", images=part.images, labels=part.labels)
    capsys.readouterr()
    assert light.main([thresholds, *flags]) == code
    err = capsys.readouterr().err
    assert said in err
    assert err.count("\n") == 1


def test_a_file_whose_protocol_lacks_a_field_is_refused(thresholds, capsys):
    made = json.loads(Path(thresholds).read_text())
    del made["protocol"]["variants_of"]
    Path("less.json").write_text(json.dumps(made))
    capsys.readouterr()
    assert light.main(["less.json", "--data", "toy.npz"]) == 2
    assert "less.json: its protocol cannot be used ('variants_of')" in capsys.readouterr().err


def test_a_missing_file_is_named(capsys):
    assert light.main(["nowhere.json"]) == 2
    assert "nowhere.json" in capsys.readouterr().err


def test_there_is_no_flag_for_a_database(capsys):
    with pytest.raises(SystemExit) as ended:
        light.main(["thresholds.json", "--storage", "sqlite:///studies.db"])
    assert ended.value.code == 2
    assert "there is no flag --storage" in capsys.readouterr().err
