"""Photo groups in whole studies: messages, protocol and confirmation."""

import json
import shlex
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from search import light
from search.binarization.binarization import Greyscale
from search.config import StudyConfig
from search.confirmation.compare import compare, photos_without_copies
from search.confirmation.config import ConfirmConfig
from search.confirmation.finalists import Entry
from search.confirmation.recipe import confirmation_protocol
from search.confirmation.roles import GREYSCALE
from search.data.load import load_pictures
from search.data.source import Source
from search.data.split import split_pictures
from search.evaluation.protocol import Protocol
from search.study import main, run_study
from search.trials.reopen import pictures_of, split_of
from storage.attributes import SOURCE, internal
from storage.database import open_database
from storage.results import load_results
from tests.confirmed import circumstances
from tests.conftest import toy_pictures
from tests.formula import make_formula

URL = "sqlite:///studies.db"
TRACKS, FRAMES = 24, 10  # frames of a track are similar, but not near copies
TRACK = np.repeat(np.arange(TRACKS), FRAMES)
LABELS = TRACK % 2


def frames(seed=0):
    rng = np.random.default_rng(seed)
    photos = rng.integers(0, 256, (TRACKS, 8, 8))
    return (photos[TRACK] + rng.normal(0, 25, (len(TRACK), 8, 8))).clip(0, 255).astype(np.uint8)


def save_folder(folder="signs"):
    for i, image in enumerate(frames()):
        path = Path(folder) / "ab"[LABELS[i]] / f"{TRACK[i]:05}_{i % FRAMES:05}.ppm"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(image).save(path)
    return folder


def run(**settings):
    return run_study(StudyConfig(**{"trials": 4, "pruner": "none", "study_name": "mine"} | settings), URL, make_formula)


def protocol():
    return load_results(open_database(URL), "mine").protocol


def lines(capsys):
    return capsys.readouterr().err.splitlines()


EXPRESSION = r"(\d+)_\d+\.ppm$"


def test_the_first_lines_give_the_number_of_pictures_and_groups(capsys):
    part, test = toy_pictures(photos=10, variants=7).train, toy_pictures(photos=4, seed=3).train
    np.savez("a.npz", images=part.images, labels=part.labels, test_images=test.images, test_labels=test.labels)
    assert run(data="a.npz") == 0
    first, second, *_ = lines(capsys)
    assert first == (
        "images: a (given by --data), 8x8, 3 classes; "
        "training 24 photos (168 images, of which 144 are trained on), "
        "validation 6 (42), test 12 (36, not read)"
    )
    assert second == (
        "photo groups: 30 found automatically (correlation > 0.98) among 210 training images, 12 among 36 test images"
    )
    assert run(data="a.npz", variants=0, similarity=0.9, folds=2, study_name="other") == 0
    first, second, *_ = lines(capsys)
    assert "training 15 photos (105 images), validation 15 (105), test 12 (36, not read); the first of 2 folds" in first
    assert "30 found automatically (correlation > 0.9) among" in second


def test_the_first_lines_give_the_origin_of_the_groups(capsys):
    save_folder()
    assert run(data="signs", groups=EXPRESSION) == 0
    assert lines(capsys)[1] == (
        rf"photo groups: 24 given by --groups '{EXPRESSION}', near copies joined (correlation > 0.98) "
        "among 240 training images"
    )
    assert run(data="signs", groups="none", study_name="none") == 0
    assert lines(capsys)[1] == "photo groups: none (--groups none), each image is a separate group"
    assert run(data="signs", similarity=1, study_name="none") == 0
    assert lines(capsys)[1] == "photo groups: none (--similarity 1), each image is a separate group"
    np.savez("a.npz", images=frames(), labels=LABELS, groups=TRACK)
    assert run(data="a.npz", similarity=1, study_name="array") == 0
    assert lines(capsys)[1] == "photo groups: 24 given by the data among 240 training images"


