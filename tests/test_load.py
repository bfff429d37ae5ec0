"""Loading of the data set that --data names."""

import os
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from search.data import cache, csv_files
from search.data.load import load_pictures
from search.data.source import Source, parse_shape
from search.data.split import data_fingerprint
from search.errors import BadInput
from tests.conftest import toy_pictures


def write_csv(path, part, raw=None):
    pixels = part.images.reshape(len(part), -1)
    header = "label," + ",".join(f"pixel{i + 1}" for i in range(pixels.shape[1]))
    labels = part.labels if raw is None else raw
    rows = [f"{label}," + ",".join(map(str, row)) for label, row in zip(labels, pixels, strict=True)]
    path.write_text("\n".join([header, *rows]) + "\n")
    return path


def save_npz(path, **more):
    part = toy_pictures().train
    np.savez(path, **{"images": part.images, "labels": part.labels, **more})
    return path


def test_without_data_the_bundled_digits_are_loaded_with_a_reason():
    pictures, why = load_pictures(Source(None))
    assert (pictures.name, pictures.shape, len(pictures.train)) == ("digits", (8, 8), 1797)
    assert pictures.class_names == tuple("0123456789")
    assert pictures.train.images.max() == 255
    assert "not on disk" in why


def test_the_labels_of_a_csv_are_the_class_names(tmp_path):
    part = toy_pictures().train
    pictures, why = load_pictures(Source(str(write_csv(tmp_path / "h.csv", part, [4, 9, 30][0] + part.labels * 5))))
    assert pictures.class_names == ("4", "9", "14")
    assert (pictures.train.images == part.images).all()
    assert (pictures.train.labels == part.labels).all()
    assert (pictures.train.groups == part.groups).all()
    assert pictures.test is None
    assert why == "given by --data"


@pytest.mark.parametrize("zipped", [False, True])
def test_a_folder_with_train_and_test(tmp_path, zipped):
    folder = tmp_path / "hands"
    folder.mkdir()
    for name, seed in (("train", 0), ("test", 5)):
        file = write_csv(folder / f"hands_{name}.csv", toy_pictures(seed=seed).train)
        if zipped:
            with zipfile.ZipFile(f"{file}.zip", "w") as archive:
                archive.write(file, file.name)
            file.unlink()
    pictures, _ = load_pictures(Source(str(folder)))
    assert (pictures.name, len(pictures.test)) == ("hands", len(pictures.train))
    assert (pictures.test.images == toy_pictures(seed=5).train.images).all()


def test_one_zip_with_train_and_test(tmp_path):
    with zipfile.ZipFile(tmp_path / "archive.zip", "w") as archive:
        for name, seed in (("train", 0), ("test", 5)):
            archive.write(write_csv(tmp_path / "x.csv", toy_pictures(seed=seed).train), f"sub/hands_{name}.csv")
    pictures, _ = load_pictures(Source(str(tmp_path / "archive.zip")))
    assert (pictures.test.images == toy_pictures(seed=5).train.images).all()


def test_test_pictures_that_are_near_copies_of_training_pictures_are_counted(tmp_path):
    part = toy_pictures().train
    path = save_npz(tmp_path / "a.npz", test_images=part.images[:7], test_labels=part.labels[:7])
    assert load_pictures(Source(str(path)))[0].known_copies == 7


def test_class_names_without_pictures_are_dropped(tmp_path):
    labels = toy_pictures().train.labels * 2
    path = save_npz(tmp_path / "a.npz", labels=labels, class_names=["a", "b", "c", "d", "e"])
    pictures, _ = load_pictures(Source(str(path)))
    assert pictures.class_names == ("a", "c", "e")
    assert (pictures.train.labels == toy_pictures().train.labels).all()


