"""The thresholds file: what stands in it, its round trip, and the command that writes it."""

import copy
import json
import shutil
from dataclasses import replace
from pathlib import Path

import jsonschema
import numpy as np
import optuna
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.constants import LEVELS
from search import study as search_study
from search.binarization.binarization import Binarization, Greyscale
from search.binarization.cut_points import CutPoints, cut_points_of
from search.binarization.encodings import ENCODINGS
from search.binarization.levels import GREY, Dither, Rank
from search.binarization.windows import Contrast, Ratio, Sauvola, Standardized
from search.config import StudyConfig
from search.deploy import thresholds
from search.deploy.picks import PICKS
from search.errors import BadInput, NothingToShow
from search.export import main
from search.references.rules import RULES
from search.study import run_study
from storage.database import open_database
from storage.results import load_results
from tests.confirmed import confirmed, findings
from tests.conftest import command, in_folder, toy_pictures
from tests.formula import make_formula

URL = "sqlite:///studies.db"
GOLDEN = Path(__file__).parent / "golden"  # thresholds-1.json: python -m search.export at commit 98edd8e


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("made")
    part = toy_pictures().train
    np.savez(folder / "toy.npz", images=part.images, labels=part.labels)
    with in_folder(folder):
        run_study(StudyConfig(data="toy.npz", trials=20, pruner="none", study_name="one"), URL, make_formula)
    return folder


@pytest.fixture
def results(made, tmp_path):
    shutil.copytree(made, tmp_path, dirs_exist_ok=True)
    return load_results(open_database(URL), "one")


def test_the_document_says_what_a_program_needs(results):
    made = thresholds.document(results)
    best = results.candidates.iloc[0]
    (part,) = made["parts"]
    assert tuple(part["cut_points"]) == best["cut_points"]
    assert part["threshold_ranges"] == [0, *part["cut_points"], 255]
    assert (part["color"], part["levels"], part["level"]) == (None, {"map": "grey"}, "x")
    assert made["value"] == best["value"]
    assert made["bits_per_pixel"] == made["channels"] == part["channels"] == best["channels"]
    assert made["comparison"] == "level >= cut_point"
    assert [len(c["parts"][0]["cut_points"]) for c in made["best_by_cut_points"]] == sorted(
        set(results.candidates["cuts"])
    )
    assert len(made["references"]) == 10
    assert {c["reference"] for c in made["references"]} <= set(RULES)
    assert made["greyscale"]["value"] == 0.95
    assert made["study"] == {
        "name": "one",
        "trials": {"complete": 20, "pruned": 0, "fail": 0, "running": 0, "waiting": 0, "stopped": 0},
    }
    assert made["fingerprints"]["protocol"] == results.protocol_fingerprint
    assert {"python", "torch", "numpy", "optuna", "cutpoints"} == made["versions"].keys()


def test_a_written_file_is_read_back_and_binarizes(results, tmp_path):
    path = tmp_path / "new folder" / "thresholds.json"
    thresholds.write(path, thresholds.document(results))
    binarization, made = thresholds.read(path)
    pixels = np.arange(LEVELS, dtype=np.uint8).reshape(1, 16, 16)
    channels = binarization.encode(pixels)
    bins = sum((pixels >= cut).astype(int) for cut in made["parts"][0]["cut_points"])  # by hand, from the JSON alone
    if made["parts"][0]["encoding"] == "range":
        assert (channels.argmax(axis=1) == bins).all()
    else:
        assert (channels.sum(axis=1) == bins).all()
    assert list(path.parent.iterdir()) == [path]


def test_the_best_with_a_number_of_cuts(results):
    made = thresholds.document(results, 2)
    assert len(made["parts"][0]["cut_points"]) == 2
    with pytest.raises(BadInput, match="--cuts 77: no finished trial has 77 cut points; there are 1, 2"):
        thresholds.document(results, 77)


