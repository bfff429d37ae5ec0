"""NumPy memmaps, for data that do not fit in memory: a folder with `images.npy` and `labels.npy`.

Optional files are `test_images.npy`, `test_labels.npy`, `groups.npy`, `test_groups.npy` and `class_names.json`, a list
of strings. Images of type uint8 stay on disk until a split takes its images. Never unpickles.
"""

import json
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt

from search.console.messages import one_line
from search.data.arrays import Arrays, checked
from search.data.labels import text_array
from search.data.npy import read_header
from search.errors import BadInput

NAMES = ("images", "labels", "test_images", "test_labels", "groups", "test_groups")


def is_memmap_folder(path: Path) -> bool:
    """Returns whether the folder has one of the two required files."""
    return any((path / f"{name}.npy").is_file() for name in ("images", "labels"))


def memmap_files(path: Path) -> list[Path]:
    """Returns the files of the data set that exist."""
    return [file for name in (*(f"{n}.npy" for n in NAMES), "class_names.json") if (file := path / name).is_file()]


def read_memmaps(path: Path) -> Arrays:
    """Opens and checks the arrays of a folder. Raises: BadInput."""
    arrays = {file.stem: _class_names(file) if file.suffix == ".json" else _open(file) for file in memmap_files(path)}
    return checked(arrays, str(path))


def _open(file: Path) -> npt.NDArray[np.generic]:
    with file.open("rb") as handle:
        header = read_header(handle, file.stat().st_size, str(file))
    order: Literal["C", "F"] = "F" if header.fortran_order else "C"
    if header.size == 0:  # an empty file cannot be mapped
        return np.empty(header.shape, header.dtype, order)
    return np.memmap(file, header.dtype, "r", header.start, header.shape, order)


def _class_names(file: Path) -> npt.NDArray[np.generic]:
    try:
        names = json.loads(file.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise BadInput(f"{file}: not valid JSON in UTF-8 ({one_line(error)[:100]}); write a list of names") from error
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise BadInput(f"{file}: not a list of strings; write a list of the class names")
    return text_array(names, str(file))
