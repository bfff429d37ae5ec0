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

from search.console.messages import listed, plural
from search.data.color import check_color, done_to_color
from search.data.decode import FORMATS, NO_FORMAT, STEPS, BadPicture, decode
from search.data.depth import Depth, check_depths, done_to_depth
from search.data.fit import FITS, done_to_size
from search.data.source import Source
from search.errors import BadInput


@dataclass(frozen=True, eq=False)
class Stack:
    """images (K, H, W) or (K, H, W, 3) uint8; kept (K,): their places among all pictures, in order."""

    images: npt.NDArray[np.uint8]
    kept: npt.NDArray[np.int64]
    preprocessing: dict[str, Any]
    notes: tuple[str, ...]


def stack(pictures: Iterable[tuple[str, Path | bytes]], count: int, source: Source, where: str) -> Stack:
    """Decodes and resizes them one by one; only their grey levels stay in memory.

    count: how many there are. Raises: BadInput for bad pictures, for sizes that differ without --size, for a
    channel of grey pictures, for levels that are all dark, and where nothing is left.
    """
    fit = source.fit or "letterbox"
    images = np.empty((0, 0, 0), np.uint8)
    first = ""
    kept: list[int] = []
    bad: list[str] = []
    done: set[str] = set()
    deep: list[tuple[str, Depth]] = []
    for place, (name, encoded) in enumerate(pictures):
        try:
            decoded = decode(encoded, source.color)
        except BadPicture as error:
            bad.append(f"{name} {error}")
            continue
        if bad and not source.skip_bad:
            continue  # what follows is decoded to tell how many are bad
        picture = decoded.picture
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
        done |= decoded.done
        if decoded.depth is not None:
            deep.append((name, decoded.depth))
    if bad and not source.skip_bad:
        of = f"{len(bad)} of {count} pictures are bad: " if len(bad) > 1 else ""
        them = "it" if len(bad) == 1 else "them"
        formats = f" (formats: {', '.join(FORMATS)})" if any(NO_FORMAT in each for each in bad) else ""
        raise BadInput(
            f"{of}{listed(bad, '; ')}; mend or remove {them}{formats}, or leave bad ones out with --skip-bad"
        )
    if not kept:
        raise BadInput(f"{where}: no picture left after --skip-bad; the first: {bad[0]}")
    check_depths(deep, where)
    if "color" not in done:
        check_color(source.color, where)
    preprocessing = done_to_color(source.color) if "color" in done else {}
    preprocessing |= {} if source.sides is None else done_to_size(*source.sides, fit)
    for step in sorted(done & STEPS.keys()):
        preprocessing |= STEPS[step]
    if deep:
        preprocessing |= done_to_depth(deep[0][1].bits)
    notes = (f"{plural(len(bad), 'bad picture')} skipped: {listed(bad, '; ')}",) if bad else ()
    return Stack(images[: len(kept)], np.array(kept, dtype=np.int64), preprocessing, notes)
