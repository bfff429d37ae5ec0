"""Arrays and raw labels to Pictures: class indices, photo groups, and the checks that need the whole.

Enters: what a reader read. Leaves: Pictures, or one line on what is wrong with the whole.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from search.command import BadInput
from search.data.arrays import Arrays
from search.data.color import of_images
from search.data.groups import Grouped, near_copies, photo_groups
from search.data.labels import classes_of
from search.data.pictures import SMALLEST_SIDE, Part, Pictures


def assemble(
    name: str,
    origin: str,
    arrays: Arrays,
    color: str = "gray",
    remember: Callable[[Callable[[], Grouped]], Grouped] = lambda find: find(),
) -> Pictures:
    """Pictures. Class names are the labels themselves where the arrays bring none.

    remember: gives the groups, found now or remembered from an earlier start. Raises: BadInput.
    """
    height, width = arrays.images.shape[1:3]
    if min(height, width) < SMALLEST_SIDE:
        raise BadInput(f"{origin}: pictures of {height}x{width}; at least {SMALLEST_SIDE} pixels a side needed")
    if arrays.test_images is not None and arrays.test_images.shape[1:] != arrays.images.shape[1:]:
        raise BadInput(
            f"{origin}: training pictures are {arrays.images.shape[1:]}, test pictures {arrays.test_images.shape[1:]}; "
            "resize them"
        )
    classes = classes_of(arrays.labels, arrays.test_labels, arrays.class_names, origin)
    labels, test_labels = classes.labels, classes.test_labels
    # A reader of encoded pictures has taken the colours already.
    color_of = _as_they_are if "color" in arrays.preprocessing else partial(of_images, color=color, where=origin)
    images, done = color_of(arrays.images)
    preprocessing = {**arrays.preprocessing, **done}
    notes = arrays.notes
    if (brightest := int(images.max())) <= 1:
        notes += (f"the brightest pixel is {brightest}: if pixels were scaled to 0..1, save them as 0..255",)
    test_images = None if arrays.test_images is None else color_of(arrays.test_images)[0]

    def find() -> Grouped:
        groups = photo_groups(images, labels, arrays.groups)
        if test_images is None or test_labels is None:
            return Grouped(groups, None)
        copies = near_copies(test_images, test_labels, images, labels)
        return Grouped(groups, photo_groups(test_images, test_labels), int(copies.sum()))

    grouped = remember(find)
    test = None
    if test_images is not None and test_labels is not None and grouped.test is not None:
        test = Part(test_images, test_labels, grouped.test)
    train = Part(images, labels, grouped.train)
    return Pictures(name, origin, classes.names, train, test, grouped.known_copies, preprocessing, notes)


def _as_they_are(images: npt.NDArray[np.uint8]) -> tuple[npt.NDArray[np.uint8], dict[str, Any]]:
    return images, {}
