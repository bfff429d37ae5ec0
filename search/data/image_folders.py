"""Folders of images by class: `FOLDER/cat/1.png …`, or `FOLDER/train/cat/…` and `FOLDER/test/cat/…`.

Returns images, with the names of the class folders as labels, sorted by name. Every file in a class folder has to be a
image, except files that operating systems add. Links out of the folder and links to folders are never followed.
"""

import errno
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt

from search.console.messages import listed, plural
from search.data.arrays import Arrays
from search.data.folder_parts import check_classes, entries, find_parts, folders_in
from search.data.given import captured, numbers_of, refuse_unmatched
from search.data.hints import hint_of_paths, note_on_classes
from search.data.labels import classes_of
from search.data.source import Source
from search.data.stack import stack
from search.errors import BadInput


@dataclass(frozen=True)
class Found:
    """Image files with their classes, in order; the first `training` of them are the training set.

    paths: relative to the folder of the part, so that a name means the same in the training and the test set.
    notes: messages about the folder, not about the images in it.
    """

    files: list[Path]
    paths: list[str]
    classes: list[str]
    training: int
    notes: tuple[str, ...]


@dataclass
class _Seen:
    """Links and files that a walk has skipped."""

    root: Path
    links: list[str] = field(default_factory=list)
    beside: list[str] = field(default_factory=list)


def find_pictures(path: Path, expression: str | None = None) -> Found:
    """Walks the folder. expression: the value of --groups, if given.

    Raises: BadInput for a folder without class folders, and for classes without images.
    """
    seen = _Seen(path.resolve())
    notes: tuple[str, ...] = ()
    found = find_parts(path)
    if found is not None:
        _folders(path, top := _Seen(seen.root))
        seen.links += top.links
    if found is not None and found.unread:
        beside = "train and test" if found.test else "train, from which a test set is split off"
        notes += (f"folders not read beside {beside}: {listed(found.unread)}",)
    files: list[Path] = []
    paths: list[str] = []
    classes: list[str] = []
    training = 0
    for part in [path] if found is None else found.folders:
        folders = _folders(part, seen)
        if not folders:
            alone = (
                f", or use the training part alone: --data {found.train}"
                if found is not None and part == found.test
                else ""
            )
            own = "put each class's images into a separate folder"
            raise BadInput(f"{part}: no class folders{_links_note(seen)}; {own}{alone}")
        if not _are_groups(part, folders, expression, seen.root):
            check_classes(part, folders)
        of_class = {folder: list(_pictures(folder, seen)) for folder in folders}
        if empty := [str(folder) for folder, pictures in of_class.items() if not pictures]:
            of_them, it = ("a class folder", "it") if len(empty) == 1 else ("class folders", "them")
            raise BadInput(f"{listed(empty)}: {of_them} without images{_links_note(seen)}; fill or remove {it}")
        files += [file for pictures in of_class.values() for file in pictures]
        paths += [file.relative_to(part).as_posix() for pictures in of_class.values() for file in pictures]
        classes += [folder.name for folder, pictures in of_class.items() for _ in pictures]
        training = training or len(files)
    test = None if training == len(files) else np.array(classes[training:])
    classes_of(np.array(classes[:training]), test, None, f"{path}{_links_note(seen)}")
    if seen.beside:
        notes += (f"{plural(len(seen.beside), 'file')} beside the class folders not read: {listed(seen.beside)}",)
    if seen.links:
        notes += (f"{plural(len(seen.links), 'link')} not followed: {listed(seen.links)}",)
    return Found(files, paths, classes, training, notes)


