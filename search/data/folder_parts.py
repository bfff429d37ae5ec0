"""Finds out which subfolders are parts of the data (training, test, validation) and which are classes.

Parts are recognized by their usual names, ignoring case. An ambiguous folder is an error: a network would learn to tell
parts apart as if they were classes, and nothing would reveal the mistake.
"""

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations, takewhile
from pathlib import Path, PurePosixPath

from search.console.messages import listed
from search.data.decode import EXTENSIONS
from search.errors import BadInput

SYSTEM_FILES = {"thumbs.db", "ehthumbs.db", "desktop.ini", "__macosx", "@eadir", "icon\r"}
TRAIN, TEST, VALIDATION = "train", "test", "validation"
KINDS = {
    TRAIN: TRAIN,
    "training": TRAIN,
    TEST: TEST,
    "testing": TEST,
    "eval": TEST,
    "evaluation": TEST,
    "val": VALIDATION,
    "valid": VALIDATION,
    "validation": VALIDATION,
    "validating": VALIDATION,
    "dev": VALIDATION,
}
# train, Training, test_set, Train_1; with a common prefix also seg_train and seg_test
NAME = re.compile(
    rf"(?P<begins>(?:.*[-_. ])?)(?P<kind>{'|'.join(sorted(KINDS, key=len, reverse=True))})"
    r"(?:[-_. ]?(?:set|data|images?|pictures?))?(?:[-_. ]?\d+)?",
    re.IGNORECASE,
)
# Folders that only wrap the class folders of a part, as in train/images/cats.
WRAPPERS = {"images", "image", "pictures", "data", "img", "imgs"}


@dataclass(frozen=True)
class Parts:
    """The training and test folders, whose subfolders are classes. unread: names of the folders beside them."""

    train: Path
    test: Path | None
    unread: tuple[str, ...] = ()

    @property
    def folders(self) -> list[Path]:
        """The training folder and, if there is one, the test folder."""
        return [self.train] if self.test is None else [self.train, self.test]


def find_parts(path: Path) -> Parts | None:
    """Returns the parts of a folder, or None if its subfolders are classes.

    Raises: BadInput for two folders of the same part, and for parts without class folders.
    """
    top = folders_in(path)
    by_beginning: dict[str, dict[str, list[Path]]] = {}
    for folder in top:
        if match := NAME.fullmatch(folder.name):
            kinds = by_beginning.setdefault(match["begins"].lower(), {})
            kinds.setdefault(KINDS[match["kind"].lower()], []).append(folder)
    # A class may be called freight-train: a prefix counts only if a training part and another part share it.
    sets = [kinds for begins, kinds in by_beginning.items() if TRAIN in kinds and (not begins or len(kinds) > 1)]
    if not sets:
        return None
    if len(sets) > 1 or any(len(of_kind) > 1 for of_kind in sets[0].values()):
        names = [folder.name for kinds in sets for of_kind in kinds.values() for folder in of_kind]
        raise BadInput(
            f"{path}: {listed(names)}: several training or test folders; keep one for training and one for testing"
        )
    parts = {kind: _within(folder) for kind, (folder,) in sets[0].items()}
    others = [folder for folder in top if not any(folder in of_kind for of_kind in sets[0].values())]
    if not folders_in(parts[TRAIN]):
        if len(parts) > 1:
            names = [folder.name for of_kind in sets[0].values() for folder in of_kind]
            raise BadInput(f"{path}: {listed(sorted(names))} contain no class folders; put each class into one")
        return None  # a class with that name
    if len(parts) == 1:
        if has_pictures(parts[TRAIN]) and any(has_pictures(folder) for folder in others):
            return None  # also a class, with subfolders
        _refuse_classes(path, sets[0][TRAIN][0], others)
    read = {sets[0][kind][0] for kind in (TRAIN, TEST) if kind in parts}
    return Parts(parts[TRAIN], parts.get(TEST), tuple(folder.name for folder in top if folder not in read))


def _refuse_classes(path: Path, train: Path, others: Sequence[Path]) -> None:
    """Raises BadInput if folders beside the only part have the same structure, so that all may be classes."""
    alike = [other.name for other in others if any(has_pictures(below) for below in folders_in(other))]
    if alike:
        raise BadInput(
            f"{path}: {train.name} may be the training part or a class like {listed(alike)}, which has subfolders too; "
            f"if it is the training part, give --data {train}; if it is a class, rename it, for instance {train.name}s"
        )


def below_part(paths: Sequence[str]) -> list[str]:
    """Removes the leading folders that all paths share, up to a part's folder; does nothing without such a folder."""
    split = [PurePosixPath(path).parts for path in paths]
    shared = takewhile(lambda names: len(set(names)) == 1, zip(*(parts[:-1] for parts in split), strict=False))
    below = max((place + 1 for place, names in enumerate(shared) if NAME.fullmatch(names[0])), default=0)
    return [PurePosixPath(*parts[below:]).as_posix() for parts in split] if below else [*paths]


def check_classes(path: Path, folders: Sequence[Path]) -> None:
    """Raises BadInput if class folders look like parts of the data, or if a single folder contains the classes.

    Parts contain subfolders of the same names, their classes. So may classes, if the subfolders are persons or tracks.
    """
    within = {folder: {each.name for each in folders_in(folder)} for folder in folders if not has_pictures(folder)}
    for one, other in combinations(within, 2):
        if len(shared := sorted(within[one] & within[other])) > 1:
            raise BadInput(
                f"{path}: {one.name} and {other.name} contain folders of the same names ({listed(shared)}) and may be "
                "classes or parts; name parts train and test; if they are classes, move the images directly into "
                "them, or declare the subfolders as groups: --groups '([^/]+)/[^/]+$'"
            )
    if len(folders) == 1:
        inner = folders[0]
        while len(below := folders_in(inner)) == 1 and not has_pictures(inner):
            inner = below[0]
        if len(below) > 1 and not has_pictures(inner):
            names = listed([folder.name for folder in below])
            raise BadInput(f"{path}: contains only one folder; the class folders ({names}) are in it: --data {inner}")


def folders_in(path: Path) -> list[Path]:
    """Returns the subfolders sorted by name, without links and hidden folders."""
    return [Path(entry.path) for entry in entries(path) if entry.is_dir(follow_symlinks=False)]


def has_pictures(path: Path) -> bool:
    """Returns whether the folder directly contains files with an image extension."""
    return any(os.path.splitext(entry.name)[1].lower() in EXTENSIONS and entry.is_file() for entry in entries(path))


def entries(path: Path) -> list[os.DirEntry[str]]:
    """Returns the entries of a folder sorted by name, without hidden files and files that operating systems add."""
    with os.scandir(path) as found:
        wanted = [e for e in found if not e.name.startswith(".") and e.name.lower() not in SYSTEM_FILES]
    return sorted(wanted, key=lambda entry: entry.name)


def _within(part: Path) -> Path:
    """Returns the folder with the class folders of a part: itself, or its only subfolder if that wraps them."""
    below = folders_in(part)
    if len(below) != 1 or has_pictures(part) or not folders_in(below[0]):
        return part
    name = below[0].name.lower()
    return _within(below[0]) if name == part.name.lower() or name in WRAPPERS else part
