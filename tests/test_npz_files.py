"""NumPy's .npz, and what is said of files that are not fit."""

import numpy as np
import pytest

from search.command import BadInput
from search.data.npz_files import read_npz

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


def test_whole_numbers_of_another_type_and_a_last_axis_of_one_are_read(tmp_path):
    arrays = read_npz(save(tmp_path / "a.npz", images=IMAGES[..., None].astype(float), labels=[0, 1]))
    assert arrays.images.dtype == np.uint8
    assert arrays.images.shape == (2, 4, 4)


@pytest.mark.parametrize(
    ("arrays", "said"),
    [
        ({"labels": [0, 1]}, "labels without images"),
        ({"images": IMAGES}, "images without labels"),
        ({"x": IMAGES}, "no images"),
        ({"images": IMAGES, "labels": [0]}, "labels: shape .* for 2 images"),
        ({"images": IMAGES, "labels": [0.5, 1.0]}, "labels: type float64"),
        ({"images": IMAGES / 255, "labels": [0, 1]}, "not a whole number 0..255"),
        ({"images": IMAGES.astype(int) * 100, "labels": [0, 1]}, "not a whole number 0..255"),
        ({"images": IMAGES.astype(float) * np.nan, "labels": [0, 1]}, "nan at .* not a whole number"),
        ({"images": np.zeros((2, 4, 4, 2), np.uint8), "labels": [0, 1]}, r"expected \(N, H, W\), or \(N, H, W, 3\)"),
        ({"images": IMAGES[:0], "labels": []}, "at least one"),
        ({"images": IMAGES, "labels": [0, 1], "test_images": IMAGES}, "test_images without test_labels"),
        ({"images": IMAGES, "labels": [0, 1], "test_labels": [0]}, "test_labels without test_images"),
        (
            {"images": IMAGES, "labels": [0, 1], "test_images": IMAGES[:, :2], "test_labels": [0, 1]},
            "test_images are .* resize",
        ),
        ({"images": IMAGES, "labels": [0, 1], "groups": [1]}, "groups are"),
        ({"images": IMAGES, "labels": ["a", "b"], "class_names": ["a", "b"]}, "class_names need"),
        ({"images": IMAGES, "labels": [0, 1], "class_names": ["a", "a"]}, "class_names repeat"),
        ({"images": np.array([{}, []], dtype=object), "labels": [0, 1]}, "pickled data is never loaded"),
    ],
)
def test_bad_arrays_are_named(tmp_path, arrays, said):
    with pytest.raises(BadInput, match=said) as caught:
        read_npz(save(tmp_path / "bad.npz", **arrays))
    assert "bad.npz" in str(caught.value)


def test_a_pickle_in_the_file_is_never_run(tmp_path):
    class Bomb:
        def __reduce__(self):
            return (open, (str(tmp_path / "ran"), "w"))

    save(tmp_path / "bomb.npz", images=np.array([Bomb(), Bomb()], dtype=object), labels=[0, 1])
    with pytest.raises(BadInput, match="pickled data is never loaded"):
        read_npz(tmp_path / "bomb.npz")
    assert not (tmp_path / "ran").exists()


def test_a_single_array_and_a_cut_file_are_named(tmp_path):
    whole = save(tmp_path / "a.npz", images=IMAGES, labels=[0, 1]).read_bytes()
    (tmp_path / "cut.npz").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "empty.npz").write_bytes(b"")
    np.save(tmp_path / "single.npy", IMAGES)
    (tmp_path / "single.npy").rename(tmp_path / "single.npz")
    (tmp_path / "text.npz").write_text("some text")
    for name, said in (
        ("text", "not an .npz file"),
        ("cut", "damaged .npz"),
        ("empty", "the file is empty"),
        ("single", "single array"),
    ):
        with pytest.raises(BadInput, match=said):
            read_npz(tmp_path / f"{name}.npz")


def test_arrays_that_are_not_known_are_said_and_not_used(tmp_path):
    images, labels = np.zeros((3, 4, 4), np.uint8), np.arange(3)
    np.savez(tmp_path / "a.npz", images=images, labels=labels, group=np.arange(3))
    read = read_npz(tmp_path / "a.npz")
    assert read.groups is None
    assert read.notes == (
        "arrays that are not used: group (known are images, labels, test_images, test_labels, groups, test_groups, "
        "class_names)",
    )
