"""Decodes many images into one array of one size.

Takes names with files or bytes, in order. Returns images (N, H, W) or (N, H, W, 3) uint8, their positions in the input
and the record of the conversions. A bad image is an error; with --skip-bad it is skipped and counted.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from search.console.messages import listed, plural
from search.data.color import check_color, color_record
from search.data.decode import FORMATS, NO_FORMAT, STEPS, BadPicture, decode
from search.data.depth import Depth, check_depths, depth_record
from search.data.fit import FITS, size_record
from search.data.source import Source
from search.errors import BadInput


@dataclass(frozen=True, eq=False)
class Stack:
    """Images (K, H, W) or (K, H, W, 3) uint8; kept (K,): their positions among all images, in order."""

    images: npt.NDArray[np.uint8]
    kept: npt.NDArray[np.int64]
    preprocessing: dict[str, Any]
    notes: tuple[str, ...]


def stack(pictures: Iterable[tuple[str, Path | bytes]], count: int, source: Source, where: str) -> Stack:
    """Decodes and resizes images one by one; only the results stay in memory.

    count: number of images. Raises: BadInput for bad images, different sizes without --size, a color channel of
    grey images, nearly black images of more than eight bits, and if no image is left.
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
            continue  # decode the rest only to count bad images
        picture = decoded.picture
        if source.sides is not None:
            picture = FITS[fit](picture, *source.sides)
        if not kept:
            colors = (3,) if picture.mode == "RGB" else ()
            first, images = name, np.empty((count, picture.height, picture.width, *colors), np.uint8)
        if (picture.height, picture.width) != images.shape[1:3]:
            raise BadInput(
                f"images differ in size: {first} is {images.shape[1]}x{images.shape[2]} and {name} is "
                f"{picture.height}x{picture.width}; set one size with --size HEIGHTxWIDTH"
            )
        images[len(kept)] = np.asarray(picture)
        kept.append(place)
        done |= decoded.done
        if decoded.depth is not None:
            deep.append((name, decoded.depth))
    if bad and not source.skip_bad:
        of = f"{len(bad)} of {count} images are bad: " if len(bad) > 1 else ""
        them = "it" if len(bad) == 1 else "them"
        formats = f" (formats: {', '.join(FORMATS)})" if any(NO_FORMAT in each for each in bad) else ""
        raise BadInput(f"{of}{listed(bad, '; ')}; repair or remove {them}{formats}, or skip bad images with --skip-bad")
    if not kept:
        raise BadInput(f"{where}: no image left after --skip-bad; the first bad one is {bad[0]}")
    check_depths(deep, where)
    if "color" not in done:
        check_color(source.color, where)
    preprocessing = color_record(source.color) if "color" in done else {}
    preprocessing |= {} if source.sides is None else size_record(*source.sides, fit)
    for step in sorted(done & STEPS.keys()):
        preprocessing |= STEPS[step]
    if deep:
        preprocessing |= depth_record(deep[0][1].bits)
    notes = (f"{plural(len(bad), 'bad image')} skipped: {listed(bad, '; ')}",) if bad else ()
    return Stack(images[: len(kept)], np.array(kept, dtype=np.int64), preprocessing, notes)