def test_ungrouped_frames_give_a_hint_whose_flag_groups_them(capsys):
    save_folder()
    assert run(data="signs") == 0
    found = lines(capsys)
    assert found[1] == "photo groups: 240 found automatically (correlation > 0.98) among 240 training images"
    (hint,) = [line for line in found if line.startswith("note: a/00000_00000.ppm and 9 others have ")]
    assert any(line.startswith("note: every image is a separate group; if some are frames") for line in found)
    flags = shlex.split(hint[hint.index("--groups") :])
    flags += ["--epochs", "1", "--width", "4", "--trials", "1", "--output-dir", "out"]
    assert main(["--storage", URL, "--data", "signs", *flags]) == 0
    assert "photo groups: 24 given" in lines(capsys)[1]


def test_a_different_grouping_is_a_different_protocol_and_the_error_names_the_difference(capsys):
    save_folder()
    run(data="signs")
    for flags, message in (
        (["--groups", "none"], "grouping.groups: automatic in the study, none now"),
        (["--groups", EXPRESSION], "grouping.groups: automatic in the study, given now"),
        (["--similarity", "0.5"], "grouping.similarity: 0.98 in the study, 0.5 now"),
        (["--similarity", "1"], "grouping.groups: automatic in the study, none now"),
    ):
        capsys.readouterr()
        assert main(["--storage", URL, "--data", "signs", "--study-name", "mine", *flags]) == 4
        (error,) = [line for line in lines(capsys) if line.startswith("error: ")]
        assert "study 'mine' has another protocol" in error
        assert message in error


def test_variants_limit_near_copies_by_default_and_given_groups_on_request(capsys):
    images = frames()
    images[1::FRAMES] = images[::FRAMES]  # the first two frames of a track are near copies
    np.savez("a.npz", images=images, labels=LABELS, groups=TRACK)
    pictures = load_pictures(Source("a.npz"))[0]
    assert len(set(pictures.train.copies)) == TRACKS * (FRAMES - 1)
    in_training = split_pictures(pictures, 0).train.photos
    for name, settings, variants, of, trained in (
        ("quick", {}, 6, "near copies", 10),
        ("one", {"variants": 1}, 1, "groups", 1),
        ("four", {"variants": 4}, 4, "groups", 4),
        ("all", {"variants": 0}, 0, "groups", 10),
    ):
        assert run(data="a.npz", study_name=name, **settings) == 0
        made = load_results(open_database(URL), name).protocol
        assert (made["variants"], made["variants_of"]) == (variants, of)
        number = in_training * trained
        message = f"{in_training * 10} images" + (f", of which {number} are trained on)" if trained < 10 else ")")
        assert message in lines(capsys)[0]


def test_variants_of_automatic_groups_are_always_near_copies():
    part = toy_pictures().train
    np.savez("a.npz", images=part.images, labels=part.labels)
    run(data="a.npz", variants=2)
    assert (protocol()["variants"], protocol()["variants_of"]) == (2, "near copies")


@pytest.mark.parametrize("flags", [{"groups": EXPRESSION, "similarity": 0.99}, {"groups": "none"}, {"similarity": 0.5}])
def test_a_confirmation_uses_the_groups_of_its_study(flags):
    """Both from the database alone and from the same flags."""
    save_folder()
    assert run(data="signs", **flags) == 0
    results = load_results(open_database(URL), "mine")
    known = Source(**internal(results.study, SOURCE))
    assert (known.groups, known.similarity) == (flags.get("groups"), flags.get("similarity", 0.98))
    for config in (ConfirmConfig(), ConfirmConfig(data="signs", picture_flags=flags)):
        pictures = pictures_of(results, config.source)
        assert pictures.grouping == results.protocol["grouping"]
        split = split_of(pictures, results, None)
        assert split.data_fingerprint == results.protocol["data_fingerprint"]
        made = confirmation_protocol(split, "full", None, Protocol.from_dict(results.protocol))
        assert made.grouping == results.protocol["grouping"]


