"""Folders of images by class."""

import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from search import study
from search.data import decode
from search.data.image_folders import find_pictures
from search.data.load import load_pictures
from search.data.source import Source
from search.errors import BadInput
from tests.conftest import toy_pictures

PART = toy_pictures().train
NAMES = ("bird", "cat", "dog")


def save(path, levels):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(levels).save(path)
    return path


def save_part(folder, part=PART):
    for i, (image, label) in enumerate(zip(part.images, part.labels, strict=True)):
        save(folder / NAMES[label] / f"{i:03}.png", image)
    return folder


def in_name_order(part=PART):
    """Returns the images in the order of a folder: by class, then by number."""
    order = np.argsort(part.labels, kind="stable")
    return part.images[order], part.labels[order]


def test_class_folders_give_pictures_and_class_names_sorted_by_name():
    pictures, _ = load_pictures(Source(str(save_part(Path("animals")))))
    images, labels = in_name_order()
    assert (pictures.name, pictures.class_names, pictures.test) == ("animals", NAMES, None)
    assert np.array_equal(pictures.train.images, images)
    assert np.array_equal(pictures.train.labels, labels)
    assert (pictures.preprocessing, pictures.notes) == ({}, ())
    assert pictures.train.photos == PART.photos


def test_train_and_test_folders_are_read_and_other_folders_are_noted():
    save_part(Path("a/train"))
    save_part(Path("a/test"), toy_pictures(photos=3, seed=5).train)
    save(Path("a/val/cat/1.png"), PART.images[0])
    pictures, _ = load_pictures(Source("a"))
    assert (len(pictures.train), len(pictures.test)) == (108, 27)
    assert np.array_equal(pictures.test.images, in_name_order(toy_pictures(photos=3, seed=5).train)[0])
    assert pictures.notes == ("folders not read beside train and test: val",)


def test_classes_may_be_called_train_and_folders_below_a_class_belong_to_it():
    save(Path("a/car/1.png"), PART.images[0])
    save(Path("a/train/1.png"), PART.images[1])
    save(Path("a/train/night/2.png"), PART.images[2])
    found = find_pictures(Path("a"))
    assert found.classes == ["car", "train", "train"]
    assert found.training == 3


def test_system_files_and_hidden_files_are_ignored():
    folder = save_part(Path("a"))
    for name in ("cat/Thumbs.db", "cat/.DS_Store", ".git/x", "dog/__MACOSX/y", "dog/desktop.ini"):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text("x")
    (folder / "README.txt").write_text("my animals")
    pictures, _ = load_pictures(Source("a"))
    assert len(pictures.train) == len(PART)
    assert pictures.notes == ("1 file beside the class folders not read: a/README.txt",)


def test_only_links_to_files_within_the_folder_are_followed():
    folder = save_part(Path("a"))
    save(Path("elsewhere/1.png"), PART.images[0])
    os.symlink(Path("elsewhere/1.png").resolve(), folder / "cat/x.png")
    os.symlink(Path("elsewhere").resolve(), folder / "fish")
    os.symlink(Path("a").resolve(), folder / "dog/loop")
    os.symlink("000.png", folder / "bird/000-again.png")
    found = find_pictures(folder)
    assert len(found.files) == len(PART) + 1
    assert Path("a/bird/000-again.png") in found.files
    assert found.notes == ("3 links not followed: a/fish, a/cat/x.png, a/dog/loop",)


def test_a_file_that_is_not_a_picture_is_an_error_or_skipped_and_counted(capsys):
    (save_part(Path("a")) / "cat/notes.txt").write_text("x")
    with pytest.raises(BadInput, match=r"a/cat/notes.txt is not an image in a supported format; .* --skip-bad"):
        load_pictures(Source("a"))
    for _ in range(2):  # the second time from the cache
        pictures, _ = load_pictures(Source("a", skip_bad=True))
        assert len(pictures.train) == len(PART)
        assert pictures.notes[0].startswith("1 bad image skipped: a/cat/notes.txt")


