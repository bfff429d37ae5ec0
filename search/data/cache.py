"""Cache of parsed images on disk, so that a second start does not parse them again.

An entry is an .npz file without pickles in the user's cache folder. Its name is a hash of the paths, sizes and
modification times of the source files and of the flags that change how they are read, so a changed file is parsed anew.
"""

import contextlib
import hashlib
import json
import os
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from platformdirs import user_cache_path

from search.data.groups import Grouped
from search.data.pictures import Part, Pictures

Arrays = dict[str, npt.NDArray[Any]]
PART = ("images", "labels", "groups", "copies")
# RuntimeError: a flipped bit can look like another compression or a password
UNUSABLE = (OSError, KeyError, ValueError, EOFError, RuntimeError, zipfile.BadZipFile)
FORMAT = 4  # increase when reading or grouping changes, so that older entries are not used


def folder() -> Path:
    """Returns the user's cache folder. $XDG_CACHE_HOME and the like move it."""
    return user_cache_path("cutpoints")


def cached(files: list[Path], options: str, read: Callable[[], Pictures]) -> Pictures:
    """Returns cached images, or calls `read` and caches the result. A damaged or read-only cache is not an error."""
    entry = _entry(files, options)
    with contextlib.suppress(*UNUSABLE):
        return _to_pictures(_load(entry))
    pictures = read()
    _save(entry, _from_pictures(pictures))
    return pictures


def cached_groups(files: list[Path], options: str, find: Callable[[], Grouped]) -> Grouped:
    """Returns cached groups, or calls `find` and caches the result. Used for memmaps, whose pixels are not cached."""
    entry = _entry(files, f"groups {options}")
    with contextlib.suppress(*UNUSABLE):
        arrays = _load(entry)
        test = (arrays.get("test_groups"), arrays.get("test_copies"))
        return Grouped(arrays["groups"], arrays["copies"], *test, int(arrays["known_copies"]))
    found = find()
    _save(entry, {name: np.asarray(value) for name, value in vars(found).items() if value is not None})
    return found


def _entry(files: list[Path], options: str) -> Path:
    stats = [(str(file.absolute()), (stat := file.stat()).st_size, stat.st_mtime_ns) for file in files]
    key = hashlib.sha256(repr((FORMAT, stats, options)).encode()).hexdigest()[:24]
    return folder() / "pictures" / f"{key}.npz"


def _from_pictures(pictures: Pictures) -> Arrays:
    arrays: Arrays = {
        "name": np.array(pictures.name),
        "origin": np.array(pictures.origin),
        "class_names": np.array(pictures.class_names),
        "known_copies": np.array(pictures.known_copies),
        "preprocessing": np.array(json.dumps(pictures.preprocessing)),
        "notes": np.array(json.dumps(pictures.notes)),
        "grouping": np.array(json.dumps(pictures.grouping)),
    }
    for name, part in (("train", pictures.train), ("test", pictures.test)):
        if part is not None:
            arrays |= {f"{name}_{key}": getattr(part, key) for key in PART}
    return arrays


def _to_pictures(arrays: Arrays) -> Pictures:
    def part(name: str) -> Part:
        return Part(*(arrays[f"{name}_{key}"] for key in PART))

    return Pictures(
        str(arrays["name"]),
        str(arrays["origin"]),
        tuple(map(str, arrays["class_names"])),
        part("train"),
        part("test") if "test_images" in arrays else None,
        int(arrays["known_copies"]),
        json.loads(str(arrays["preprocessing"])),
        tuple(json.loads(str(arrays["notes"]))),
        json.loads(str(arrays["grouping"])),
    )


def _load(entry: Path) -> Arrays:
    with entry.open("rb") as handle, np.load(handle, allow_pickle=False) as arrays:
        return {key: arrays[key] for key in arrays.files}


def _save(entry: Path, arrays: Arrays) -> None:
    with contextlib.suppress(OSError):  # with a read-only home, each start parses again
        _write(entry, arrays)


def _write(entry: Path, arrays: Arrays) -> None:
    entry.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=entry.parent, suffix=".part", delete=False) as handle:
        try:
            np.savez(handle, allow_pickle=False, **arrays)
            handle.close()
            os.replace(handle.name, entry)
        except BaseException:
            Path(handle.name).unlink(missing_ok=True)
            raise
