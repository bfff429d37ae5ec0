"""NumPy .npz files, and the errors for invalid ones."""

import io
import struct
import zipfile

import numpy as np
import pytest

from search.data.load import load_pictures
from search.data.npz_files import read_npz
from search.data.source import Source
from search.errors import BadInput
from tests.conftest import toy_pictures

IMAGES = np.arange(2 * 16, dtype=np.uint8).reshape(2, 4, 4)


def save(path, **arrays):
    np.savez(path, **arrays)
    return path


def test_all_arrays_are_read(tmp_path):
    path = save(
        tmp_path / "a.npz",
        images=IMAGES,
        labels=[0, 1],
        test_images=IMAGES[:1],
        test_labels=[1],
        groups=["x", "x"],
        class_names=["cat", "dog"],
    )
    arrays = read_npz(path)
    assert (arrays.images == IMAGES).all()
    assert arrays.labels.tolist() == [0, 1]
    assert arrays.test_labels.tolist() == [1]
    assert arrays.groups.tolist() == [0, 0]
    assert arrays.class_names == ("cat", "dog")


def test_integers_of_another_type_and_a_last_axis_of_one_are_read(tmp_path):
    arrays = read_npz(save(tmp_path / "a.npz", images=IMAGES[..., None].astype(float), labels=[0, 1]))
    assert arrays.images.dtype == np.uint8
    assert arrays.images.shape == (2, 4, 4)


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"labels": [0, 1]}, "labels without images"),
        ({"images": IMAGES}, "images without labels"),
        ({"x": IMAGES}, "has only x; the arrays 'images' and 'labels' are required"),
        ({"images": IMAGES, "labels": [0]}, "labels: shape .* for 2 images"),
        ({"images": IMAGES, "labels": [0.5, 1.0]}, "labels: type float64"),
        ({"images": IMAGES / 255, "labels": [0, 1]}, "not an integer in 0..255"),
        ({"images": IMAGES.astype(int) * 100, "labels": [0, 1]}, "not an integer in 0..255"),
        ({"images": IMAGES.astype(float) * np.nan, "labels": [0, 1]}, "nan at .* not an integer"),
        ({"images": np.zeros((2, 4, 4, 2), np.uint8), "labels": [0, 1]}, r"expected \(N, H, W\), or \(N, H, W, 3\)"),
        ({"images": IMAGES[:0], "labels": []}, "with N >= 1"),
        ({"images": IMAGES, "labels": [0, 1], "test_images": IMAGES}, "test_images without test_labels"),
        ({"images": IMAGES, "labels": [0, 1], "test_labels": [0]}, "test_labels without test_images"),
        (
            {"images": IMAGES, "labels": [0, 1], "test_images": IMAGES[:, :2], "test_labels": [0, 1]},
            "test_images are .* resize",
        ),
        ({"images": IMAGES, "labels": [0, 1], "groups": [1]}, "groups are"),
        ({"images": IMAGES, "labels": ["a", "b"], "class_names": ["a", "b"]}, "class_names must be a list"),
        ({"images": IMAGES, "labels": [0, 1], "class_names": ["a", "a"]}, "class_names contains a name twice"),
        (
            {"images": np.array([{}, []], dtype=object), "labels": [0, 1]},
            "contains Python objects, which are never unpickled",
        ),
    ],
)
def test_bad_arrays_are_refused(tmp_path, arrays, message):
    with pytest.raises(BadInput, match=message) as caught:
        read_npz(save(tmp_path / "bad.npz", **arrays))
    assert "bad.npz" in str(caught.value)


def test_a_pickle_in_the_file_is_never_loaded(tmp_path):
    class Bomb:
        def __reduce__(self):
            return (open, (str(tmp_path / "ran"), "w"))

    save(tmp_path / "bomb.npz", images=np.array([Bomb(), Bomb()], dtype=object), labels=[0, 1])
    with pytest.raises(BadInput, match="contains Python objects, which are never unpickled"):
        read_npz(tmp_path / "bomb.npz")
    assert not (tmp_path / "ran").exists()


def test_files_that_are_not_an_npz_are_refused(tmp_path):
    whole = save(tmp_path / "a.npz", images=IMAGES, labels=[0, 1]).read_bytes()
    (tmp_path / "cut.npz").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "empty.npz").write_bytes(b"")
    np.save(tmp_path / "single.npy", IMAGES)
    (tmp_path / "single.npy").rename(tmp_path / "single.npz")
    (tmp_path / "text.npz").write_text("some text")
    for name, message in (
        ("text", "not an .npz file"),
        ("cut", "damaged .npz"),
        ("empty", "the file is empty"),
        ("single", "single array"),
    ):
        with pytest.raises(BadInput, match=message):
            read_npz(tmp_path / f"{name}.npz")


def test_unknown_arrays_are_noted_and_not_used(tmp_path):
    images, labels = np.zeros((3, 4, 4), np.uint8), np.arange(3)
    np.savez(tmp_path / "a.npz", images=images, labels=labels, group=np.arange(3))
    read = read_npz(tmp_path / "a.npz")
    assert read.groups is None
    assert read.notes == (
        "unknown arrays are not used: group (known: images, labels, test_images, test_labels, groups, test_groups, "
        "class_names)",
    )


WHOLE = {"images": IMAGES, "labels": np.array([0, 1])}


