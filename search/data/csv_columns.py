"""Order of a CSV's pixel columns, and the image shape that their names imply.

Tables that were written with sorted columns (`pixel1, pixel10, pixel11, …`), column by column (`0x0, 1x0, …`) or
color by color (`r0, r1, …, g0, …`) are reordered. Gaps in the numbers and mixed kinds of columns are errors, because
pixels at wrong positions would go unnoticed later.
"""

import math
import re
import shlex
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from search.console.messages import listed
from search.errors import BadInput

# pixel17 or 17; 3x17 or pixel_3_17 for row and column, optionally followed by a color
NUMBERED = re.compile(r"([A-Za-z_]*)(\d+)((?:[A-Za-z_,.-]+\d+){0,2})")
COLUMN_FIRST = re.compile(r"(?:.*_)?(?:x|c|col|column)_?\d+_?(?:y|r|row)_?\d+(?:\D.*)?", re.IGNORECASE)
COLOR_OF_NAME = {"r": 0, "red": 0, "g": 1, "green": 1, "b": 2, "blue": 2}
DIGITS = 18  # significant digits of a column number; no table has that many columns
Numbers = tuple[int, ...]


@dataclass(frozen=True, eq=False)
class Ordered:
    """Pixel columns in row-major order, with the colors of a pixel next to each other.

    grid: (rows, columns) or (rows, columns, 3), if the names imply it. in_color: whether the names imply colors.
    by_place: the column names, if they contain no numbers and the order of the file is used.
    """

    pixels: pd.DataFrame
    grid: Numbers | None = None
    in_color: bool = False
    by_place: tuple[str, ...] | None = None

    def shape(self, given: Numbers | None, where: str) -> Numbers:
        """Returns the shape of one image. given: the value of --shape.

        Raises: BadInput if it contradicts the names.
        """
        count = self.pixels.shape[1]
        if given is not None and math.prod(given) != count:
            raise BadInput(
                f"{where}: {count} pixel column{'s' * (count > 1)} cannot form {_x(given)} images; correct --shape"
            )
        if self.grid is not None:
            if given is not None and self.grid not in (given, (given[0] * given[1], *given[2:])):
                raise BadInput(
                    f"{where}: the column names imply {_x(self.grid)}, not --shape {_x(given)}; remove the flag, or "
                    "number the columns with one number each"
                )
            return given or self.grid
        if self.in_color and (given is None or len(given) < 3):
            raise BadInput(f"{where}: the column names imply three colors; give --shape HEIGHTxWIDTHx3")
        side = math.isqrt(count)
        if given is None and side * side != count:
            raise BadInput(
                f"{where}: {count} pixel columns do not form a square image; give --shape HEIGHTxWIDTH, or "
                "HEIGHTxWIDTHx3 in color"
            )
        return given or (side, side)


def in_order(pixels: pd.DataFrame, where: str) -> Ordered:
    """Returns the pixel columns in row-major order. Columns without numbers keep the order of the file.

    Raises: BadInput for a column that is not a pixel, mixed kinds of columns, and gaps in the numbers.
    """
    names = [str(name) for name in pixels.columns]
    matches = [NUMBERED.fullmatch(name) for name in names]
    numbered = [match for match in matches if match is not None]
    if not numbered:
        return Ordered(pixels, by_place=tuple(names))
    if len(numbered) < len(names):
        _refuse(names[matches.index(None)], numbered[0].string, where)
    kinds = Counter(match[1] for match in numbered)
    color_of = {kind: COLOR_OF_NAME.get(kind.lower().strip("_").rpartition("_")[2]) for kind in kinds}
    in_color = sorted(map(str, color_of.values())) == ["0", "1", "2"]
    if len(kinds) > 1 and not in_color:
        (most, largest), *_ = kinds.most_common()
        of_kind = {kind: next(match.string for match in numbered if match[1] == kind) for kind in kinds}
        if min(kinds.values()) < largest:
            _refuse(of_kind[min(kinds, key=kinds.__getitem__)], of_kind[most], where)
        raise BadInput(
            f"{where}: mixed kinds of pixel columns ({listed([*of_kind.values()])}); use one name with numbers, "
            "or r, g and b with numbers for three colors"
        )
    numbers = [_numbers(match) for match in numbered]
    for kind in kinds:
        _check_grid(kind, [each for each, match in zip(numbers, numbered, strict=True) if match[1] == kind], where)
    if in_color:
        for kind in kinds:
            of_kinds = {(each, match[1]) for each, match in zip(numbers, numbered, strict=True)}
            if missing := sorted(each for each in numbers if (each, kind) not in of_kinds):
                raise BadInput(f"{where}: no column {_name(kind, missing[0])}, although other colors have it; add it")
        numbers = [(*each, color_of[match[1]] or 0) for each, match in zip(numbers, numbered, strict=True)]
    order = sorted(range(len(names)), key=numbers.__getitem__)
    return Ordered(pixels.iloc[:, order], _grid(numbers, where, in_color), in_color)