def test_pictures_of_different_sizes_need_the_size_flag():
    save(save_part(Path("a")) / "cat/0.png", np.zeros((9, 8), np.uint8))
    with pytest.raises(BadInput, match=r"a/bird/000.png is 8x8 and a/cat/0.png is 9x8; set one size with --size"):
        load_pictures(Source("a"))
    pictures, _ = load_pictures(Source("a", size="6x7", fit="crop"))
    assert pictures.shape == (6, 7)
    assert pictures.preprocessing["fit"] == "crop"


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Path("a").mkdir(), r"a: empty; it needs .* a folder of images for each class"),
        (
            lambda: save(Path("a/1.png"), PART.images[0]),
            r"a: 1 image, but no class folders; put each class's images into a separate folder$",
        ),
        (lambda: (save_part(Path("a")) / "empty").mkdir(), "a/empty: a class folder without images; fill or remove"),
        (lambda: save_part(Path("a/train")) and Path("a/test").mkdir(), "a/test: no class folders; put"),
        (
            lambda: save_part(Path("a/train")) and save(Path("a/test/fish/1.png"), PART.images[0]),
            r"the test set has label fish, .* \(training labels: bird, cat, dog\)",
        ),
        (lambda: os.mkfifo(save_part(Path("a")) / "cat/pipe.png"), "a/cat/pipe.png: neither a file nor a folder"),
    ],
)
def test_invalid_folders_are_refused(make, message):
    make()
    with pytest.raises(BadInput, match=message):
        load_pictures(Source("a"))


def test_a_class_without_usable_pictures_is_refused():
    (save_part(Path("a")) / "fish").mkdir()
    Path("a/fish/1.png").write_text("x")
    with pytest.raises(BadInput, match="all images of class 'fish' are bad"):
        load_pictures(Source("a", skip_bad=True))