@pytest.mark.parametrize("pick", PICKS)
def test_the_document_is_of_the_pick_and_names_it(results, pick, capsys):
    wanted = PICKS[pick](results)
    made = thresholds.document(results, pick=pick)
    assert (made["pick"], made["input"]) == (pick, str(Binarization.from_key(wanted["key"])))
    assert main(["--storage", URL, "--pick", pick]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert (printed["pick"], printed["parts"]) == (pick, made["parts"])
    assert len({tuple(p(results)["cut_points"]) for p in PICKS.values()}) > 1


def test_without_a_pick_it_is_the_best_and_with_cuts_the_best_of_them(results):
    assert thresholds.document(results)["pick"] == "best"
    assert thresholds.document(results, 2)["pick"] == "best of 2"


@pytest.mark.parametrize("pick", ["best", "knee"])
def test_cuts_and_pick_together_are_refused(results, pick, capsys):
    assert main(["--storage", URL, "--cuts", "2", "--pick", pick]) == 2
    assert capsys.readouterr().err == (
        f"error: --cuts 2 and --pick {pick} both choose a candidate; leave one of them out\n"
    )


def test_a_document_that_does_not_fit_the_schema_is_never_written(results, tmp_path):
    good = thresholds.document(results)
    for change in (
        {"value": float("nan")},
        {"value": 1.5},
        {"parts": []},
        {"parts": [good["parts"][0] | {"cut_points": [0, 300]}]},
        {"parts": [good["parts"][0] | {"color": "gray"}]},
        {"comparison": ">"},
        {"schema_version": 1},
        {"unknown": 1},
        {"pick": "luckiest"},
    ):
        bad = copy.deepcopy(good) | change
        with pytest.raises((jsonschema.ValidationError, ValueError)):
            thresholds.write(tmp_path / "bad.json", bad)
    assert not (tmp_path / "bad.json").exists()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"schema_version": 9}, r"\$\.schema_version"),
        ({"input": "0,128,255"}, "input 0,128,255 does not fit"),
        ({"weights": "ternary"}, "weights"),
        ({"bits_per_pixel": 77}, "bits_per_pixel 77 does not fit"),
        ({"index_bits_per_pixel": 77}, "index_bits_per_pixel 77 does not fit"),
        ({"channels": 77}, "channels 77 does not fit"),
        ({"trials": 3.0}, r"\$\.trials: 3.0 is not of type 'integer'"),
        ({"value": float("nan")}, r"NaN is no number of JSON\); export it again"),
        ({"standard_error": float("inf")}, "Infinity is no number of JSON"),
        ({"standard_error": float("-inf")}, "-Infinity is no number of JSON"),
        ({"metric": "\ud800"}, "no thresholds file .*surrogates not allowed"),
        ({"protocol": {"seed": 1.5}}, r"\$\.protocol\.seed"),
        ({"protocol": {"recipe": {"epochs": 10**9}}}, r"\$\.protocol\.recipe\.epochs"),
    ],
)
def test_a_file_that_does_not_hold_together_is_refused(results, tmp_path, change, said):
    (tmp_path / "a.json").write_text(json.dumps(thresholds.document(results) | change))
    with pytest.raises(BadInput, match=said):
        thresholds.read(tmp_path / "a.json")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"cut_points": [9, 3]}, "not strictly increasing"),
        ({"cut_points": [77]}, "does not fit 0,77,255"),
        ({"encoding": "grey"}, "encoding 'grey'"),
        ({"levels": {"map": "contrast", "window": 4}}, "window 4 of contrast is not an odd integer in 3..255"),
        ({"levels": {"map": "contrast"}}, "level map contrast takes window"),
        ({"levels": {"map": "edges"}}, "level map 'edges' is not one of grey, rank"),
        ({"level": "x + 1"}, "parts .* does not fit"),
        ({"channels": 77}, "parts .* does not fit"),
        ({"color": "r"}, "parts have the colors"),
    ],
)
def test_a_part_that_does_not_hold_together_is_refused(results, tmp_path, change, said):
    made = thresholds.document(results)
    made["parts"][0] |= change
    (tmp_path / "a.json").write_text(json.dumps(made))
    with pytest.raises(BadInput, match=said) as refused:
        thresholds.read(tmp_path / "a.json")
    assert len(str(refused.value)) < 500


def test_what_is_no_json_is_refused(tmp_path):
    deep = ["[" * 100_000, '{"a":' * 100_000, "[" * 900 + "]" * 900, '{"value": 1e999}', "9" * 5000]
    for content in ("", "{", "[1]", '"text"', *deep):
        (tmp_path / "a.json").write_text(content)
        with pytest.raises(BadInput, match=r"a\.json"):
            thresholds.read(tmp_path / "a.json")
    with pytest.raises(BadInput, match=r"nothing\.json"):
        thresholds.read(tmp_path / "nothing.json")