def npy(array):
    target = io.BytesIO()
    np.save(target, array)
    return target.getvalue()


def npy_of(header, data=bytes(32), version=b"\x01\x00"):
    """An array with an arbitrary header."""
    text = header.encode() + b"\n"
    return b"\x93NUMPY" + version + struct.pack("<H" if version == b"\x01\x00" else "<I", len(text)) + text + data


def header_of(shape, descr="'|u1'"):
    return f"{{'descr': {descr}, 'fortran_order': False, 'shape': {shape}, }}"


def write(path, members):
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


BAD_MEMBERS = [
    (npy_of(header_of("(2, 4, 4")[:-4]), "damaged header"),
    (npy_of("(" * 3000 + ")" * 3000), "damaged header"),
    (npy_of(header_of("(2.0, 4, 4)")), "damaged header"),
    (npy_of(header_of("(9" + "9" * 5000 + ", 4, 4)")), "damaged header"),
    (npy_of(header_of("(True, 4, 4)")), "impossible array"),
    (npy_of(header_of("(-2, 4, 4)")), "impossible array"),
    (npy_of(header_of("(-1, -4, 8)")), "impossible array"),
    (npy_of(header_of("(2, 4, 4)", "'|V0'")), "impossible array"),
    (npy_of(header_of(f"({10**40}, 4, 4)")), "has fewer bytes"),
    (npy_of(header_of("(999999999, 9999, 9999)")), "has fewer bytes"),
    (npy_of(header_of("(2, 4, 4)"), bytes(33)), "has more bytes than the 32"),
    (npy_of(header_of("(2, 4, 4)"), version=b"\x03\x00"), r"unsupported \.npy version 3\.0"),
    (npy_of(header_of("(2,)", "[('a', '|O')]"), bytes(16)), "contains Python objects, which are never unpickled"),
    (b"hello", "not a NumPy array"),
    (b"", "not a NumPy array"),
]


@pytest.mark.parametrize("key", ["images", "labels"])
@pytest.mark.parametrize(("content", "message"), BAD_MEMBERS)
def test_a_member_that_is_not_an_array_or_has_a_bad_header_is_refused(tmp_path, key, content, message):
    members = {f"{name}.npy": npy(array) for name, array in WHOLE.items()} | {f"{key}.npy": content}
    with pytest.raises(BadInput, match=f"a.npz: {key}: .*{message}"):
        read_npz(write(tmp_path / "a.npz", members))


def patched(path, **places):
    """Changes the flags (offset 6) or methods (8) of all members of a zip, in headers and directory."""
    data = bytearray(path.read_bytes())
    for signature, shift in ((b"PK\x03\x04", 0), (b"PK\x01\x02", 2)):
        start = data.find(signature)
        while start >= 0:
            for place, value in places.items():
                data[start + int(place[1:]) + shift] = value
            start = data.find(signature, start + 4)
    path.write_bytes(data)
    return path


def test_an_encrypted_file_and_an_unknown_compression_are_refused(tmp_path):
    with pytest.raises(BadInput, match=r"a.npz: .*encrypted.*compress it again with deflate and no password"):
        read_npz(patched(save(tmp_path / "a.npz", **WHOLE), _6=1))
    with pytest.raises(BadInput, match=r"a.npz: .*compression.*compress it again with deflate"):
        read_npz(patched(save(tmp_path / "a.npz", **WHOLE), _8=99))


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_two_members_of_the_same_name_are_refused(tmp_path):
    path = save(tmp_path / "a.npz", **WHOLE)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("labels.npy", npy(np.array([1, 0])))
    with pytest.raises(BadInput, match="two members are called 'labels'; remove one"):
        read_npz(path)


def test_bytes_in_labels_and_class_names_are_read_as_text(tmp_path):
    read = read_npz(save(tmp_path / "a.npz", images=IMAGES, labels=["ä", "b"]))
    assert read.labels.tolist() == ["ä", "b"]
    pictures = toy_pictures().train
    np.savez("b.npz", images=pictures.images, labels=pictures.labels.astype("S"))
    assert load_pictures(Source("b.npz"))[0].class_names == ("0", "1", "2")
    np.savez("c.npz", images=pictures.images, labels=pictures.labels, class_names=[b"x", "ä".encode(), b"z"])
    assert load_pictures(Source("c.npz"))[0].class_names == ("x", "ä", "z")


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        ([b"\xff", b"a"], "labels: .* is not UTF-8 text; save text"),
        (["a\x1b[31m", "b"], r"the class name 'a\\x1b\[31m' has control characters"),
        (["a", ""], "a class has an empty name"),
        (["a", "b" * 300], "class name 'bbbb.*has 300 characters; use at most 200"),
        (
            np.array([0, 2**63], np.uint64),
            "label 9223372036854775808 is too large; use integers up to 9223372036854775807",
        ),
    ],
)
def test_labels_that_cannot_be_class_names_are_refused(tmp_path, labels, message):
    with pytest.raises(BadInput, match=message):
        read_npz(save(tmp_path / "a.npz", images=IMAGES, labels=labels))


def test_number_labels_and_text_labels_are_not_mixed(tmp_path):
    path = save(tmp_path / "a.npz", **WHOLE, test_images=IMAGES, test_labels=["0", "1"])
    with pytest.raises(BadInput, match="labels are numbers in one part and text in the other"):
        read_npz(path)
