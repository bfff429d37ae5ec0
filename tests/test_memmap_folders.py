"""Folders of NumPy memmaps."""

import json
from pathlib import Path

import numpy as np
import pytest

from search.data import cache
from search.data.load import load_pictures
from search.data.source import Source
from search.data.split import split_pictures
from search.errors import BadInput
from tests.conftest import toy_pictures
from tests.test_npz_files import BAD_MEMBERS

PART = toy_pictures().train


def save(**arrays):
    folder = Path("m")
    folder.mkdir(exist_ok=True)
    for name, array in {"images": PART.images, "labels": PART.labels, **arrays}.items():
        if name == "class_names":
            (folder / "class_names.json").write_text(json.dumps(array))
        elif array is not None:
            np.save(folder / f"{name}.npy", array)
    return "m"


def test_pixels_stay_on_disk_until_a_split_reads_them():
    pictures, _ = load_pictures(Source(save()))
    assert isinstance(pictures.train.images, np.memmap)
    assert np.array_equal(pictures.train.images, PART.images)
    assert np.array_equal(pictures.train.groups, PART.groups)
    assert not isinstance(split_pictures(pictures, 0).train.images, np.memmap)


def test_groups_are_cached_and_pixels_are_not(monkeypatch):
    large = np.tile(PART.images, (1, 20, 20))
    save(images=large, test_images=large, test_labels=PART.labels)
    before, _ = load_pictures(Source("m"))
    assert sum(entry.stat().st_size for entry in (cache.folder() / "pictures").iterdir()) < PART.images.size
    monkeypatch.setattr("search.data.assemble.grouped", lambda *_: pytest.fail("groups were searched for again"))
    again, _ = load_pictures(Source("m"))
    assert np.array_equal(again.train.groups, before.train.groups)
    assert np.array_equal(again.test.groups, before.test.groups)
    assert again.known_copies == before.known_copies == len(PART)


def test_all_files_are_read():
    folder = save(test_images=PART.images[:9], test_labels=PART.labels[:9], groups=PART.groups, class_names=[*"xyz"])
    pictures, _ = load_pictures(Source(folder))
    assert isinstance(pictures.test.images, np.memmap)
    assert (pictures.class_names, pictures.known_copies) == (("x", "y", "z"), 9)
    assert np.array_equal(pictures.train.groups, PART.groups)


def test_color_is_converted_and_the_grey_levels_are_in_memory():
    colored = np.stack([PART.images, 255 - PART.images, PART.images], axis=-1)
    pictures, _ = load_pictures(Source(save(images=colored), color="channel:g"))
    assert np.array_equal(pictures.train.images, 255 - PART.images)
    assert pictures.preprocessing == {"color": "channel:g"}


def test_memmaps_and_arrays_have_the_same_fingerprint():
    np.savez("m.npz", images=PART.images, labels=PART.labels)
    one, other = (split_pictures(load_pictures(Source(data))[0], 0) for data in (save(), "m.npz"))
    assert one.data_fingerprint == other.data_fingerprint
    assert one.split_fingerprint == other.split_fingerprint


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"labels": None}, "m: images without labels"),
        ({"images": None}, "m: labels without images"),
        ({"images": PART.images / 255}, r"m: images: 0.\d+ at \(0, 0, 0\) is not an integer"),
        ({"images": np.array([{}], dtype=object)}, "images.npy: contains Python objects, which are never unpickled"),
        ({"labels": PART.labels[1:]}, "labels: shape .* for 108 images"),
        ({"test_images": PART.images}, "test_images without test_labels"),
        ({"groups": [1]}, "m: groups are int64"),
        ({"class_names": {"a": 1}}, "class_names.json: not a list of strings"),
        ({"class_names": ["a", "a"]}, "class_names contains a name twice"),
        ({"class_names": ["a"]}, "labels 0..2 do not fit 1 class_names"),
    ],
)
def test_bad_files_are_refused(arrays, message):
    with pytest.raises(BadInput, match=message):
        load_pictures(Source(save(**arrays)))


def test_truncated_files_are_refused():
    save()
    whole = Path("m/images.npy").read_bytes()
    for cut, message in (
        (b"", "not a NumPy array"),
        (whole[:-5], "has fewer bytes"),
        (b"text", "not a NumPy array"),
    ):
        Path("m/images.npy").write_bytes(cut)
        with pytest.raises(BadInput, match=f"images.npy: {message}.*; save it"):
            load_pictures(Source("m"))
    save()
    Path("m/class_names.json").write_text("[")
    with pytest.raises(BadInput, match=r"class_names.json: not valid JSON in UTF-8"):
        load_pictures(Source("m"))


@pytest.mark.parametrize("key", ["images", "labels"])
@pytest.mark.parametrize(("content", "message"), BAD_MEMBERS)
def test_a_file_that_is_not_an_array_or_has_a_bad_header_is_refused(key, content, message):
    save()
    Path(f"m/{key}.npy").write_bytes(content)
    with pytest.raises(BadInput, match=f"m/{key}.npy: .*{message}"):
        load_pictures(Source("m"))


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (b"[" * 100_000 + b"]" * 100_000, "not valid JSON in UTF-8"),
        (b"9" * 5000, "not valid JSON in UTF-8"),
        (b"[NaN, Infinity]", "not a list of strings"),
        (b'["a", {"b": []}, "c"]', "not a list of strings"),
        (b'["a\\u0000", "a", "c"]', "has control characters"),
        (b'["\\ud800", "b", "c"]', "has control characters"),
        (b'["a", " ", "c"]', "a class has an empty name"),
        ('["a", "b", "c"]'.encode("utf-16"), "not valid JSON in UTF-8"),
    ],
)
def test_invalid_class_names_are_refused(names, message):
    save()
    Path("m/class_names.json").write_bytes(names)
    with pytest.raises(BadInput, match=f"m/class_names.json: .*{message}") as caught:
        load_pictures(Source("m"))
    assert len(str(caught.value)) < 300


def test_an_empty_array_is_refused():
    save(images=PART.images[:0])
    with pytest.raises(BadInput, match=r"m: images: shape .*, with N >= 1"):
        load_pictures(Source("m"))


def test_arrays_in_fortran_order_are_mapped():
    save(images=np.asfortranarray(PART.images))
    assert np.array_equal(load_pictures(Source("m"))[0].train.images, PART.images)
