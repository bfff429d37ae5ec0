"""Raw labels to class indices and class names, with the checks that need no picture.

Readers call `classes_of` before they read pixels, and `assemble` calls it when all is there, so that wrong labels are
found before anything large is in memory.
"""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from search.console.messages import listed
from search.errors import BadInput

LONGEST = 200  # characters of a label or a class's name
LARGEST = np.iinfo(np.int64).max


@dataclass(frozen=True, eq=False)
class Classes:
    """names: of the classes that have pictures; labels (N,) and test_labels: indices into them."""

    names: tuple[str, ...]
    labels: npt.NDArray[np.int64]
    test_labels: npt.NDArray[np.int64] | None


def text_array(values: Sequence[str], where: str) -> npt.NDArray[np.str_]:
    """Names or labels as an array. Raises: BadInput for text that NumPy would cut off, or that cannot be shown."""
    for value in dict.fromkeys(values):
        check_name(value, where)
    return np.array(values, dtype=np.str_)


def check_name(name: str, where: str) -> None:
    """Raises: BadInput for a name that is empty, too long, or has control characters or halves of a character in it."""
    if not name.strip():
        raise BadInput(f"{where}: a class without a name; give it one")
    if len(name) > LONGEST:
        raise BadInput(f"{where}: a class's name of {len(name)} characters, {name[:20]!r}…; at most {LONGEST}")
    if any(unicodedata.category(character) in ("Cc", "Cs") for character in name):
        raise BadInput(f"{where}: the class name {name[:40]!r} has characters that are no text; rename it, in UTF-8")


def plain(labels: npt.NDArray[np.generic], where: str) -> npt.NDArray[np.generic]:
    """Labels of one of two types: int64, or text. Bytes are text in UTF-8. Raises: BadInput."""
    if labels.dtype.kind == "S":
        try:
            return np.char.decode(labels.astype(np.bytes_), "utf-8")
        except UnicodeDecodeError as error:
            raise BadInput(f"{where}: bytes that are no UTF-8 text ({error.object[:20]!r}); save text") from error
    if labels.dtype.kind in "iu":
        if labels.size and labels.max() > LARGEST:
            raise BadInput(f"{where}: label {labels.max()}; use whole numbers up to {LARGEST}, or text")
        return labels.astype(np.int64)
    return labels


def classes_of(
    labels: npt.NDArray[np.generic],
    test_labels: npt.NDArray[np.generic] | None,
    class_names: tuple[str, ...] | None,
    origin: str,
) -> Classes:
    """Class names are the labels themselves where none are given; otherwise labels are indices into those.

    Raises: BadInput for one class only, labels that do not fit the names, unfit names, and a test class that training
    lacks.
    """
    values = np.unique(labels)
    names = tuple(map(str, values)) if class_names is None else _present(class_names, values, origin)
    for name in names:
        check_name(name, origin)
    if len(names) < 2:
        raise BadInput(f"{origin}: only one class ({names[0]}); a classifier needs at least two")
    indices = np.searchsorted(values, labels).astype(np.int64)
    if test_labels is None:
        return Classes(names, indices, None)
    numbers = [each.dtype.kind in "iu" for each in (labels, test_labels)]
    if numbers[0] != numbers[1]:
        raise BadInput(f"{origin}: labels are numbers in one part and text in the other; write them alike")
    unknown = np.setdiff1d(test_labels, values)
    if len(unknown):
        raise BadInput(
            f"{origin}: the test set has label {unknown[0]}, which no training picture has "
            f"(training has {listed(names)}); remove it"
        )
    return Classes(names, indices, np.searchsorted(values, test_labels).astype(np.int64))


def _present(class_names: tuple[str, ...], values: npt.NDArray[np.generic], origin: str) -> tuple[str, ...]:
    """The names of the classes that have pictures."""
    first, last = int(values[0]), int(values[-1])
    if first < 0 or last >= len(class_names):
        raise BadInput(
            f"{origin}: labels {first}..{last} do not fit {len(class_names)} class_names, which count from 0"
        )
    return tuple(class_names[int(value)] for value in values)