def test_given_groups_are_kept(tmp_path):
    groups = np.arange(len(toy_pictures().train)) // 6
    pictures, _ = load_pictures(Source(str(save_npz(tmp_path / "a.npz", groups=groups))))
    assert (pictures.train.groups == groups).all()


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda folder: folder / "nothing.csv", "no such file or folder"),
        (lambda folder: folder, r"empty; it needs \*_train.csv and \*_test.csv, images.npy .* a folder of images"),
        (
            lambda folder: write_csv(folder / "a.csv", toy_pictures().train) and folder,
            r"it has a.csv; it needs \*_train.csv and \*_test.csv",
        ),
        (
            lambda folder: (folder / "a.txt").write_text("x") and folder / "a.txt",
            "unknown format; expected a .csv, .zip, .npz or .parquet file",
        ),
        (lambda folder: save_npz(folder / "a.npz", class_names=["a", "b"]), "labels 0..2 do not fit 2 class_names"),
        (
            lambda folder: save_npz(folder / "a.npz", test_images=np.zeros((1, 8, 8), np.uint8), test_labels=[8]),
            "the test set has label 8",
        ),
        (
            lambda folder: save_npz(folder / "a.npz", images=np.zeros((108, 3, 9), np.uint8)),
            "each side must have at least 4 pixels",
        ),
    ],
)
def test_bad_input_is_refused(tmp_path, make, message):
    with pytest.raises(BadInput, match=message):
        load_pictures(Source(str(make(tmp_path))))


def test_pipes_and_overlong_names_are_refused(tmp_path):
    os.mkfifo(tmp_path / "pipe.csv")
    for data, message in (
        (str(tmp_path / "pipe.csv"), "neither a file nor a folder"),
        ("a" * 300, "File name too long"),
    ):
        with pytest.raises(BadInput, match=message):
            load_pictures(Source(data))


@pytest.mark.parametrize("shape", ["28", "28x", "x28", "28x28x1", "ax2"])
def test_a_bad_shape_is_refused(shape):
    with pytest.raises(BadInput, match="expected HEIGHTxWIDTH"):
        parse_shape(shape)


@pytest.mark.parametrize("data", [None, "digits", "sign-mnist", "a.npz"])
def test_a_shape_is_refused_for_formats_that_store_it(tmp_path, data):
    save_npz(tmp_path / "a.npz")
    with pytest.raises(BadInput, match="applies only to CSV files; remove it"):
        load_pictures(Source(data, shape="8x8"))


def test_a_missing_data_folder_is_ignored_if_it_is_not_needed(tmp_path, monkeypatch):
    monkeypatch.setenv("CUTPOINTS_DATA", str(tmp_path / "nowhere"))
    assert load_pictures(Source("digits"))[0].name == "digits"


def test_a_missing_data_dir_is_refused(tmp_path, monkeypatch):
    with pytest.raises(BadInput, match="no such folder"):
        load_pictures(Source(None, tmp_path / "nowhere"))
    monkeypatch.setenv("CUTPOINTS_DATA", str(tmp_path / "nowhere"))
    with pytest.raises(BadInput, match="no such folder"):
        load_pictures(Source(None))


COLORED = np.stack([toy_pictures().train.images] * 3, axis=-1) // [1, 2, 3]


def test_a_color_channel_of_an_npz_or_csv_is_extracted_and_recorded():
    colored = COLORED.astype(np.uint8)
    save_npz("a.npz", images=colored, test_images=colored[:9], test_labels=toy_pictures().train.labels[:9])
    pixels = replace(toy_pictures().train, pixels=colored.reshape(len(colored), 8, 24))
    write_csv(Path("a.csv"), pixels)
    for source in (Source("a.npz", color="channel:g"), Source("a.csv", shape="8x8x3", color="channel:g")):
        for _ in range(2):  # read, and from the cache
            pictures, _ = load_pictures(source)
            assert np.array_equal(pictures.train.images, colored[..., 1])
            assert pictures.preprocessing == {"color": "channel:g"}
    assert load_pictures(Source("a.npz"))[0].preprocessing["coefficients"] == [0.299, 0.587, 0.114]
    assert load_pictures(Source("a.npz"))[0].test.images.shape == (9, 8, 8)


@pytest.mark.parametrize("data", ["digits", "a.npz"])
def test_a_channel_of_grey_pictures_is_refused(tmp_path, data):
    save_npz(tmp_path / "a.npz")
    with pytest.raises(BadInput, match="--color channel:r needs color images, but these are grey"):
        load_pictures(Source(data, color="channel:r"))


