"""NumPy .npz files with the arrays `images` and `labels`.

Optional arrays are `test_images`, `test_labels`, `groups`, `test_groups` and `class_names`. Headers are read first,
then labels; pixels are read only if those are valid.
"""

import zipfile
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from search.console.messages import listed
from search.data.arrays import Arrays, checked
from search.data.bounded import check_unpacked, opened_zip
from search.data.npy import Header, read_array, read_header
from search.errors import BadInput

KEYS = ("images", "labels", "test_images", "test_labels", "groups", "test_groups", "class_names")
SAVE = "save it with numpy.savez(…, images=…, labels=…)"


@dataclass(frozen=True)
class _Member:
    """An array whose type and shape are known from its header, and whose data are read on demand."""

    archive: zipfile.ZipFile
    info: zipfile.ZipInfo
    header: Header
    where: str

    @property
    def dtype(self) -> np.dtype[Any]:
        return self.header.dtype

    @property
    def shape(self) -> tuple[int, ...]:
        return self.header.shape

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> npt.NDArray[np.generic]:
        with self.archive.open(self.info) as handle:
            handle.read(self.header.start)
            return read_array(handle, self.header, self.where)


def read_npz(path: Path) -> Arrays:
    """Reads and checks the arrays of an .npz file. Raises: BadInput."""
    with path.open("rb") as handle:
        begins = handle.read(6)
    if begins == b"\x93NUMPY":
        raise BadInput(f"{path}: a single array, not an .npz; {SAVE}")
    if not begins:
        raise BadInput(f"{path}: the file is empty; save or copy it again")
    if begins[:2] != b"PK":
        raise BadInput(f"{path}: not an .npz file; {SAVE}")
    with opened_zip(path, ".npz") as archive:
        members = _members(archive, path)
        others = sorted(members.keys() - set(KEYS))
        if others and not members.keys() & set(KEYS):
            raise BadInput(f"{path}: has only {listed(others)}; the arrays 'images' and 'labels' are required")
        known = {key: members[key] for key in KEYS if key in members}
        check_unpacked(sum(info.file_size for info in known.values()), path.stat().st_size, str(path))
        arrays = {key: _member(archive, info, f"{path}: {key}") for key, info in known.items()}
        notes = (f"unknown arrays are not used: {listed(others)} (known: {', '.join(KEYS)})",) if others else ()
        return replace(checked(arrays, str(path)), notes=notes)


def _members(archive: zipfile.ZipFile, path: Path) -> Mapping[str, zipfile.ZipInfo]:
    """Returns the members by name. Raises: BadInput if two have the same name."""
    names = [info.filename.removesuffix(".npy") for info in archive.infolist()]
    name, times = Counter(names).most_common(1)[0] if names else ("", 0)
    if times > 1:
        raise BadInput(f"{path}: two members are called {name!r}; remove one")
    return dict(zip(names, archive.infolist(), strict=True))


def _member(archive: zipfile.ZipFile, info: zipfile.ZipInfo, where: str) -> _Member:
    with archive.open(info) as handle:
        return _Member(archive, info, read_header(handle, info.file_size, where), where)
