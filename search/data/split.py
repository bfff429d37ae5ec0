"""Splits that never separate a photo group: each group is in the training, validation or test set as a whole.

Returns a Split with its fingerprint. Only a confirmation reads the test set; the objective never does.
"""

import hashlib
import json
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from sklearn.model_selection import StratifiedGroupKFold

from search.console.messages import plural
from search.data.pictures import Part, Pictures
from search.errors import BadInput

COPIES, GROUPS = "near copies", "groups"  # unit of at_most_variants
FOLDS = 5  # a fifth of the photos for validation, and a fifth for the test set if the data have none


class SplitLeak(Exception):
    """A photo group is on both sides of a split."""


@dataclass(frozen=True, eq=False)
class Fold:
    """The training and the validation photos of one fold."""

    train: Part
    validation: Part


@dataclass(frozen=True, eq=False)
class Split:
    """Disjoint training, validation and test photos.

    folds: one, or several with disjoint validation photos. development: all photos except the test photos.
    data_fingerprint: hash of pixels, labels, groups, class names and preprocessing. split_fingerprint: hash of the rows
    in each part.
    """

    pictures: Pictures
    folds: tuple[Fold, ...]
    development: Part
    test: Part
    data_fingerprint: str
    split_fingerprint: str

    @property
    def train(self) -> Part:
        """The training photos of the first fold."""
        return self.folds[0].train

    @property
    def validation(self) -> Part:
        """The validation photos of the first fold."""
        return self.folds[0].validation


def split_pictures(pictures: Pictures, seed: int, folds: int = 1) -> Split:
    """Splits by photo group, stratified by class. A test set in the data is kept unchanged.

    folds: with 1, a fifth of the photos is for validation. With more, all photos except the test photos are divided
    into that many parts, and each is the validation set of one fold.
    Raises: BadInput if a class has fewer photos than there are folds, or none in a part.
    """
    whole = pictures.train
    check_enough_photos(pictures, whole, FOLDS)
    fifths = _grouped_folds(whole, FOLDS, seed)
    test = fifths[1] if pictures.test is None else np.empty(0, dtype=np.int64)
    development = np.setdiff1d(np.arange(len(whole)), test)
    if folds == 1:
        held_out = fifths[:1]
    else:
        check_enough_photos(pictures, whole[development], folds)
        held_out = [development[rows] for rows in _grouped_folds(whole[development], folds, seed)]
    made = []
    for validation in held_out:
        train = np.setdiff1d(development, validation)
        for first, second in ((train, validation), (train, test), (validation, test)):
            check_no_leak(whole.groups[first], whole.groups[second])
        check_every_class(pictures, train, "training")
        check_every_class(pictures, validation, "validation")
        made.append((train, validation))
    if pictures.test is None:
        check_every_class(pictures, test, "test")
    return Split(
        pictures,
        tuple(Fold(whole[train], whole[validation]) for train, validation in made),
        whole[development],
        pictures.test or whole[test],
        data_fingerprint(pictures),
        digest(*(rows for pair in made for rows in pair), test),
    )


def _grouped_folds(part: Part, folds: int, seed: int) -> list[npt.NDArray[np.int64]]:
    """Returns the rows of each fold."""
    made = StratifiedGroupKFold(folds, shuffle=True, random_state=seed)
    return [rows for _, rows in made.split(part.labels, part.labels, part.groups)]


def check_no_leak(groups: npt.NDArray[np.int64], other_groups: npt.NDArray[np.int64]) -> None:
    """Raises SplitLeak if a photo group is on both sides."""
    shared = np.intersect1d(groups, other_groups)
    if len(shared):
        raise SplitLeak(f"{len(shared)} photos have variants on both sides of the split (photo group {shared[0]})")


def check_enough_photos(pictures: Pictures, part: Part, folds: int) -> None:
    """Raises BadInput for a single class, or a class with fewer photos in `part` than `folds`."""
    if len(pictures.class_names) < 2:
        raise BadInput(
            f"{pictures.origin}: only one class ({pictures.class_names[0]}); a classifier needs at least two"
        )
    for label, name in enumerate(pictures.class_names):
        photos = len(np.unique(part.groups[part.labels == label]))
        if photos < folds:
            beside = "" if len(part) == len(pictures.train) else " outside the test set"
            fewer = "" if part is pictures.train else f", use at most {photos} folds"
            raise BadInput(
                f"{pictures.origin}: class {name!r} has {plural(photos, 'photo')}{beside}, not counting variants; "
                f"the split needs at least {folds}: add images of it{fewer} or remove the class"
            )


def check_every_class(pictures: Pictures, rows: npt.NDArray[np.int64], part: str) -> None:
    """Raises BadInput if a class has no photo in a part, which can happen if given groups span classes."""
    missing = np.setdiff1d(np.arange(len(pictures.class_names)), pictures.train.labels[rows])
    if len(missing):
        raise BadInput(
            f"{pictures.origin}: no photo of class {pictures.class_names[missing[0]]!r} is in the {part} part; "
            "add groups of that class, or use another --seed"
        )


def at_most_variants(part: Part, variants: int, seed: int, of: str = COPIES) -> Part:
    """Returns at most `variants` randomly chosen images of each set of near copies or each group; 0 keeps all.

    of: COPIES or GROUPS.
    """
    if variants == 0:
        return part
    shuffled = np.random.default_rng(seed).permutation(len(part))
    numbers = part.groups if of == GROUPS else part.copies
    by_group = shuffled[np.argsort(numbers[shuffled], kind="stable")]
    groups = numbers[by_group]
    rank = np.arange(len(groups)) - np.searchsorted(groups, groups)
    return part[np.sort(by_group[rank < variants])]


def data_fingerprint(pictures: Pictures) -> str:
    """Returns 16 hexadecimal digits of SHA-256 over pixels, labels, groups, class names and any preprocessing.

    The digest depends on which images form a group, not on the numbers of the groups.
    """
    parts = [part for part in (pictures.train, pictures.test) if part is not None]
    arrays = [array for part in parts for array in (part.images, part.labels, by_appearance(part.groups))]
    if pictures.test is not None and np.isin(pictures.test.groups, pictures.train.groups).any():
        arrays.append(by_appearance(np.concatenate([pictures.train.groups, pictures.test.groups])))
    if pictures.preprocessing:
        arrays.append(np.array(json.dumps(pictures.preprocessing, sort_keys=True).encode()))
    return digest(np.array("\n".join(pictures.class_names).encode()), *arrays)


def by_appearance(groups: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Renumbers groups (N,) from 0 in order of first appearance."""
    _, first, inverse = np.unique(groups, return_index=True, return_inverse=True)
    return np.argsort(np.argsort(first))[inverse].astype(np.int64)


def digest(*arrays: npt.NDArray[np.generic]) -> str:
    """Returns 16 hexadecimal digits of SHA-256 over the arrays' types, shapes and bytes."""
    state = hashlib.sha256()
    for array in arrays:
        state.update(f"{array.dtype.str}{array.shape}".encode())
        state.update(np.ascontiguousarray(array).reshape(-1).view(np.uint8).data)  # memmaps are not copied
    return state.hexdigest()[:16]
