"""Grey levels of more than eight bits to eight, by the number of bits that the file's format states.

Enters: a picture as Pillow opened it. Leaves: how many bits its levels have, and the upper eight of them: a level x of
b bits becomes x >> (b - 8). A file that does not state its bits is refused with the levels that it has, and so are
pictures that nearly all use so few of their levels that nearly nothing would be left.
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
# Of 255. Pictures that do not reach a quarter of their range have other bits than their file says: 14 or fewer of 16.
DARK = 64
MOST_DARK = 0.75  # of the pictures may be dark: a pixel that is broken is white in a few of them


class UnknownDepth(Exception):
    """Levels whose bits the file does not state; the message says which levels it has."""


@dataclass(frozen=True)
class Depth:
    """Bits of a picture's levels, and the lowest and highest level that it has."""

    bits: int
    low: int
    high: int

    @property
    def brightest(self) -> int:
        """The highest level of eight bits."""
        return self.high >> (self.bits - 8)


@dataclass(frozen=True)
class Stated:
    """What a file says of its levels: how many bits they have, None where it does not say; whether 0 is white."""

    bits: int | None
    inverted: bool


def is_deep(picture: Image.Image) -> bool:
    """Whether whole numbers of more than eight bits are in the file; before Pillow has read them."""
    return picture.mode.startswith("I") or any(";16" in str(tile.args) for tile in getattr(picture, "tile", ()))


def stated(picture: Image.Image) -> Stated:
    """What the file of a picture in one of Pillow's modes I says of its levels; before Pillow has turned it.

    PNG, PPM and JPEG 2000 have 16 bits, or levels that Pillow scales to 16. TIFF states the bits of a sample, and
    perhaps the largest sample, which then counts; samples that are signed or of 32 bits need that.
    """
    if picture.format != "TIFF":
        return Stated(16, False)
    tags: Any = picture.tag_v2  # type: ignore[attr-defined]
    inverted = tags.get(PHOTOMETRIC) == WHITE_IS_ZERO
    of_sample, largest = _number(tags.get(BITS_PER_SAMPLE)), _number(tags.get(SMAX_SAMPLE, tags.get(MAX_SAMPLE)))
    if 0 < largest < 2**of_sample:
        return Stated(max(8, largest.bit_length()), inverted)
    known = 8 < of_sample <= 16 and _number(tags.get(SAMPLE_FORMAT, UNSIGNED)) == UNSIGNED
    return Stated(of_sample if known else None, inverted)


def eight_bits(picture: Image.Image, said: Stated) -> tuple[Image.Image, Depth]:
    """A picture in one of Pillow's modes I in mode L, and what its levels were. Raises: UnknownDepth."""
    levels: npt.NDArray[np.int64] = np.asarray(picture).astype(np.int64)
    low, high = int(levels.min()), int(levels.max())
    if said.bits is None:
        raise UnknownDepth(f"has grey levels {low}..{high} and does not say how many bits they have")
    white = 2**said.bits - 1
    if low < 0 or high > white:
        raise UnknownDepth(f"has grey levels {low}..{high}, but says that they have {said.bits} bits")
    clear = levels == picture.info.get("transparency", -1)
    if said.inverted:  # which Pillow does for eight bits only
        levels = white - levels
    levels[clear] = white
    return Image.fromarray((levels >> (said.bits - 8)).astype(np.uint8)), Depth(said.bits, low, high)


def eight_already(picture: Image.Image) -> Depth:
    """What is known of 16-bit levels of which Pillow has kept the upper eight bits, as it does for color."""
    levels = np.asarray(picture.convert("RGB"))
    return Depth(16, int(levels.min()) << 8, int(levels.max()) << 8 | 255)


def done_to_depth(bits: int) -> dict[str, Any]:
    """What is written down of the conversion; nothing of eight bits, which stay as they are."""
    return {"bit_depth": {"bits": bits, "formula": f"x >> {bits - 8}"}} if bits > 8 else {}


def check_depths(named: "list[tuple[str, Depth]]", where: str) -> None:
    """Raises: BadInput where pictures have different bits, or where most use so few levels that they are dark."""
    if not named:
        return
    first, depth = named[0]
    for name, other in named:
        if other.bits != depth.bits:
            raise BadInput(
                f"{where}: {first} says that its grey levels have {depth.bits} bits, {name} {other.bits}; "
                "save them alike"
            )
    dark = [each for _, each in named if each.brightest < DARK]
    if len(dark) > MOST_DARK * len(named):
        low, high = min(each.low for each in dark), max(each.high for each in dark)
        of_all = plural(len(dark), "picture") if len(dark) == len(named) else f"{len(dark)} of {len(named)} pictures"
        raise BadInput(
            f"{where}: grey levels of {depth.bits} bits that are all in {low}..{high}, so that the brightest of "
            f"{of_all} would be {high >> (depth.bits - 8)} of 255; scale them to "
            f"0..{2**depth.bits - 1}, or save them with 8 bits"
        )


def _number(value: Any) -> int:
    """A tag's value, or the largest of several; 0 where it is no number."""
    values = value if isinstance(value, tuple) else (value,)
    try:
        return max(int(each) for each in values)
    except (TypeError, ValueError, OverflowError):
        return 0
