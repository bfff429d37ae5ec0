"""Recognizes the format of a path and the files that belong to it.

Returns a Kind; no images are read yet. A new format needs a reader module and one `if` in `recognize`.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from search.console.messages import listed, plural
from search.data.arrays import Arrays
from search.data.csv_files import csv_files_in, read_csv_files
from search.data.decode import EXTENSIONS
from search.data.folder_parts import entries, folders_in, has_pictures
from search.data.idx_files import find_idx, is_idx, read_idx
from search.data.image_folders import find_pictures, read_folder
from search.data.memmap_folders import is_memmap_folder, memmap_files, read_memmaps
from search.data.npz_files import read_npz
from search.data.parquet_files import find_parquet, named_pictures, read_parquet
from search.data.source import Source
from search.errors import BadInput

KNOWN = "a .csv, .zip, .npz or .parquet file, an IDX file of images, or a folder"
IN_FOLDER = (
    "*_train.csv and *_test.csv, images.npy and labels.npy, IDX files, *train*.parquet, or a folder of images for "
    "each class"
)


@dataclass(frozen=True)
class Kind:
    """The format of a path and the function that reads it.

    files: all files that the images depend on, for the cache. groups_by: how the user can name groups in this format.
    notes: messages about other files in the same place.
    """

    name: str
    files: list[Path]
    read: Callable[[], Arrays]
    groups_by: str
    pixels_stay_on_disk: bool = False
    notes: tuple[str, ...] = ()


def recognize(path: Path, source: Source) -> Kind:
    """Returns the format of a path. Raises: BadInput for an unknown one, and for flags that do not apply to it."""
    suffix = path.suffix.lower()
    if path.is_file() and suffix in (".csv", ".zip"):
        source.refuse_picture_flags(f"a {suffix}")
        read = partial(read_csv_files, path, [path], source.shape, source.given_by)
        return Kind("csv", [path], read, "--groups COLUMN")
    csv_files = csv_files_in(path) if path.is_dir() else []
    if csv_files:
        source.refuse_picture_flags("a folder of CSVs")
        read = partial(read_csv_files, path, csv_files, source.shape, source.given_by)
        return Kind("csv", csv_files, read, "--groups COLUMN")
    source.refuse_shape()
    if tables := (find_parquet(path) if path.is_dir() or suffix == ".parquet" else None):
        files = [*tables.files, *named_pictures(tables)]
        read = partial(read_parquet, path, tables, source)
        return Kind("parquet", files, read, "--groups COLUMN or REGEX", notes=tables.notes)
    if is_idx(path):
        source.refuse_picture_flags("IDX files")
        source.refuse_groups("IDX files", "save the data as .npz with the arrays groups and test_groups")
        idx = find_idx(path)
        return Kind("idx", idx.files, lambda: read_idx(idx), "groups in an .npz")
    if path.is_file() and suffix == ".npz":
        source.refuse_picture_flags("an .npz")
        source.refuse_groups("an .npz's arrays", "its arrays groups and test_groups are used without a flag")
        return Kind("npz", [path], lambda: read_npz(path), "the array groups")
    if path.is_file():
        raise BadInput(f"{path}: unknown format; expected {KNOWN}")
    if is_memmap_folder(path):
        source.refuse_picture_flags("memmaps")
        source.refuse_groups("memmaps", "groups.npy and test_groups.npy are used without a flag")
        return Kind("memmap", memmap_files(path), lambda: read_memmaps(path), "groups.npy", pixels_stay_on_disk=True)
    _check_folder(path)
    found = find_pictures(path, source.given_by)
    return Kind("folder", found.files, lambda: read_folder(path, found, source), "--groups REGEX", notes=found.notes)


def _check_folder(path: Path) -> None:
    """Raises BadInput if a folder cannot contain images by class; the message lists what it has and what it needs."""
    files = [entry.name for entry in entries(path) if not entry.is_dir()]
    links = [entry.name for entry in entries(path) if entry.is_symlink() and entry.is_dir()]
    pictures = [name for name in files if os.path.splitext(name)[1].lower() in EXTENSIONS]
    if folders_in(path):
        # Tables in another form beside folders may be metadata of the images.
        tables = [name for name in files if name.lower().endswith((".csv", ".csv.zip", ".parquet"))]
        found = f"{listed(tables)} and folders without images"
        if not tables or any(has_pictures(Path(folder)) for folder, _, _ in os.walk(path)):
            return
    elif pictures:
        above = path.absolute().parent
        name = f", or give the folder above it: --data {above}" if len(folders_in(above)) > 1 else ""
        there = f"{plural(len(pictures), 'image')}, but no class folders"
        raise BadInput(f"{path}: {there}; put each class's images into a separate folder{name}")
    elif links:
        said = f"it has only links, which are not followed: {listed(links)}"
        raise BadInput(f"{path}: {said}; put the folders there, or give the folder that contains them")
    else:
        found = listed(files)
    raise BadInput(f"{path}: {f'it has {found}' if found else 'empty'}; it needs {IN_FOLDER}")
