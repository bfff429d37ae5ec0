"""The arrays that every reader returns, before classes and photo groups are known.

Also holds the checks of type, shape and labels that several formats share.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from search.console.messages import plural
from search.data.bounded import check_pixels
from search.data.given import Stored, check_groups, group_numbers
from search.data.labels import classes_of, plain
from search.errors import BadInput

BLOCK = 1 << 24  # values checked at a time


@dataclass(frozen=True, eq=False)
class Arrays:
    """Images (N, H, W) or (N, H, W, 3) uint8, raw labels (N,), group numbers (N,) or None, and an optional test set.

    Equal numbers in groups and test_groups mean the same group. class_names: names that number labels index into, if
    given. preprocessing, notes: as in Pictures.
    """

    images: npt.NDArray[np.uint8]
    labels: npt.NDArray[np.generic]
    test_images: npt.NDArray[np.uint8] | None = None
    test_labels: npt.NDArray[np.generic] | None = None
    groups: npt.NDArray[np.int64] | None = None
    test_groups: npt.NDArray[np.int64] | None = None
    class_names: tuple[str, ...] | None = None
    preprocessing: Mapping[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def check_form(images: Stored, where: str) -> None:
    """Checks the type and shape of images, not their pixels. Raises: BadInput."""
    shape = images.shape[:3] if len(images.shape) == 4 and images.shape[3] == 1 else images.shape
    if len(shape) not in (3, 4) or 0 in shape or (len(shape) == 4 and shape[3] != 3):
        raise BadInput(f"{where}: shape {images.shape}; expected (N, H, W), or (N, H, W, 3) in color, with N >= 1")
    if images.dtype.kind not in "iuf":
        raise BadInput(f"{where}: type {str(images.dtype)[:40]}; expected uint8")
    check_pixels(shape[1], shape[2], where)


def check_images(stored: Stored, where: str) -> npt.NDArray[np.uint8]:
    """Returns images (N, H, W) or (N, H, W, 3) as uint8, without a copy if they already are.

    Raises: BadInput for another type or shape, and for values that are not integers in 0..255.
    """
    check_form(stored, where)
    images = np.asanyarray(stored)
    if images.ndim == 4 and images.shape[-1] == 1:
        images = images[..., 0]
    if images.dtype == np.uint8:
        return images.view(np.uint8)
    whole = np.empty(images.shape, np.uint8)
    step = max(1, BLOCK // (images[0].size))
    for start in range(0, len(images), step):
        block = images[start : start + step]
        bad = np.argwhere(~((block >= 0) & (block <= 255) & (block == np.floor(block))))  # type: ignore[operator]
        if len(bad):
            place = (start + int(bad[0, 0]), *map(int, bad[0, 1:]))
            raise BadInput(
                f"{where}: {images[place]} at {place} is not an integer in 0..255; rescale and save as uint8"
            )
        whole[start : start + step] = block
    return whole


def check_labels(stored: Stored, n: int, where: str) -> npt.NDArray[np.generic]:
    """Returns labels (N,) as int64 or text. Raises: BadInput for another type, or unless there are n labels."""
    if stored.shape != (n,):
        raise BadInput(f"{where}: shape {stored.shape} for {plural(n, 'image')}; give one label per image")
    if stored.dtype.kind not in "iuSU":
        raise BadInput(f"{where}: type {str(stored.dtype)[:40]}; labels must be integers or text")
    return plain(np.asarray(stored), where)


def check_class_names(names: Stored | None, labels: npt.NDArray[np.generic], where: str) -> tuple[str, ...] | None:
    """Returns the class names that number labels index into. Raises: BadInput."""
    if names is None:
        return None
    if len(names.shape) != 1 or names.dtype.kind not in "iuSU" or labels.dtype.kind not in "iu":
        raise BadInput(f"{where}: class_names must be a list, and labels must be numbers 0..C-1 that index into it")
    class_names = tuple(map(str, plain(np.asarray(names), f"{where}: class_names")))
    if len(set(class_names)) < len(class_names):
        raise BadInput(f"{where}: class_names contains a name twice; give each class a different name")
    return class_names


def _check_pairs(arrays: Mapping[str, object], where: str) -> None:
    """Raises BadInput if images, labels or one half of a test set is missing."""
    for present, missing in (("labels", "images"), ("images", "labels")):
        if missing not in arrays:
            found = f"{present} without {missing}" if present in arrays else f"no {missing}"
            raise BadInput(f"{where}: {found}; the arrays 'images' and 'labels' are required")
    for present, missing in (("test_labels", "test_images"), ("test_images", "test_labels")):
        if present in arrays and missing not in arrays:
            raise BadInput(f"{where}: {present} without {missing}; give both or neither")
    if "test_groups" in arrays and "test_images" not in arrays:
        raise BadInput(f"{where}: test_groups without test_images; add test_images or remove test_groups")


def checked(arrays: Mapping[str, Stored], where: str) -> Arrays:
    """Checks named arrays from an .npz file or a folder of .npy files, labels before pixels. Raises: BadInput."""
    _check_pairs(arrays, where)
    check_form(arrays["images"], f"{where}: images")
    n, shape = arrays["images"].shape[0], arrays["images"].shape[1:3]
    labels = check_labels(arrays["labels"], n, f"{where}: labels")
    test_images = test_labels = None
    if "test_images" in arrays:
        check_form(arrays["test_images"], f"{where}: test_images")
        test_n, test_shape = arrays["test_images"].shape[0], arrays["test_images"].shape[1:3]
        if test_shape != shape:
            raise BadInput(f"{where}: test_images are {test_shape}, images {shape}; resize them")
        test_labels = check_labels(arrays["test_labels"], test_n, f"{where}: test_labels")
    sizes = {"groups": n, "test_groups": 0 if test_labels is None else len(test_labels)}
    given = {key: check_groups(arrays[key], m, f"{where}: {key}") for key, m in sizes.items() if key in arrays}
    groups, test_groups = group_numbers(given.get("groups"), given.get("test_groups"), where)
    class_names = check_class_names(arrays.get("class_names"), labels, where)
    classes_of(labels, test_labels, class_names, where)
    images = check_images(arrays["images"], f"{where}: images")
    if "test_images" in arrays:
        test_images = check_images(arrays["test_images"], f"{where}: test_images")
    return Arrays(images, labels, test_images, test_labels, groups, test_groups, class_names)