@pytest.mark.parametrize("name", ["thresholds.schema.json", "thresholds-1.schema.json"])
def test_the_schema_itself_is_valid_and_strict(name):
    schema = json.loads(Path(thresholds.__file__).with_name(name).read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    later = {"weights", "activations"} if "-1" in name else set()  # early files of version 1 lack them
    assert sorted(schema["required"]) == sorted(schema["properties"].keys() - later)


def test_export_writes_to_stdout_or_to_a_file(results, capsys, tmp_path):
    assert main(["--storage", URL]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert main(["--storage", URL, "--study-name", "one", "-o", "x/t.json", "--cuts", "3"]) == 0
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("x/t.json: 0,")
    assert len(thresholds.read(tmp_path / "x" / "t.json")[0].cut_points) == 3
    assert printed["study"]["name"] == "one"


def test_export_says_in_one_line_what_it_cannot_do(results, capsys, tmp_path):
    optuna.create_study(storage=URL, study_name="theirs")
    (tmp_path / "folder").mkdir()
    for flags, code, said in (
        (["--study-name", "two"], 2, "no study 'two' in sqlite:///studies.db; it holds one, theirs"),
        (["--study-name", "theirs"], 2, "was not made by"),
        (["--study-name", "one", "--cuts", "99"], 2, "--cuts 99"),
        (["--study-name", "one", "-o", "folder"], 2, "cannot write folder"),
        (["--study-name", "one", "-o", "studies.db/x.json"], 2, "cannot write studies.db/x.json"),
    ):
        assert main(["--storage", URL, *flags]) == code
        err = capsys.readouterr().err
        assert said in err
        assert err.count("\n") == 1
    assert main(["--storage", "sqlite:///missing.db"]) == 5
    assert not (tmp_path / "missing.db").exists()


def test_a_confirmed_document_need_not_say_with_what_was_trained(results, tmp_path):
    made = thresholds.document(replace(results, confirmation=findings(confirmed(Greyscale())).to_dict()))
    assert made["confirmation"]["trained_with"] == ["one"]
    del made["confirmation"]["trained_with"]
    thresholds.write(tmp_path / "a.json", made)
    assert thresholds.read(tmp_path / "a.json")[1]["confirmation"] == made["confirmation"]


def test_a_study_without_a_finished_trial_has_nothing_to_export(tmp_path):
    part = toy_pictures().train
    np.savez(tmp_path / "toy.npz", images=part.images, labels=part.labels)
    with pytest.raises(NothingToShow):
        run_study(StudyConfig(data="toy.npz", timeout=0), URL, make_formula)
    done = command("search.export")
    assert done.returncode == 3
    assert "has no finished trial yet" in done.stderr


def test_a_study_of_an_earlier_version_is_refused_with_the_reason(results, capsys):
    study = open_database(URL).load_study("one")
    protocol = study.user_attrs["protocol"]
    study.set_user_attr("protocol", {key: value for key, value in protocol.items() if key != "grouping"})
    capsys.readouterr()
    assert main(["--storage", URL]) == 4
    assert "of an earlier version" in capsys.readouterr().err
    assert search_study.main(["--storage", URL, "--data", "toy.npz", "--study-name", "one"]) == 4
    assert "of an earlier version" in capsys.readouterr().err


def version_1():
    return json.loads((GOLDEN / "thresholds-1.json").read_text(encoding="utf-8"))


def test_the_encoding_local_of_version_1_is_a_thermometer_of_ranks():
    binarization, made = thresholds.read(GOLDEN / "thresholds-1.json")
    assert made == version_1()
    assert str(binarization) == "rank: 0,85,171,255 thermometer"


def test_grey_levels_of_version_1_stay_what_they_are(tmp_path):
    grey = version_1() | {"encoding": "thermometer", "comparison": "pixel >= cut_point"}
    (tmp_path / "a.json").write_text(json.dumps(grey))
    assert str(thresholds.read(tmp_path / "a.json")[0]) == "0,85,171,255 thermometer"
    colors = {"cut_points": [[85]] * 3, "threshold_ranges": [[0, 85, 255]] * 3, "channels": 3}
    colors |= {"bits_per_pixel": 3, "index_bits_per_pixel": 3}
    (tmp_path / "b.json").write_text(json.dumps(grey | colors))
    assert str(thresholds.read(tmp_path / "b.json")[0]) == "r:0,85,255 g:0,85,255 b:0,85,255 thermometer"


def test_a_file_of_version_1_without_weights_is_read_as_real(tmp_path):
    made = version_1()
    for older in (made, *made["best_by_cut_points"], *made["references"]):
        del older["weights"], older["activations"]
    del made["data"]["preprocessing"], made["greyscale"]["input"]
    (tmp_path / "old.json").write_text(json.dumps(made))
    binarization, _ = thresholds.read(tmp_path / "old.json")
    assert str(binarization.arithmetic) == ""


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"cut_points": [9, 3]}, "not strictly increasing"),
        ({"cut_points": [77]}, r"threshold_ranges \[0, 85, 171, 255\] does not fit"),
        ({"comparison": "pixel >= cut_point"}, "comparison pixel >= cut_point does not fit"),
        ({"channels": 77}, "channels 77 does not fit"),
        ({"encoding": "grey"}, "encoding 'grey'"),
        ({"parts": []}, "not a thresholds file of version 1"),
    ],
)
def test_a_file_of_version_1_that_does_not_hold_together_is_refused(tmp_path, change, said):
    (tmp_path / "a.json").write_text(json.dumps(version_1() | change))
    with pytest.raises(BadInput, match=said):
        thresholds.read(tmp_path / "a.json")


cuts = st.sets(st.integers(1, 255), min_size=1, max_size=4).map(lambda s: CutPoints(tuple(sorted(s))))
MAPS = (
    GREY,
    Rank(),
    Contrast(9),
    Ratio(0),
    Standardized(5),
    Sauvola(15),
    Dither.bayer(4, 64),
    Dither(((0, 9), (9, 0))),
)


@given(st.data(), st.sampled_from(list(ENCODINGS)))
def test_every_binarization_comes_back_from_its_parts(data, encoding):
    in_color = data.draw(st.booleans())
    maps = data.draw(st.lists(st.sampled_from(MAPS), min_size=3 if in_color else 1, max_size=3, unique=not in_color))
    found = cut_points_of([data.draw(cuts) for _ in maps], colors=in_color)
    binarization = Binarization(found, encoding, level_maps=tuple(maps))
    made = json.loads(
        json.dumps({"parts": thresholds.parts_of(binarization), "weights": "real", "activations": "real"})
    )
    assert Binarization.of(thresholds._record(made)) == binarization