def _grid(numbers: Sequence[Numbers], where: str, in_color: bool) -> Numbers | None:
    """Returns (rows, columns[, 3]), or None if the names do not contain it. Raises: BadInput for another shape."""
    sides = tuple(max(axis) - min(axis) + 1 for axis in zip(*numbers, strict=True))
    if len(sides) == 3 and sides[2] == 1:
        sides = sides[:2]
    if sum(side > 1 for side in sides) < 2 or len(sides) == 1 or (in_color and len(sides) == 2):
        return None
    if len(sides) > 3 or (len(sides) == 3 and sides[2] != 3):
        raise BadInput(
            f"{where}: the column names imply the shape {_x(sides)}; number columns by row, column and one of 3 colors"
        )
    return sides


def _numbers(match: re.Match[str]) -> Numbers:
    """Returns the numbers in a column's name, row first."""
    numbers = tuple(int(number[:DIGITS]) for number in re.findall(r"\d+", match[2] + match[3]))
    return (numbers[1], numbers[0], *numbers[2:]) if COLUMN_FIRST.fullmatch(match.string) else numbers


def _check_grid(prefix: str, numbers: list[Numbers], where: str) -> None:
    """Raises BadInput unless each axis counts from 0 or 1 without gaps, each combination once."""
    if len({len(each) for each in numbers}) > 1:
        raise BadInput(
            f"{where}: some columns such as {_name(prefix, numbers[0])} have more numbers than others; name all alike"
        )
    axes = list(zip(*numbers, strict=True))
    starts = [min(min(axis), 1) for axis in axes]
    sides = [max(axis) - start + 1 for axis, start in zip(axes, starts, strict=True)]
    there = sorted(set(numbers))
    if len(there) < len(numbers):
        twice = Counter(numbers).most_common(1)[0][0]
        raise BadInput(f"{where}: two columns have the number of {_name(prefix, twice)}; remove one")
    if math.prod(sides) != len(numbers):
        whole = (_nth(place, starts, sides) for place in range(len(there) + 1))  # lazy: numbers may be large
        missing = next(each for each, found in zip(whole, [*there, None], strict=True) if each != found)
        raise BadInput(
            f"{where}: no column {_name(prefix, missing)}, although there is {_name(prefix, there[-1])}; add or rename "
            "columns so that pixels are numbered from 0 or 1 without gaps"
        )


def _nth(place: int, starts: list[int], sides: list[int]) -> Numbers:
    """Returns the numbers of the pixel at a position in row-major order."""
    numbers: list[int] = []
    for start, side in zip(reversed(starts), reversed(sides), strict=True):
        place, rest = divmod(place, side)
        numbers.insert(0, start + rest)
    return tuple(numbers)


def _refuse(stray: str, pixel: str, where: str) -> None:
    """Raises BadInput for a column that is not a pixel."""
    stray = stray[:40]
    remedy = f"remove it, or give --groups {shlex.quote(stray)} if it names photo groups"
    remedy = "save without the index (index=False)" if stray.startswith("Unnamed") else remedy
    raise BadInput(f"{where}: column {stray!r} is not a pixel column such as {pixel!r}; {remedy}")


def _name(prefix: str, numbers: Numbers) -> str:
    return f"{prefix[:40]}{_x(numbers)}"


def _x(numbers: Numbers) -> str:
    return "x".join(map(str, numbers))