def test_a_channel_of_color_pictures_is_extracted_once():
    colored = np.stack([255 - PART.images, PART.images, PART.images // 2], axis=-1)
    for i, (image, label) in enumerate(zip(colored, PART.labels, strict=True)):
        save(Path("a") / NAMES[label] / f"{i:03}.png", image)
    pictures, _ = load_pictures(Source("a", color="channel:g"))
    assert np.array_equal(pictures.train.images, in_name_order()[0])
    assert pictures.preprocessing == {"color": "channel:g"}


def test_a_channel_of_a_folder_of_grey_pictures_is_refused():
    save_part(Path("a"))
    with pytest.raises(BadInput, match="a: --color channel:g needs color images"):
        load_pictures(Source("a", color="channel:g"))


def test_the_cache_depends_on_each_file_and_each_flag(monkeypatch):
    folder = save_part(Path("a"))
    sources = [Source("a"), Source("a", size="8x6"), Source("a", size="8x6", fit="stretch"), Source("a", skip_bad=True)]
    before = [load_pictures(source)[0] for source in sources]
    monkeypatch.setattr("search.data.stack.decode", None)
    for source, read in zip(sources, before, strict=True):
        again = load_pictures(source)[0]
        assert np.array_equal(again.train.images, read.train.images)
        assert again.preprocessing == read.preprocessing
    monkeypatch.setattr("search.data.stack.decode", decode.decode)
    save(folder / "cat/001.png", 255 - PART.images[1])
    assert not np.array_equal(load_pictures(sources[0])[0].train.images, before[0].train.images)


def test_a_class_with_one_picture_ends_a_study_with_one_line(capsys):
    save(save_part(Path("a")) / "fish/1.png", PART.images[0])
    assert study.main(["--data", "a", "--trials", "1"]) == 2
    assert "class 'fish' has 1 photo, not counting variants; the split needs at least 5" in capsys.readouterr().err


def test_a_study_reports_skipped_pictures_and_its_confirmation_reads_the_same_pictures(capsys):
    (save_part(Path("a")) / "cat/notes.txt").write_text("x")
    flags = ["--data", "a", "--size", "8x8", "--skip-bad", "--trials", "1", "--epochs", "1", "--width", "4"]
    assert study.main([*flags, "--max-cuts", "1", "--confirm", "2"]) == 0
    out, err = capsys.readouterr()
    assert "note: 1 bad image skipped: a/cat/notes.txt" in err
    assert "Reading 1 of these photos" in out


@pytest.mark.parametrize(
    ("train", "test"),
    [
        ("Train", "Test"),
        ("TRAIN", "test"),
        ("training", "testing"),
        ("training_set", "test_set"),
        ("Training Data", "Testing Data"),
        ("train-images", "evaluation"),
        ("seg_train", "seg_test"),
        ("training_set/training_set", "test_set/test_set"),
        ("seg_train/seg_train", "seg_test/seg_test"),
        ("train/images", "test/images"),
    ],
)
def test_parts_are_recognized_by_their_usual_names_in_any_case(train, test):
    save_part(Path("a") / train)
    save_part(Path("a") / test, toy_pictures(photos=3, seed=5).train)
    pictures, _ = load_pictures(Source("a"))
    assert pictures.class_names == NAMES
    assert (len(pictures.train), len(pictures.test)) == (108, 27)
    assert pictures.notes == ()


@pytest.mark.parametrize("name", ["val", "Valid", "VALIDATION", "dev"])
def test_a_validation_part_is_not_read_and_noted(name):
    save_part(Path("a/train"))
    save_part(Path("a") / name)
    pictures, _ = load_pictures(Source("a"))
    assert (pictures.class_names, pictures.test) == (NAMES, None)
    assert pictures.notes == (f"folders not read beside train, from which a test set is split off: {name}",)


def test_class_names_may_end_like_part_names():
    for name in ("freight-train", "car", "crash-test"):
        save(Path("a") / name / "1.png", PART.images[0])
        save(Path("a") / name / "night" / "1.png", PART.images[0])
    assert set(find_pictures(Path("a")).classes) == {"freight-train", "car", "crash-test"}


@pytest.mark.parametrize(
    ("folders", "message"),
    [
        (
            ("fold1/{}", "fold2/{}"),
            r"a: fold1 and fold2 contain folders of the same names \(bird, cat, dog\) and may be classes or",
        ),
        (("Train/{}", "train/{}"), "a: Train, train: several training or test folders; keep one"),
        (
            ("a_train/{}", "a_test/{}", "b_train/{}", "b_test/{}"),
            "a_test, a_train, b_test, b_train: several training or test folders",
        ),
        (("{}/train", "{}/test"), r"a: bird and cat contain folders of the same names \(test, train\)"),
        (
            ("Dataset/{}",),
            r"a: contains only one folder; the class folders \(bird, cat, dog\) are in it: --data a/Dataset",
        ),
        (("x/y/{}",), r"a: contains only one folder; the class folders \(bird, cat, dog\) are in it: --data a/x/y"),
        (("Data/train/{}", "Data/test/{}"), r"the class folders \(test, train\) are in it: --data a/Data"),
        (("cat",), "a: only one class \\(cat\\); a classifier needs at least two"),
        (("train", "test"), "a: test, train contain no class folders; put each class into one"),
    ],
)
def test_ambiguous_folders_are_refused(folders, message):
    for i, (image, label) in enumerate(zip(PART.images, PART.labels, strict=True)):
        for folder in folders:
            save(Path("a") / folder.format(NAMES[label]) / f"{i:03}.png", image)
    with pytest.raises(BadInput, match=message):
        load_pictures(Source("a"))


def test_labels_are_checked_before_pictures_are_decoded(monkeypatch):
    monkeypatch.setattr("search.data.stack.decode", None)
    save_part(Path("a/train"))
    save(Path("a/test/fish/1.png"), PART.images[0])
    with pytest.raises(BadInput, match="the test set has label fish"):
        load_pictures(Source("a"))


@pytest.mark.parametrize("name", ["metadata.csv", "labels.parquet", "notes_2.csv.zip"])
def test_a_stray_table_does_not_change_the_format_of_a_folder(name):
    folder = save_part(Path("a"))
    (folder / name).write_text("file,species\n")
    pictures, _ = load_pictures(Source("a"))
    assert pictures.class_names == NAMES
    assert pictures.notes == (f"1 file beside the class folders not read: a/{name}",)


def test_for_a_class_folder_the_folder_above_is_suggested():
    save_part(Path("Dataset"))
    with pytest.raises(
        BadInput, match=r"Dataset/cat: 36 images, but no class folders; .*give the folder above it: --data "
    ):
        load_pictures(Source("Dataset/cat"))
    with pytest.raises(
        BadInput, match=r"cat: 36 images, but no class folders; .* separate folder, or give .*/Dataset$"
    ):
        load_pictures(Source("Dataset/cat"))


def test_the_error_for_an_unknown_folder_lists_its_files_and_the_requirements():
    Path("a").mkdir()
    for i in range(7):
        Path(f"a/notes{i}.txt").write_text("x")
    names = ", ".join(f"notes{i}.txt" for i in range(5))
    with pytest.raises(BadInput, match=rf"a: it has {names} and 2 more; it needs \*_train.csv .* for each class"):
        load_pictures(Source("a"))


def test_notes_on_a_folder_are_repeated_if_pictures_come_from_the_cache(monkeypatch):
    folder = save_part(Path("a"))
    assert load_pictures(Source("a"))[0].notes == ()
    monkeypatch.setattr("search.data.stack.decode", None)
    (folder / "README.txt").write_text("x")
    os.symlink("/", folder / "cat/root")
    for _ in range(2):
        assert load_pictures(Source("a"))[0].notes == (
            "1 file beside the class folders not read: a/README.txt",
            "1 link not followed: a/cat/root",
        )


def test_at_most_five_links_are_listed_including_linked_parts():
    folder = save_part(Path("a/train"))
    for i in range(7):
        os.symlink("/", folder / f"cat/{i}")
    os.symlink("/", "a/test")
    names = ", ".join(f"a/train/cat/{i}" for i in range(4))
    assert find_pictures(Path("a")).notes == (f"8 links not followed: a/test, {names} and 3 more",)


def test_a_link_to_itself_is_refused():
    os.symlink("loop.png", save_part(Path("a")) / "cat/loop.png")
    with pytest.raises(BadInput, match=r"a/cat/loop.png: neither a file nor a folder; remove it"):
        find_pictures(Path("a"))


def test_at_most_five_bad_pictures_are_listed():
    folder = save_part(Path("a"))
    for i in range(7):
        (folder / f"cat/x{i}.png").write_text("x")
    with pytest.raises(
        BadInput, match=r"7 of 115 images are bad: a/cat/x0.png is .*a/cat/x4.png is .* and 2 more; repair"
    ):
        load_pictures(Source("a"))
    assert load_pictures(Source("a", skip_bad=True))[0].notes[0].endswith("in a supported format and 2 more")


def test_at_most_five_empty_class_folders_are_listed():
    folder = save_part(Path("a"))
    for i in range(6):
        (folder / f"e{i}").mkdir()
    with pytest.raises(BadInput, match=r"a/e0, a/e1, a/e2, a/e3, a/e4 and 1 more: class folders without images; fill"):
        load_pictures(Source("a"))


def test_a_class_name_that_is_not_text_is_refused():
    save_part(Path("a"))
    os.rename(b"a/cat", b"a/c\xff")
    with pytest.raises(BadInput, match=r"a: the class name 'c\\udcff' has control characters; rename it, in UTF-8"):
        load_pictures(Source("a"))


def test_folders_may_be_nested_deeper_than_the_recursion_limit():
    top = save_part(Path("a")) / "cat"
    folders = [top]
    for _ in range(1200):
        folders.append(folders[-1] / "d")
        os.mkdir(folders[-1])
    picture = folders[-1] / "1.png"
    Image.fromarray(PART.images[0]).save(picture)
    try:
        assert len(find_pictures(Path("a")).files) == len(PART) + 1
    finally:  # pytest removes folders recursively, which fails at this depth
        picture.unlink()
        for folder in reversed(folders[1:]):
            folder.rmdir()


@pytest.mark.parametrize("below", ["", "/images"])
def test_groups_are_captured_from_paths_below_train_and_test(below):
    for i, (image, label) in enumerate(zip(PART.images, PART.labels, strict=True)):
        part = "train" if i % 3 < 2 else "test"  # images of one photo are in both parts
        save(Path("a") / f"{part}{below}" / NAMES[label] / f"{i // 3:05}_{i % 3}.png", image)
    for expression in (r"^(.*)_\d+\.png$", r"^([^/]+/[^/]+)_", r"(\d+)_\d+\.png$"):
        pictures, _ = load_pictures(Source("a", groups=expression, similarity=0.9999))
        assert set(pictures.test.groups) == set(pictures.train.groups)
    with pytest.raises(BadInput, match=r"of 108 paths do not match, the first is bird/"):
        load_pictures(Source("a", groups="train/(.*)_"))


def test_subfolders_of_classes_are_groups_shared_by_all_parts():
    for i, (image, label) in enumerate(zip(PART.images, PART.labels, strict=True)):
        part = "train" if i % 3 < 2 else "test"
        save(Path("a") / part / NAMES[label] / f"p{i // 9 % 4}" / f"{i}.png", image)
    pictures, _ = load_pictures(Source("a", groups="^([^/]+/[^/]+)/"))
    assert len(set(pictures.train.groups)) == len({(label, i // 9 % 4) for i, label in enumerate(PART.labels)})
    assert set(pictures.test.groups) == set(pictures.train.groups)


def test_reading_from_another_folder_makes_another_cache_entry():
    for i, (image, label) in enumerate(zip(PART.images, PART.labels, strict=True)):
        save(Path("a/train") / NAMES[label] / f"p{i // 9 % 4}" / f"{i}.png", image)
    for data, name in (("a/train", "train"), ("a", "a"), ("a/train", "train")):
        pictures = load_pictures(Source(data, groups="^([^/]+/[^/]+)/"))[0]
        assert (pictures.name, pictures.origin, pictures.train.photos) == (name, data, 12)


def put(*folders):
    """Saves all images in each folder, where {} stands for the class."""
    for i, (image, label) in enumerate(zip(PART.images, PART.labels, strict=True)):
        for folder in folders:
            save(Path("a") / folder.format(NAMES[label]) / f"{i:03}.png", image)


@pytest.mark.parametrize("third", [[], ["docs"]])
def test_a_stray_picture_in_a_part_does_not_turn_parts_into_classes(third):
    put("train/{}", "test/{}", *third)
    save(Path("a/train/stray.png"), PART.images[0])
    found = find_pictures(Path("a"))
    assert set(found.classes) == set(NAMES)
    assert found.notes[-1] == "1 file beside the class folders not read: a/train/stray.png"


def test_a_stray_picture_in_the_only_part_does_not_turn_it_into_a_class():
    put("train/{}")
    save(Path("a/train/stray.png"), PART.images[0])
    assert set(find_pictures(Path("a")).classes) == set(NAMES)
    put("extra/{}")
    with pytest.raises(BadInput, match="a: train may be the training part or a class like extra"):
        find_pictures(Path("a"))


@pytest.mark.parametrize(("train", "test"), [("Train_1", "Test_1"), ("train2", "test2"), ("training set 1", "test-1")])
def test_parts_may_have_a_number(train, test):
    save(Path("a") / train / "cat/1.png", PART.images[0])
    save(Path("a") / train / "dog/1.png", PART.images[1])
    save(Path("a") / test / "cat/1.png", PART.images[2])
    found = find_pictures(Path("a"))
    assert (found.classes, found.training) == (["cat", "dog", "cat"], 2)
    save(Path("a/train_5/cat/1.png"), PART.images[2])
    with pytest.raises(BadInput, match="several training or test folders"):
        find_pictures(Path("a"))


@pytest.mark.parametrize("third", [[], ["docs"]])
def test_parts_without_class_folders_are_refused(third):
    put("train", "test", *third)
    with pytest.raises(BadInput, match="a: test, train contain no class folders; put each class into one"):
        find_pictures(Path("a"))


def test_for_a_test_part_without_classes_the_training_part_is_suggested():
    put("train/{}", "test")
    with pytest.raises(BadInput, match=r"a/test: no class folders; .* or use the training part alone: --data a/train$"):
        find_pictures(Path("a"))
    assert find_pictures(Path("a/train")).training == len(PART)


def test_linked_class_folders_are_refused_with_a_remedy():
    save_part(Path("elsewhere"))
    Path("a").mkdir()
    for name in NAMES:
        os.symlink(Path("elsewhere").resolve() / name, Path("a") / name)
    with pytest.raises(
        BadInput, match="a: it has only links, which are not followed: bird, cat, dog; put the folders there"
    ):
        load_pictures(Source("a"))
    (Path("a") / "cat").unlink()
    save(Path("a/cat/1.png"), PART.images[0])
    with pytest.raises(BadInput, match=r"a \(2 links not followed: a/bird, a/dog\): only one class \(cat\)"):
        load_pictures(Source("a"))


def test_a_folder_called_train_beside_similar_folders_is_refused():
    for name in ("bus", "train", "car"):
        save(Path("a") / name / f"{name}0" / "1.png", PART.images[0])
        save(Path("a") / name / f"{name}1" / "1.png", PART.images[0])
    message = "a: train may be the training part or a class like bus, car, .*give --data a/train; .* rename"
    with pytest.raises(BadInput, match=message):
        find_pictures(Path("a"))
    Path("a/train").rename("a/trains")
    assert set(find_pictures(Path("a")).classes) == {"bus", "trains", "car"}
