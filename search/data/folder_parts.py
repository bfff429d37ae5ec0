"""Which folders in a folder of pictures are parts of the data (training, test, validation), and which are classes.

Enters: folders. Leaves: the folder of the training part and of the test part, where there are such, by the names that
are common for them, in any case. What could be read either way is refused: networks learn to tell parts from each other
as they do classes, and nothing would show the mistake.
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

LEFT_BEHIND = {"thumbs.db", "ehthumbs.db", "desktop.ini", "__macosx", "@eadir", "icon\r"}
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
# train, Training, test_set, Train_1, and with the same beginning seg_train and seg_test
NAME = re.compile(
    rf"(?P<begins>(?:.*[-_. ])?)(?P<kind>{'|'.join(sorted(KINDS, key=len, reverse=True))})"
    r"(?:[-_. ]?(?:set|data|images?|pictures?))?(?:[-_. ]?\d+)?",
    re.IGNORECASE,
)
# Folders that only hold a part's class folders once more, as in training_set/training_set/cats.
WRAPPERS = {"images", "image", "pictures", "data", "img", "imgs"}


@dataclass(frozen=True)
class Parts:
    """Folders whose folders are classes; unread: names of other folders beside them."""

    train: Path
    test: Path | None
    unread: tuple[str, ...] = ()

    @property
    def folders(self) -> list[Path]:
        """The folders that there are, training first."""
        return [self.train] if self.test is None else [self.train, self.test]


def find_parts(path: Path) -> Parts | None:
    """The parts in a folder; None where its folders are classes.

    Raises: BadInput for two folders of a part, and parts without class folders.
    """
    top = folders_in(path)
    by_beginning: dict[str, dict[str, list[Path]]] = {}
    for folder in top:
        if match := NAME.fullmatch(folder.name):
            kinds = by_beginning.setdefault(match["begins"].lower(), {})
            kinds.setdefault(KINDS[match["kind"].lower()], []).append(folder)
    # A class may be called freight-train: a beginning counts only where a training part and another one share it.
    sets = [kinds for begins, kinds in by_beginning.items() if TRAIN in kinds and (not begins or len(kinds) > 1)]
    if not sets:
        return None
    if len(sets) > 1 or any(len(of_kind) > 1 for of_kind in sets[0].values()):
        names = [folder.name for kinds in sets for of_kind in kinds.values() for folder in of_kind]
        raise BadInput(
            f"{path}: {listed(names)}: which of them train? Leave one folder for training and one for testing"
        )
    parts = {kind: _within(folder) for kind, (folder,) in sets[0].items()}
    others = [folder for folder in top if not any(folder in of_kind for of_kind in sets[0].values())]
    if not folders_in(parts[TRAIN]):
        if len(parts) > 1:
            names = [folder.name for of_kind in sets[0].values() for folder in of_kind]
            raise BadInput(
                f"{path}: {listed(sorted(names))} hold no class folders; put each class's pictures into one, in each"
            )
        return None  # a class of that name
    if len(parts) == 1:
        if has_pictures(parts[TRAIN]) and any(has_pictures(folder) for folder in others):
            return None  # the same, with folders in it
        _refuse_classes(path, sets[0][TRAIN][0], others)
    read = {sets[0][kind][0] for kind in (TRAIN, TEST) if kind in parts}
    return Parts(parts[TRAIN], parts.get(TEST), tuple(folder.name for folder in top if folder not in read))


def _refuse_classes(path: Path, train: Path, others: Sequence[Path]) -> None:
    """Raises: BadInput where folders beside the only part are built as it is: they and it may be classes."""
    alike = [other.name for other in others if any(has_pictures(below) for below in folders_in(other))]
    if alike:
        raise BadInput(
            f"{path}: is {train.name} the training part, or a class, as {listed(alike)} may be, whose pictures lie in "
            f"folders too? If it is the part, name it alone: {train}; otherwise rename it, for instance {train.name}s"
        )


def below_part(paths: Sequence[str]) -> list[str]:
    """Paths less the folder of a part that all of them begin with, and what is above it; as they are where none is."""
    split = [PurePosixPath(path).parts for path in paths]
    shared = takewhile(lambda names: len(set(names)) == 1, zip(*(parts[:-1] for parts in split), strict=False))
    below = max((place + 1 for place, names in enumerate(shared) if NAME.fullmatch(names[0])), default=0)
    return [PurePosixPath(*parts[below:]).as_posix() for parts in split] if below else [*paths]


def check_classes(path: Path, folders: Sequence[Path]) -> None:
    """Raises: BadInput where class folders look like parts of the data, or there is one that holds others.

    Parts hold folders of the same names, their classes; classes may do so too, where those are persons or tracks.
    """
    within = {folder: {each.name for each in folders_in(folder)} for folder in folders if not has_pictures(folder)}
    for one, other in combinations(within, 2):
        if len(shared := sorted(within[one] & within[other])) > 1:
            raise BadInput(
                f"{path}: {one.name} and {other.name} hold folders of the same names ({listed(shared)}): classes, or "
                "parts of the data? Call parts train and test; if they are classes, put their pictures right into "
                "them, or say that the folders in them are groups: --groups '([^/]+)/[^/]+$'"
            )
    if len(folders) == 1:
        inner = folders[0]
        while len(below := folders_in(inner)) == 1 and not has_pictures(inner):
            inner = below[0]
        if len(below) > 1 and not has_pictures(inner):
            names = listed([folder.name for folder in below])
            raise BadInput(f"{path}: only one folder in it; the class folders ({names}) lie in {inner}: name that one")


def folders_in(path: Path) -> list[Path]:
    """The folders in a folder, by name, without links and hidden ones."""
    return [Path(entry.path) for entry in entries(path) if entry.is_dir(follow_symlinks=False)]


def has_pictures(path: Path) -> bool:
    """Whether files with a picture's extension lie in a folder itself."""
    return any(os.path.splitext(entry.name)[1].lower() in EXTENSIONS and entry.is_file() for entry in entries(path))


def entries(path: Path) -> list[os.DirEntry[str]]:
    """What lies in a folder, by name, without hidden files and what systems leave behind."""
    with os.scandir(path) as found:
        wanted = [e for e in found if not e.name.startswith(".") and e.name.lower() not in LEFT_BEHIND]
    return sorted(wanted, key=lambda entry: entry.name)


def _within(part: Path) -> Path:
    """The folder of a part that holds its class folders: itself, or the only one in it that has its name once more."""
    below = folders_in(part)
    if len(below) != 1 or has_pictures(part) or not folders_in(below[0]):
        return part
    name = below[0].name.lower()
    return _within(below[0]) if name == part.name.lower() or name in WRAPPERS else part
