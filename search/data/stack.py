"""Many encoded pictures to one array of one size.

Enters: names with files or bytes, in order. Leaves: images (N, H, W) or (N, H, W, 3) uint8, which of the pictures they
are, and what was done. Bad pictures end the reading, or with --skip-bad are left out and counted.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from search.command import BadInput, plural
from search.data.color import check_colour, done_to_colour
from search.data.decode import STEPS, BadPicture, decode
from search.data.fit import FITS, done_to_size
from search.data.source import Source


@dataclass(frozen=True, eq=False)
class Stack:
    """images (K, H, W) or (K, H, W, 3) uint8; kept (K,): their places among all pictures, in order."""

    images: npt.NDArray[np.uint8]
    kept: npt.NDArray[np.int64]
    preprocessing: dict[str, Any]
    notes: tuple[str, ...]


def stack(pictures: Iterable[tuple[str, Path | bytes]], count: int, source: Source, where: str) -> Stack:
    """Decodes and resizes them one by one; only their grey levels stay in memory.

    count: how many there are. Raises: BadInput for a bad picture, for sizes that differ without --size, for a
    channel of grey pictures, and where nothing is left.
    """
    fit = source.fit or "letterbox"
    images = np.empty((0, 0, 0), np.uint8)
    first = ""
    kept: list[int] = []
    bad: list[str] = []
    done: set[str] = set()
    for place, (name, encoded) in enumerate(pictures):
        try:
            picture, steps = decode(encoded, source.color)
        except BadPicture as error:
            if not source.skip_bad:
                raise BadInput(f"{name} {error}; mend or remove it, or leave bad ones out with --skip-bad") from error
            bad.append(f"{name} {error}")
            continue
        if source.sides is not None:
            picture = FITS[fit](picture, *source.sides)
        if not kept:
            colors = (3,) if picture.mode == "RGB" else ()
            first, images = name, np.empty((count, picture.height, picture.width, *colors), np.uint8)
        if (picture.height, picture.width) != images.shape[1:3]:
            raise BadInput(
                f"pictures differ in size: {first} is {images.shape[1]}x{images.shape[2]} and {name} is "
                f"{picture.height}x{picture.width}; give them one with --size HEIGHTxWIDTH"
            )
        images[len(kept)] = np.asarray(picture)
        kept.append(place)
        done |= steps
    if not kept:
        raise BadInput(f"{where}: no picture left after --skip-bad; the first: {bad[0]}")
    if "colour" not in done:
        check_colour(source.color, where)
    preprocessing = done_to_colour(source.color) if "colour" in done else {}
    preprocessing |= {} if source.sides is None else done_to_size(*source.sides, fit)
    for step in sorted(done & STEPS.keys()):
        preprocessing |= STEPS[step]
    notes = (f"{plural(len(bad), 'bad picture')} skipped, the first: {bad[0]}",) if bad else ()
    return Stack(images[: len(kept)], np.array(kept, dtype=np.int64), preprocessing, notes)