def read_folder(path: Path, found: Found, source: Source) -> Arrays:
    """Decodes the images found by `find_pictures`. Raises: BadInput."""
    names = None if source.given_by is None else captured(source.given_by, found.paths)
    if names is not None and not source.skip_bad:
        refuse_unmatched(str(source.given_by), names, found.paths)
    read = stack(((str(file), file) for file in found.files), len(found.files), source, str(path))
    labels = np.array(found.classes)[read.kept]
    training = int(np.searchsorted(read.kept, found.training))
    for before, kept in (
        (found.classes[: found.training], labels[:training]),
        (found.classes[found.training :], labels[training:]),
    ):
        if lost := sorted(set(before) - set(kept)):
            raise BadInput(f"{path}: all images of class {lost[0]!r} are bad; replace them or remove the class")
    groups, said = _groups(names, found.paths, found.classes, read.kept, source)
    notes = read.notes + said
    if found.training == len(found.files):
        return Arrays(read.images, labels, groups=groups, preprocessing=read.preprocessing, notes=notes)
    return Arrays(
        read.images[:training],
        labels[:training],
        read.images[training:],
        labels[training:],
        None if groups is None else groups[:training],
        None if groups is None else groups[training:],
        preprocessing=read.preprocessing,
        notes=notes,
    )


def _groups(
    names: list[str | None] | None, paths: list[str], classes: list[str], kept: npt.NDArray[np.int64], source: Source
) -> tuple[npt.NDArray[np.int64] | None, tuple[str, ...]]:
    """Returns the group numbers of the kept images, or None without --groups, and messages about groups."""
    if names is None:
        return None, () if source.groups else hint_of_paths(paths, classes)
    kept_names, kept_paths = [names[i] for i in kept], [paths[i] for i in kept]
    refuse_unmatched(str(source.given_by), kept_names, kept_paths)
    notes = note_on_classes(str(source.given_by), kept_names, kept_paths, [classes[i] for i in kept])
    return numbers_of(kept_names), notes


def _folders(path: Path, seen: _Seen) -> list[Path]:
    """Returns the subfolders sorted by name; records links and files in `seen`."""
    folders = []
    for entry in entries(path):
        if entry.is_symlink() and (entry.is_dir() or _leads_out(entry.path, seen.root)):
            seen.links.append(entry.path)
        elif entry.is_dir():
            folders.append(Path(entry.path))
        else:
            seen.beside.append(entry.path)
    return folders


def _pictures(folder: Path, seen: _Seen) -> Iterator[Path]:
    """Yields the files in a class folder and its subfolders, sorted by name. Raises: BadInput."""
    open_folders = [iter(entries(folder))]
    while open_folders:
        entry = next(open_folders[-1], None)
        if entry is None:
            open_folders.pop()
        elif entry.is_symlink() and _is_loop(entry):
            raise BadInput(f"{entry.path}: neither a file nor a folder; remove it")
        elif entry.is_symlink() and (entry.is_dir() or _leads_out(entry.path, seen.root)):
            seen.links.append(entry.path)
        elif entry.is_dir():
            open_folders.append(iter(entries(Path(entry.path))))
        elif entry.is_file():
            yield Path(entry.path)
        else:  # reading a pipe would block forever
            raise BadInput(f"{entry.path}: neither a file nor a folder; remove it")


def _are_groups(part: Path, folders: list[Path], expression: str | None, root: Path) -> bool:
    """Returns whether the class folders have subfolders and the expression captures their names as groups."""
    if expression is None:
        return False
    below = [inner for folder in folders for inner in folders_in(folder)]
    first = {inner: next(_pictures(inner, _Seen(root)), inner / "none") for inner in below}
    names = captured(expression, [file.relative_to(part).as_posix() for file in first.values()])
    return bool(below) and all(name and inner.name in name for inner, name in zip(first, names, strict=True))


def _is_loop(link: os.DirEntry[str]) -> bool:
    """Returns whether a link points to itself."""
    try:
        link.stat()
    except FileNotFoundError:
        return False
    except OSError as error:
        return error.errno == errno.ELOOP
    return False


def _leads_out(path: str, root: Path) -> bool:
    return not Path(os.path.realpath(path)).is_relative_to(root)


def _links_note(seen: _Seen) -> str:
    return f" ({plural(len(seen.links), 'link')} not followed: {listed(seen.links)})" if seen.links else ""
