"""Folders of pictures by class: `FOLDER/cat/1.png …`, or `FOLDER/train/cat/…` and `FOLDER/test/cat/…`.

Enters: a folder. Leaves: grey images and the class folders' names as labels, in the order of the names. Every
file in a class folder has to be a picture, except what systems leave behind. Never follows a link out of the
folder, nor a link to a folder.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from PIL import Image

from search.command import BadInput, plural
from search.data.arrays import Arrays
from search.data.source import Source
from search.data.stack import stack

LEFT_BEHIND = {"thumbs.db", "ehthumbs.db", "desktop.ini", "__macosx", "@eadir", "icon\r"}


@dataclass(frozen=True)
class Found:
    """The pictures' files, with their classes beside them, in order; the first `training` of them train."""

    files: list[Path]
    classes: list[str]
    training: int
    notes: tuple[str, ...]


@dataclass
class _Seen:
    """What a walk came by and left out."""

    root: Path
    links: list[Path] = field(default_factory=list)
    beside: list[Path] = field(default_factory=list)


def find_pictures(path: Path) -> Found:
    """Walks the folder. Raises: BadInput for a folder without class folders, or a class without pictures."""
    seen = _Seen(path.resolve())
    notes: tuple[str, ...] = ()
    parts, top = [path], {folder.name: folder for folder in _folders(path, _Seen(seen.root))}
    if "train" in top and _has_classes(top["train"], seen.root):
        parts = [top[part] for part in ("train", "test") if part in top]
        if others := top.keys() - {"train", "test"}:
            notes += (f"not read beside train and test: {', '.join(sorted(others))}",)
    files: list[Path] = []
    classes: list[str] = []
    training = 0
    for part in parts:
        folders = _folders(part, seen)
        if not folders:
            raise BadInput(f"{part}: no class folders in it; put each class's pictures into a folder of its own")
        for folder in folders:
            of_class = list(_pictures(folder, seen))
            if not of_class:
                raise BadInput(f"{folder}: a class folder without pictures{_said(seen)}; fill or remove it")
            files += of_class
            classes += [folder.name] * len(of_class)
        training = training or len(files)
    if seen.beside:
        notes += (f"{plural(len(seen.beside), 'file')} beside the class folders not read: {seen.beside[0]}",)
    if seen.links:
        notes += (f"{plural(len(seen.links), 'link')} not followed: {seen.links[0]}",)
    return Found(files, classes, training, notes)


def read_folder(path: Path, found: Found, source: Source) -> Arrays:
    """Decodes the pictures that were found. Raises: BadInput."""
    read = stack(((str(file), file) for file in found.files), len(found.files), source, str(path))
    labels = np.array(found.classes)[read.kept]
    training = int(np.searchsorted(read.kept, found.training))
    for before, kept in (
        (found.classes[: found.training], labels[:training]),
        (found.classes[found.training :], labels[training:]),
    ):
        if lost := sorted(set(before) - set(kept)):
            raise BadInput(f"{path}: all pictures of class {lost[0]!r} are bad; add good ones or remove the class")
    notes = found.notes + read.notes
    if found.training == len(found.files):
        return Arrays(read.images, labels, preprocessing=read.preprocessing, notes=notes)
    return Arrays(
        read.images[:training],
        labels[:training],
        read.images[training:],
        labels[training:],
        preprocessing=read.preprocessing,
        notes=notes,
    )


def _has_classes(train: Path, root: Path) -> bool:
    """Whether a folder called train holds class folders. One that holds pictures itself is a class of that name."""
    seen = _Seen(root)
    folders = _folders(train, seen)
    return bool(folders) and not any(file.suffix.lower() in Image.registered_extensions() for file in seen.beside)


def _folders(path: Path, seen: _Seen) -> list[Path]:
    """The folders in a folder, by name."""
    folders = []
    for entry in _entries(path):
        if entry.is_symlink() and (entry.is_dir() or _leads_out(entry.path, seen.root)):
            seen.links.append(Path(entry.path))
        elif entry.is_dir():
            folders.append(Path(entry.path))
        else:
            seen.beside.append(Path(entry.path))
    return folders


def _pictures(folder: Path, seen: _Seen) -> Iterator[Path]:
    """The files in a class folder and the folders below it, by name."""
    for entry in _entries(folder):
        if entry.is_symlink() and (entry.is_dir() or _leads_out(entry.path, seen.root)):
            seen.links.append(Path(entry.path))
        elif entry.is_dir():
            yield from _pictures(Path(entry.path), seen)
        elif entry.is_file():
            yield Path(entry.path)
        else:  # a pipe would be waited for without end
            raise BadInput(f"{entry.path}: neither a file nor a folder; remove it")


def _entries(path: Path) -> list[os.DirEntry[str]]:
    """What lies in a folder, by name, without hidden files and what systems leave behind."""
    with os.scandir(path) as entries:
        wanted = [e for e in entries if not e.name.startswith(".") and e.name.lower() not in LEFT_BEHIND]
    return sorted(wanted, key=lambda entry: entry.name)


def _leads_out(path: str, root: Path) -> bool:
    return not Path(path).resolve().is_relative_to(root)


def _said(seen: _Seen) -> str:
    return f" ({plural(len(seen.links), 'link')} not followed: {seen.links[0]})" if seen.links else ""