@pytest.mark.parametrize(("data", "kind"), [("digits", "a named data set"), ("a.npz", "an .npz")])
@pytest.mark.parametrize(
    ("flags", "message"),
    [
        ({"size": "8x8"}, "--size 8x8"),
        ({"skip_bad": True}, "--skip-bad"),
        ({"size": "8x8", "fit": "crop"}, "--size 8x8"),
    ],
)
def test_flags_for_encoded_pictures_are_refused_for_arrays(tmp_path, data, kind, flags, message):
    save_npz(tmp_path / "a.npz")
    with pytest.raises(BadInput, match=f"{message}: applies to folders of images and parquet files, not to {kind}"):
        load_pictures(Source(data, **flags))


def test_the_fingerprint_of_the_bundled_digits_is_stable():
    pictures, _ = load_pictures(Source("digits"))
    assert pictures.preprocessing == {}
    assert data_fingerprint(pictures) == "91d20b984b51e6d5"


def test_the_second_start_reads_from_the_cache(tmp_path, monkeypatch):
    path = str(write_csv(tmp_path / "h.csv", toy_pictures().train))
    first, _ = load_pictures(Source(path))
    monkeypatch.setattr(csv_files, "parse_csv", None)
    second, _ = load_pictures(Source(path))
    assert (first.train.images == second.train.images).all()
    assert (first.train.groups == second.train.groups).all()
    assert (first.name, first.origin, first.class_names) == (second.name, second.origin, second.class_names)


def test_a_changed_file_is_parsed_anew(tmp_path):
    path = write_csv(tmp_path / "h.csv", toy_pictures().train)
    load_pictures(Source(str(path)))
    write_csv(path, toy_pictures(photos=20).train)
    assert len(load_pictures(Source(str(path)))[0].train) == len(toy_pictures(photos=20).train)


def test_a_damaged_cache_entry_is_replaced(tmp_path):
    path = str(write_csv(tmp_path / "h.csv", toy_pictures().train))
    load_pictures(Source(path))
    (entry,) = (cache.folder() / "pictures").iterdir()
    whole = entry.read_bytes()
    directory = whole.index(b"PK\x01\x02")
    encrypted = whole[: directory + 8] + b"\x01" + whole[directory + 9 :]
    packed = whole[: directory + 10] + b"\x63" + whole[directory + 11 :]
    for damaged in (b"", whole[:100], whole[:-50], encrypted, packed):
        entry.write_bytes(damaged)
        assert len(load_pictures(Source(path))[0].train) == len(toy_pictures().train)
        assert entry.read_bytes() == whole


def test_a_similar_name_is_suggested():
    with pytest.raises(BadInput, match=r"did you mean sign-mnist\?"):
        load_pictures(Source("sign_mnist"))


def test_pixels_scaled_to_0_and_1_are_noted(tmp_path):
    images = np.random.default_rng(0).integers(0, 2, (30, 8, 8), dtype=np.uint8)
    np.savez(tmp_path / "a.npz", images=images, labels=np.arange(30) % 2)
    pictures, _ = load_pictures(Source(str(tmp_path / "a.npz")))
    assert "the brightest pixel is 1" in pictures.notes[0]


@pytest.mark.parametrize(("error", "message"), [(MemoryError(), "memory;"), (MemoryError("9 GB"), r"memory \(9 GB\);")])
def test_too_little_memory_is_reported(tmp_path, monkeypatch, error, message):
    def too_large(*_):
        raise error

    monkeypatch.setattr("search.data.load.recognize", too_large)
    with pytest.raises(BadInput, match=rf"a.npz: not enough {message} use a smaller --size or fewer images"):
        load_pictures(Source(str(save_npz(tmp_path / "a.npz"))))


@pytest.mark.parametrize("data", ["", " "])
def test_empty_data_is_not_the_current_folder(data):
    with pytest.raises(BadInput, match="--data is empty; give a file or folder, or remove the flag"):
        Source(data)
