"""Messages about the data set, printed before a study starts: its size, its split and its photo groups."""

import shlex

import numpy as np
import numpy.typing as npt

from search.data.pictures import GIVEN, NONE, Pictures
from search.data.source import Source
from search.data.split import Split

Numbers = npt.NDArray[np.int64]


def first_lines(split: Split, why: str, trained: int, source: Source) -> list[str]:
    """Returns the first lines of a study's output. trained: number of images per trial, after variants are drawn."""
    pictures, train, validation, test = split.pictures, split.train, split.validation, split.test
    height, width = pictures.shape
    copies = pictures.known_copies
    are = "is a near copy" if copies == 1 else "are near copies"
    some = "" if trained == len(train) else f", of which {trained:,} are trained on"
    folds = f"; the first of {len(split.folds)} folds" if len(split.folds) > 1 else ""
    return [
        f"images: {pictures.name} ({why}), {height}x{width}, {len(pictures.class_names)} classes; "
        f"training {_count(train.photos, 'photo')} ({_count(len(train), 'image')}{some}), "
        f"validation {validation.photos:,} ({len(validation):,}), "
        f"test {test.photos:,} ({len(test):,}, not read){folds}",
        _groups_line(pictures, source),
        *([f"note: {_count(copies, 'test image')} {are} of training images"] if copies else []),
        *(f"note: {note}" for note in pictures.notes),
    ]


def notes_on_groups(
    pictures: Pictures, given: Numbers | None, test_given: Numbers | None, groups_by: str | None
) -> tuple[str, ...]:
    """Returns messages about photo groups.

    given, test_given: groups stored in the data. groups_by: how the user can name groups in this format, if at all.
    """
    notes = []
    groups, n = pictures.train.photos, len(pictures.train)
    if given is not None and pictures.grouping["groups"] == NONE:
        notes.append("the groups in the data are not used, because --groups none treats each image as a group")
    if given is not None and pictures.groups_given and groups < (before := len(np.unique(given))):
        notes.append(f"near copies join the {before:,} given groups of training images into {groups:,}")
    if pictures.groups_given and pictures.test is not None and test_given is None:
        notes.append("the data have no test_groups: test images are grouped only by near copies")
    if pictures.test is not None and (shared := np.isin(pictures.test.groups, pictures.train.groups)).any():
        photos = pictures.test.groups[shared]
        which = f"{_count(len(photos), 'test image')} of {_count(len(np.unique(photos)), 'group')}"
        notes.append(f"{which} also found in the training images: a confirmation leaves them out")
    if groups == n and groups_by is not None and pictures.grouping["groups"] not in (GIVEN, NONE):
        notes.append(
            "every image is a separate group; if some are frames of one video or show one person, name the groups "
            f"with {groups_by}"
        )
    return tuple(notes)


def _groups_line(pictures: Pictures, source: Source) -> str:
    """Returns the number of photo groups and their origin."""
    kind, similarity = pictures.grouping["groups"], pictures.similarity
    close = f"correlation > {similarity:g}"
    if kind == NONE:
        return (
            "photo groups: none (--groups none), each image is a separate group"
            if source.groups == NONE
            else (f"photo groups: none (--similarity {similarity:g}), each image is a separate group")
        )
    by = "by the data" if source.given_by is None else f"by --groups {shlex.quote(source.given_by)}"
    joined = "" if similarity == 1 else f", near copies joined ({close})"
    how = f"given {by}{joined}" if kind == GIVEN else f"found automatically ({close})"
    train, test = pictures.train, pictures.test
    also = "" if test is None else f", {test.photos:,} among {_count(len(test), 'test image')}"
    return f"photo groups: {train.photos:,} {how} among {_count(len(train), 'training image')}{also}"


def _count(number: int, word: str) -> str:
    """`1 photo`, `1,274 photos`."""
    return f"{number:,} {word}{'' if number == 1 else 's'}"