def test_a_confirmation_leaves_out_shared_groups_and_resamples_test_groups():
    images = np.random.default_rng(0).integers(0, 256, (2 * len(TRACK), 8, 8)).astype(np.uint8)
    test = {"test_images": images[len(TRACK) :], "test_labels": LABELS, "test_groups": TRACK + TRACKS - 3}
    np.savez("a.npz", images=images[: len(TRACK)], labels=LABELS, groups=TRACK, **test)
    pictures = load_pictures(Source("a.npz"))[0]
    split = split_pictures(pictures, 0)
    independent = photos_without_copies(split.test, split.development, pictures.similarity)
    assert independent.tolist() == (TRACK >= 3).tolist()
    entries = [Entry(Greyscale(), (GREYSCALE,))]
    # All images of a track are right or wrong together, so tracks are the independent units.
    right = np.isin(TRACK, [5, 9, 14])
    predicted = {entries[0]: np.stack([np.where(right, LABELS, 1 - LABELS)] * 2)}
    found = compare(entries, predicted, split.test, independent, circumstances())
    assert (found.photos, found.photos_left_out, found.pictures) == (TRACKS - 3, 3, 210)
    accuracy = found.entries[0].accuracy
    assert accuracy.mean == pytest.approx(3 / 21)
    assert accuracy.high - accuracy.low > 0.2  # 210 independent images would give 0.1


def test_with_groups_none_no_test_picture_is_left_out_as_a_near_copy():
    part = toy_pictures().train
    np.savez("a.npz", images=part.images, labels=part.labels, test_images=part.images, test_labels=part.labels)
    split = split_pictures(load_pictures(Source("a.npz", groups="none"))[0], 0)
    assert photos_without_copies(split.test, split.development, split.pictures.similarity).all()
    assert not photos_without_copies(split.test, split.development).any()


def test_the_light_command_uses_the_stored_similarity_and_a_given_expression(capsys):
    save_folder()
    flags = ["--data", "signs", "--trials", "1", "--epochs", "1", "--width", "4", "--output-dir"]
    assert main(["--storage", URL, *flags, "near", "--similarity", "0.5"]) == 0
    assert main(["--storage", URL, *flags, "none", "--groups", "none"]) == 0
    assert main(["--storage", URL, *flags, "given", "--groups", EXPRESSION]) == 0
    for folder, more in (("near", []), ("none", []), ("given", ["--groups", EXPRESSION])):
        assert light.main([f"{folder}/thresholds.json", "--data", "signs", *more]) == 0
    capsys.readouterr()
    assert light.main(["given/thresholds.json", "--data", "signs"]) == 4
    assert "name the study's images with --data, and its --groups" in capsys.readouterr().err


def test_a_thresholds_file_with_an_invalid_grouping_is_refused_in_one_line(capsys):
    np.savez("a.npz", images=frames(), labels=LABELS)
    assert run(data="a.npz", output_dir=Path("out")) == 0
    made = json.loads(Path("out/thresholds.json").read_text())
    for grouping in (None, [], {}, {"groups": "given"}, {"groups": "given", "similarity": "x"}):
        made["protocol"]["grouping"] = grouping
        Path("out/thresholds.json").write_text(json.dumps(made))
        capsys.readouterr()
        assert light.main(["out/thresholds.json", "--data", "a.npz"]) == 2
        assert "export it again" in capsys.readouterr().err


def test_a_study_stores_its_source():
    save_folder()
    source = Source("signs", size="9x9", fit="crop", groups=EXPRESSION, similarity=0.97)
    assert run(**{key: value for key, value in asdict(source).items() if value is not None}) == 0
    known = Source(**internal(load_results(open_database(URL), "mine").study, SOURCE))
    assert asdict(known) == asdict(source) | {"data": str(Path("signs").resolve())}
