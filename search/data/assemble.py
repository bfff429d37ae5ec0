"""Builds Pictures from the arrays of a reader: class indices, photo groups and checks of the whole data set."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from search.data.arrays import Arrays
from search.data.color import of_images
from search.data.groups import Grouped, grouped
from search.data.labels import classes_of
from search.data.notes import notes_on_groups
from search.data.pictures import AUTOMATIC, GIVEN, NONE, SMALLEST_SIDE, Part, Pictures
from search.data.source import Source
from search.errors import BadInput


def assemble(
    name: str,
    origin: str,
    arrays: Arrays,
    source: Source,
    groups_by: str | None = None,
    remember: Callable[[Callable[[], Grouped]], Grouped] = lambda find: find(),
) -> Pictures:
    """Returns the Pictures of these arrays. Without class names, the labels serve as names.

    groups_by: how the user can name groups in this format, for messages. remember: calls the function that finds
    groups, or returns a cached result. Raises: BadInput.
    """
    height, width = arrays.images.shape[1:3]
    if min(height, width) < SMALLEST_SIDE:
        raise BadInput(f"{origin}: images of {height}x{width}; each side must have at least {SMALLEST_SIDE} pixels")
    if arrays.test_images is not None and arrays.test_images.shape[1:] != arrays.images.shape[1:]:
        raise BadInput(
            f"{origin}: training images are {arrays.images.shape[1:]}, test images {arrays.test_images.shape[1:]}; "
            "resize them"
        )
    classes = classes_of(arrays.labels, arrays.test_labels, arrays.class_names, origin)
    labels, test_labels = classes.labels, classes.test_labels
    # Readers of encoded images have already converted colors.
    color_of = _unchanged if "color" in arrays.preprocessing else partial(of_images, color=source.color, where=origin)
    images, done = color_of(arrays.images)
    preprocessing = {**arrays.preprocessing, **done}
    notes = arrays.notes
    if (brightest := int(images.max())) <= 1:
        notes += (f"the brightest pixel is {brightest}; if pixels were scaled to 0..1, save them as 0..255",)
    test_images = None if arrays.test_images is None else color_of(arrays.test_images)[0]

    given, test_given = (None, None) if source.groups == NONE else (arrays.groups, arrays.test_groups)
    find = partial(grouped, images, labels, test_images, test_labels, given, test_given, source.compared_by)
    found = remember(find)
    test = None
    if not (test_images is None or test_labels is None or found.test_groups is None or found.test_copies is None):
        test = Part(test_images, test_labels, found.test_groups, found.test_copies)
    pictures = Pictures(
        name,
        origin,
        classes.names,
        Part(images, labels, found.groups, found.copies),
        test,
        found.known_copies,
        preprocessing,
        grouping=_grouping(given is not None, source.compared_by),
    )
    return replace(pictures, notes=notes + notes_on_groups(pictures, arrays.groups, arrays.test_groups, groups_by))


def _grouping(given: bool, similarity: float) -> dict[str, Any]:
    """Returns the origin of the groups, as the protocol records it."""
    if given:
        return {"groups": GIVEN, "similarity": similarity}
    return {"groups": NONE} if similarity == 1 else {**AUTOMATIC, "similarity": similarity}


def _unchanged(images: npt.NDArray[np.uint8]) -> tuple[npt.NDArray[np.uint8], dict[str, Any]]:
    return images, {}
