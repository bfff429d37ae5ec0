"""IDX files, as of MNIST."""

import gzip
import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from search.data.idx_files import find_idx, is_idx, read_idx
from search.data.load import load_pictures
from search.data.source import Source
from search.errors import BadInput
from tests.conftest import toy_pictures

PART = toy_pictures().train


def idx(array):
    """Encodes an array of bytes as an IDX file."""
    return struct.pack(f">BBBB{array.ndim}I", 0, 0, 8, array.ndim, *array.shape) + array.astype(np.uint8).tobytes()


def save(folder, images=PART.images, labels=PART.labels, name="train-images-idx3-ubyte", zipped=False):
    folder.mkdir(exist_ok=True)
    for file, array in ((name, images), (name.replace("images", "labels").replace("idx3", "idx1"), labels)):
        data = array if isinstance(array, bytes) else idx(array)
        (folder / f"{file}{'.gz' * zipped}").write_bytes(gzip.compress(data, 1) if zipped else data)
    return folder / f"{name}{'.gz' * zipped}"


@given(arrays(np.uint8, st.tuples(st.integers(2, 5), st.integers(1, 6), st.integers(1, 7))), st.booleans())
def test_arrays_round_trip_through_idx_files(tmp_path_factory, images, zipped):
    labels = np.arange(len(images)) % 3
    found = read_idx(find_idx(save(tmp_path_factory.mktemp("idx"), images, labels, zipped=zipped)))
    assert np.array_equal(found.images, images)
    assert np.array_equal(found.labels, labels)
    assert found.preprocessing == {}


@pytest.mark.parametrize("zipped", [False, True])
@pytest.mark.parametrize("test", ["t10k", "test"])
def test_a_folder_has_a_training_pair_and_a_test_pair(tmp_path, zipped, test):
    save(tmp_path / "m", zipped=zipped)
    save(tmp_path / "m", PART.images[:9], PART.labels[:9], f"{test}-images-idx3-ubyte", not zipped)
    pictures, _ = load_pictures(Source("m"))
    assert (len(pictures.train), len(pictures.test), pictures.known_copies) == (108, 9, 9)
    assert pictures.class_names == ("0", "1", "2")
    assert np.array_equal(pictures.train.images, PART.images)


def test_an_images_file_is_read_with_its_labels_and_test_files(tmp_path):
    for name in ("a-train", "a-test", "b-train"):
        save(tmp_path, name=f"{name}-images-idx3-ubyte")
    assert find_idx(tmp_path / "a-train-images-idx3-ubyte").test[0].name == "a-test-images-idx3-ubyte"
    assert find_idx(tmp_path / "a-test-images-idx3-ubyte").test is None
    assert find_idx(tmp_path / "b-train-images-idx3-ubyte").test is None
    with pytest.raises(BadInput, match=r"it has a-train-images-idx3-ubyte, b-train-.*; give --data one images file"):
        find_idx(tmp_path)


def test_idx_files_are_recognized_by_name(tmp_path):
    assert is_idx(save(tmp_path, name="train-images.idx3-ubyte"))
    assert len(read_idx(find_idx(tmp_path)).labels) == len(PART)
    assert not is_idx(Path("train-labels-idx1-ubyte"))
    assert not is_idx(Path("images.npy"))


def test_emnist_pictures_are_transposed_and_noted(tmp_path):
    images = PART.images[:, :, :6]
    name = "emnist-letters-train-images-idx3-ubyte"
    found = read_idx(find_idx(save(tmp_path, images.transpose(0, 2, 1), name=name)))
    assert np.array_equal(found.images, images)
    assert found.preprocessing == {"transposed": True}
    assert "rows and columns exchanged" in found.notes[0]


WHOLE = idx(PART.images)


@pytest.mark.parametrize(
    ("images", "labels", "message"),
    [
        (b"", PART.labels, "images-idx3-ubyte: begins with nothing, not 00000803"),
        (idx(PART.labels), PART.labels, "begins with 00000801, not 00000803, so it is not an IDX file of images"),
        (WHOLE, WHOLE, "labels-idx1-ubyte: begins with 00000803, not 00000801, so it is not an IDX file of labels"),
        (WHOLE[:10], PART.labels, "truncated header"),
        (WHOLE[:-1], PART.labels, r"has fewer bytes than the 6912 that its header states \(108x8x8\)"),
        (WHOLE + b"x", PART.labels, "has more bytes than the 6912"),
        (PART.images, PART.labels[:-1], "108 images, but 107 labels in train-labels-idx1-ubyte"),
        (idx(PART.images[:0]), PART.labels, "its header states an empty array 0x8x8"),
        (
            struct.pack(">4B3I", 0, 0, 8, 3, 108, 9, 2**31),
            PART.labels,
            "images of 9x2147483648; the limit is 67108864 pixels",
        ),
        (gzip.compress(WHOLE)[:-20], PART.labels, "damaged gzip .*; download or copy it again"),
        (gzip.compress(WHOLE)[:100] + bytes(60), PART.labels, "damaged gzip"),
    ],
)
def test_bad_files_are_refused(tmp_path, images, labels, message):
    file = save(tmp_path / "m", images, labels)
    with pytest.raises(BadInput, match=message):
        read_idx(find_idx(file))


def test_images_without_labels_are_refused(tmp_path):
    file = save(tmp_path)
    (tmp_path / "train-labels-idx1-ubyte").unlink()
    with pytest.raises(BadInput, match="images without labels; put train-labels-idx1-ubyte beside the file"):
        find_idx(file)
    file.rename(tmp_path / "t10k-images-idx3-ubyte")
    with pytest.raises(BadInput, match="expected one …train-images-idx3-ubyte; it has none"):
        find_idx(tmp_path)


def test_labels_are_checked_before_pixels_are_read(tmp_path):
    with pytest.raises(BadInput, match="only one class"):
        read_idx(find_idx(save(tmp_path / "m", WHOLE[:-1], PART.labels * 0)))
    with pytest.raises(BadInput, match="108 images, but 107 labels"):
        read_idx(find_idx(save(tmp_path / "m", WHOLE[:-1], PART.labels[1:])))


def test_a_set_with_zipped_and_unzipped_files_is_refused(tmp_path):
    save(tmp_path, zipped=False)
    other = save(tmp_path, 255 - PART.images, zipped=True)
    message = r"train-images-idx3-ubyte, train-images-idx3-ubyte\.gz: two files of the same set; give --data one"
    with pytest.raises(BadInput, match=message):
        load_pictures(Source(str(tmp_path)))
    assert np.array_equal(load_pictures(Source(str(other)))[0].train.images, 255 - PART.images)
