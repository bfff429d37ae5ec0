"""Class indices and class names from raw labels, with all checks that need no images.

Readers call `classes_of` before they read pixels, so that wrong labels are reported early. `assemble` calls it again on
the complete data.
"""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from search.console.messages import listed
from search.errors import BadInput

LONGEST = 200  # characters of a class name
LARGEST = np.iinfo(np.int64).max


@dataclass(frozen=True, eq=False)
class Classes:
    """Names of the classes that have images; labels (N,) and test_labels (M,) are indices into them."""

    names: tuple[str, ...]
    labels: npt.NDArray[np.int64]
    test_labels: npt.NDArray[np.int64] | None


def text_array(values: Sequence[str], where: str) -> npt.NDArray[np.str_]:
    """Returns names or labels as an array. Raises: BadInput for text that NumPy would truncate or cannot be shown."""
    for value in dict.fromkeys(values):
        check_name(value, where)
    return np.array(values, dtype=np.str_)


def check_name(name: str, where: str) -> None:
    """Raises BadInput for a name that is empty, too long, or contains control characters or surrogates."""
    if not name.strip():
        raise BadInput(f"{where}: a class has an empty name; give it a name")
    if len(name) > LONGEST:
        raise BadInput(f"{where}: class name {name[:20]!r}… has {len(name)} characters; use at most {LONGEST}")
    if any(unicodedata.category(character) in ("Cc", "Cs") for character in name):
        raise BadInput(f"{where}: the class name {name[:40]!r} has control characters; rename it, in UTF-8")


def plain(labels: npt.NDArray[np.generic], where: str) -> npt.NDArray[np.generic]:
    """Converts labels to int64 or text; bytes are decoded as UTF-8. Raises: BadInput."""
    if labels.dtype.kind == "S":
        try:
            return np.char.decode(labels.astype(np.bytes_), "utf-8")
        except UnicodeDecodeError as error:
            raise BadInput(f"{where}: {error.object[:20]!r} is not UTF-8 text; save text") from error
    if labels.dtype.kind in "iu":
        if labels.size and labels.max() > LARGEST:
            raise BadInput(f"{where}: label {labels.max()} is too large; use integers up to {LARGEST}, or text")
        return labels.astype(np.int64)
    return labels


def classes_of(
    labels: npt.NDArray[np.generic],
    test_labels: npt.NDArray[np.generic] | None,
    class_names: tuple[str, ...] | None,
    origin: str,
) -> Classes:
    """Returns class names and indices. With `class_names`, labels index into them; otherwise labels are the names.

    Raises: BadInput for a single class, labels outside the names, invalid names, and a test label that no training
    image has.
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
        raise BadInput(f"{origin}: labels are numbers in one part and text in the other; use one type for both")
    unknown = np.setdiff1d(test_labels, values)
    if len(unknown):
        raise BadInput(
            f"{origin}: the test set has label {unknown[0]}, which no training image has "
            f"(training labels: {listed(names)}); remove those test images"
        )
    return Classes(names, indices, np.searchsorted(values, test_labels).astype(np.int64))


def _present(class_names: tuple[str, ...], values: npt.NDArray[np.generic], origin: str) -> tuple[str, ...]:
    """Returns the names of the classes that have images. Raises: BadInput for labels outside the names."""
    first, last = int(values[0]), int(values[-1])
    if first < 0 or last >= len(class_names):
        raise BadInput(
            f"{origin}: labels {first}..{last} do not fit {len(class_names)} class_names; labels must count from 0"
        )
    return tuple(class_names[int(value)] for value in values)
