"""NumPy memmaps, for what does not fit in memory: a folder with `images.npy` and `labels.npy`.

Optionally `test_images.npy`, `test_labels.npy`, `groups.npy` and `class_names.json`, a list of text. Enters: a folder.
Leaves: the checked arrays; images of type uint8 stay on disk until a split takes its pictures. Never unpickles.
"""

import json
from pathlib import Path

import numpy as np
import numpy.typing as npt

from search.command import BadInput
from search.data.arrays import Arrays, checked

NAMES = ("images", "labels", "test_images", "test_labels", "groups")


def is_memmap_folder(path: Path) -> bool:
    """Whether the folder has one of the two files that are needed."""
    return any((path / f"{name}.npy").is_file() for name in ("images", "labels"))


def memmap_files(path: Path) -> list[Path]:
    """The files that there are."""
    return [file for name in (*(f"{n}.npy" for n in NAMES), "class_names.json") if (file := path / name).is_file()]


def read_memmaps(path: Path) -> Arrays:
    """Raises: BadInput."""
    arrays = {file.stem: _class_names(file) if file.suffix == ".json" else _open(file) for file in memmap_files(path)}
    return checked(arrays, str(path))


def _open(file: Path) -> npt.NDArray[np.generic]:
    try:
        array: npt.NDArray[np.generic] = np.load(file, mmap_mode="r", allow_pickle=False)
    except (ValueError, EOFError) as error:  # no .npy, cut off, or Python objects
        reason = " ".join(str(error).split())[:100]
        raise BadInput(
            f"{file}: cannot be mapped ({reason}); write it again with numpy.save, as plain uint8"
        ) from error
    if array.dtype.hasobject:
        raise BadInput(f"{file}: holds Python objects; pickled data is never loaded")
    return array


def _class_names(file: Path) -> npt.NDArray[np.generic]:
    try:
        names = json.loads(file.read_text(encoding="utf-8"))
    except ValueError as error:
        raise BadInput(f"{file}: no JSON in UTF-8 ({error}); write a list of names") from error
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise BadInput(f"{file}: not a list of text; write the classes' names, as many as there are labels")
    return np.array(names)
