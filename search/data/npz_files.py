"""NumPy's .npz: `images` and `labels`, optionally `test_images`, `test_labels`, `groups`, `class_names`.

Enters: a path. Leaves: the checked arrays. Never unpickles: an array of objects is refused.
"""

import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from search.command import BadInput

KEYS = ("images", "labels", "test_images", "test_labels", "groups", "class_names")


@dataclass(frozen=True, eq=False)
class Arrays:
    """What an .npz holds: images (N, H, W) uint8, raw labels (N,), groups (N,) or None."""

    images: npt.NDArray[np.uint8]
    labels: npt.NDArray[np.generic]
    test_images: npt.NDArray[np.uint8] | None
    test_labels: npt.NDArray[np.generic] | None
    groups: npt.NDArray[np.int64] | None
    class_names: tuple[str, ...] | None


def read_npz(path: Path) -> Arrays:
    """Raises: BadInput."""
    arrays = _load(path)
    for present, missing in (("labels", "images"), ("images", "labels")):
        if missing not in arrays:
            found = f"{present} without {missing}" if present in arrays else f"no {missing}"
            raise BadInput(f"{path}: {found}; an .npz needs the arrays 'images' and 'labels'")
    for present, missing in (("test_labels", "test_images"), ("test_images", "test_labels")):
        if present in arrays and missing not in arrays:
            raise BadInput(f"{path}: {present} without {missing}; give both or neither")
    images = _images(arrays["images"], f"{path}: images")
    labels = _labels(arrays["labels"], len(images), f"{path}: labels")
    test_images = test_labels = None
    if "test_images" in arrays:
        test_images = _images(arrays["test_images"], f"{path}: test_images")
        if test_images.shape[1:] != images.shape[1:]:
            raise BadInput(f"{path}: test_images are {test_images.shape[1:]}, images {images.shape[1:]}; resize them")
        test_labels = _labels(arrays["test_labels"], len(test_images), f"{path}: test_labels")
    groups = arrays.get("groups")
    if groups is not None:
        if groups.shape != (len(images),) or groups.dtype.kind not in "iuSU":
            raise BadInput(f"{path}: groups are {groups.dtype} {groups.shape}; give one number or name an image")
        groups = np.unique(groups, return_inverse=True)[1].astype(np.int64)
    names = arrays.get("class_names")
    if names is not None and (names.ndim != 1 or labels.dtype.kind not in "iu"):
        raise BadInput(f"{path}: class_names need to be a list, and labels numbers 0..C-1 that point into it")
    class_names = None if names is None else tuple(map(str, names))
    if class_names is not None and len(set(class_names)) < len(class_names):
        raise BadInput(f"{path}: class_names repeat a name; give each class its own")
    return Arrays(images, labels, test_images, test_labels, groups, class_names)


def _load(path: Path) -> dict[str, npt.NDArray[np.generic]]:
    try:
        with path.open("rb") as handle:  # np.load would leave a damaged file open
            archive = np.load(handle, allow_pickle=False)
            if not isinstance(archive, np.lib.npyio.NpzFile):
                raise BadInput(f"{path}: a single array, not an .npz; save it with numpy.savez(…, images=…, labels=…)")
            return {key: archive[key] for key in KEYS if key in archive.files}
    except (zipfile.BadZipFile, zlib.error) as error:
        raise BadInput(f"{path}: damaged .npz ({error}); write or copy it again") from error
    except EOFError as error:
        raise BadInput(f"{path}: the file is empty or cut off; write or copy it again") from error
    except OSError as error:
        raise BadInput(f"{path}: cannot be read ({error.strerror or error})") from error
    except ValueError as error:
        if not zipfile.is_zipfile(path):
            raise BadInput(f"{path}: not an .npz file; save it with numpy.savez(…, images=…, labels=…)") from error
        remedy = "save plain arrays instead of Python objects: pickled data is never loaded"
        raise BadInput(f"{path}: {error}; {remedy}") from error


def _images(images: npt.NDArray[np.generic], where: str) -> npt.NDArray[np.uint8]:
    if images.ndim == 4 and images.shape[-1] == 1:
        images = images[..., 0]
    if images.ndim != 3 or 0 in images.shape:
        raise BadInput(f"{where}: shape {images.shape}; expected grey pictures (N, H, W), at least one")
    if images.dtype == np.uint8:
        return images.astype(np.uint8)
    if images.dtype.kind not in "iuf":
        raise BadInput(f"{where}: type {images.dtype}; expected uint8")
    bad = np.argwhere(~((images >= 0) & (images <= 255) & (images == np.floor(images))))  # type: ignore[operator]
    if len(bad):
        place = tuple(map(int, bad[0]))
        raise BadInput(f"{where}: {images[place]} at {place} is not a whole number 0..255; rescale and save as uint8")
    return images.astype(np.uint8)


def _labels(labels: npt.NDArray[np.generic], n: int, where: str) -> npt.NDArray[np.generic]:
    if labels.shape != (n,):
        raise BadInput(f"{where}: shape {labels.shape} for {n} images; give one label an image")
    if labels.dtype.kind not in "iuSU":
        raise BadInput(f"{where}: type {labels.dtype}; labels are whole numbers or text")
    return labels
