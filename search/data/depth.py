"""Reduces grey levels of more than eight bits to eight, by the bit depth that the file states.

A level x of b bits becomes x >> (b - 8). Files that do not state their bit depth are an error, and so are data sets
whose images nearly all use only the darkest part of the range, because almost nothing would remain.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from search.console.messages import plural
from search.errors import BadInput

# TIFF's tags
BITS_PER_SAMPLE, PHOTOMETRIC, MAX_SAMPLE, SAMPLE_FORMAT, SMAX_SAMPLE = 258, 262, 281, 339, 341
WHITE_IS_ZERO, UNSIGNED = 0, 1
# Of 255. Pictures below a quarter of the range have a bit depth other than the stated one: 14 or fewer of 16.
DARK = 64
MOST_DARK = 0.75  # share of dark images that is accepted; a defective sensor pixel makes a few of them look bright


class UnknownDepth(Exception):
    """The file does not state its bit depth; the message gives the range of its levels."""


@dataclass(frozen=True)
class Depth:
    """Bit depth of an image, and its lowest and highest level."""

    bits: int
    low: int
    high: int

    @property
    def brightest(self) -> int:
        """The highest level after reduction to eight bits."""
        return self.high >> (self.bits - 8)


@dataclass(frozen=True)
class StatedDepth:
    """The bit depth that a file states, or None, and whether level 0 is white."""

    bits: int | None
    inverted: bool


def is_deep(picture: Image.Image) -> bool:
    """Returns whether the file holds integers of more than eight bits. Call before Pillow reads the pixels."""
    return picture.mode.startswith("I") or any(";16" in str(tile.args) for tile in getattr(picture, "tile", ()))


def stated_depth(picture: Image.Image) -> StatedDepth:
    """Returns the bit depth that the file of an image states. Call before Pillow rotates the image.

    PNG, PPM and JPEG 2000 have 16 bits, or levels that Pillow scales to 16. TIFF states the bits per sample and
    optionally the largest sample value, which takes precedence and is required for signed and 32-bit samples.
    """
    if picture.format != "TIFF":
        return StatedDepth(16, False)
    tags: Any = picture.tag_v2  # type: ignore[attr-defined]
    inverted = tags.get(PHOTOMETRIC) == WHITE_IS_ZERO
    of_sample, largest = _number(tags.get(BITS_PER_SAMPLE)), _number(tags.get(SMAX_SAMPLE, tags.get(MAX_SAMPLE)))
    if 0 < largest < 2**of_sample:
        return StatedDepth(max(8, largest.bit_length()), inverted)
    known = 8 < of_sample <= 16 and _number(tags.get(SAMPLE_FORMAT, UNSIGNED)) == UNSIGNED
    return StatedDepth(of_sample if known else None, inverted)


def eight_bits(picture: Image.Image, in_file: StatedDepth) -> tuple[Image.Image, Depth]:
    """Converts an image from one of Pillow's I modes to mode L. Returns it with its depth. Raises: UnknownDepth."""
    levels: npt.NDArray[np.int64] = np.asarray(picture).astype(np.int64)
    low, high = int(levels.min()), int(levels.max())
    if in_file.bits is None:
        raise UnknownDepth(f"has grey levels {low}..{high} and does not state their bit depth")
    white = 2**in_file.bits - 1
    if low < 0 or high > white:
        raise UnknownDepth(f"has grey levels {low}..{high}, but states a bit depth of {in_file.bits}")
    clear = levels == picture.info.get("transparency", -1)
    if in_file.inverted:  # Pillow inverts 8-bit images only
        levels = white - levels
    levels[clear] = white
    return Image.fromarray((levels >> (in_file.bits - 8)).astype(np.uint8)), Depth(in_file.bits, low, high)


def depth_of_color(picture: Image.Image) -> Depth:
    """Returns the depth of a 16-bit color image, of which Pillow keeps only the upper eight bits."""
    levels = np.asarray(picture.convert("RGB"))
    return Depth(16, int(levels.min()) << 8, int(levels.max()) << 8 | 255)


def depth_record(bits: int) -> dict[str, Any]:
    """Returns the record of the conversion for Pictures.preprocessing; empty for eight bits."""
    return {"bit_depth": {"bits": bits, "formula": f"x >> {bits - 8}"}} if bits > 8 else {}


def check_depths(named: "list[tuple[str, Depth]]", where: str) -> None:
    """Raises BadInput if images differ in bit depth, or if most of them would be nearly black."""
    if not named:
        return
    first, depth = named[0]
    for name, other in named:
        if other.bits != depth.bits:
            raise BadInput(
                f"{where}: images differ in bit depth: {first} has {depth.bits} bits and {name} {other.bits}; "
                "save all with the same"
            )
    dark = [each for _, each in named if each.brightest < DARK]
    if len(dark) > MOST_DARK * len(named):
        low, high = min(each.low for each in dark), max(each.high for each in dark)
        of_all = plural(len(dark), "image") if len(dark) == len(named) else f"{len(dark)} of {len(named)} images"
        raise BadInput(
            f"{where}: the grey levels of {of_all} ({depth.bits} bits) are all in {low}..{high}, so the brightest "
            f"pixel would be {high >> (depth.bits - 8)} of 255; scale them to 0..{2**depth.bits - 1}, or save them "
            "with 8 bits"
        )


def _number(value: Any) -> int:
    """Returns a tag's value, the largest of several values, or 0 if it is not a number."""
    values = value if isinstance(value, tuple) else (value,)
    try:
        return max(int(each) for each in values)
    except (TypeError, ValueError, OverflowError):
        return 0
