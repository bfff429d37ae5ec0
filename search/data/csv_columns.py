"""Which order a CSV's pixel columns have: by their numbers, not by their place in the file.

A table that was written with sorted columns (`pixel1, pixel10, pixel11, …`) is put right. Numbers that leave a gap, or
that follow no order, are refused: nothing later would show that pixels are at wrong places.
"""

import itertools
import math
import re
import shlex
from collections import Counter

import pandas as pd

from search.command import BadInput

# pixel17, or 17 alone; 3x17 and pixel_3_17 for a row and a column, perhaps with a colour after it
NUMBERED = re.compile(r"([A-Za-z_]*)(\d+)((?:[A-Za-z_,.-]+\d+){0,2})")
Numbers = tuple[int, ...]


def in_order(pixels: pd.DataFrame, where: str) -> pd.DataFrame:
    """The pixel columns in the picture's order. Names without numbers stay as they stand in the file.

    Raises: BadInput for a column that is no pixel, and for numbers that leave gaps or have no order.
    """
    names = [str(name) for name in pixels.columns]
    matches = [NUMBERED.fullmatch(name) for name in names]
    numbered = [match for match in matches if match is not None]
    if not numbered:
        return pixels
    if len(numbered) < len(names):
        stray = names[matches.index(None)][:40]
        remedy = f"remove it, or say --groups {shlex.quote(stray)} if it tells which pictures belong together"
        remedy = "save without the index (index=False)" if stray.startswith("Unnamed") else remedy
        raise BadInput(f"{where}: column {stray!r} is no pixel, as {numbered[0].string!r} is; {remedy}")
    places: dict[str, list[Numbers]] = {}
    for match in numbered:
        numbers = tuple(int(number[:9]) for number in re.findall(r"\d+", match[2] + match[3]))
        places.setdefault(match[1], []).append(numbers)
    for prefix, of_prefix in places.items():
        _check_grid(prefix, of_prefix, where)
    (only, *others) = places.values()
    if len(only[0]) == 1 and not others:
        return pixels if only == sorted(only) else pixels.iloc[:, sorted(range(len(names)), key=only.__getitem__)]
    for prefix, of_prefix in places.items():
        rows, columns = sorted(of_prefix), sorted(of_prefix, key=lambda numbers: numbers[::-1])
        if of_prefix not in (rows, columns):
            raise BadInput(
                f"{where}: the columns {_name(prefix, of_prefix[0])}, {_name(prefix, of_prefix[1])}, … follow no "
                "order; write the pixels row by row"
            )
    return pixels


def _check_grid(prefix: str, numbers: list[Numbers], where: str) -> None:
    """Raises: BadInput where the numbers are not all of 0.. or 1.. on each axis, once each."""
    if len({len(each) for each in numbers}) > 1:
        raise BadInput(f"{where}: some columns such as {_name(prefix, numbers[0])} have more numbers; name them alike")
    axes = list(zip(*numbers, strict=True))
    starts = [min(min(axis), 1) for axis in axes]
    sides = [max(axis) - start + 1 for axis, start in zip(axes, starts, strict=True)]
    there = set(numbers)
    if len(there) < len(numbers):
        twice = Counter(numbers).most_common(1)[0][0]
        raise BadInput(f"{where}: two columns with the number of {_name(prefix, twice)}; remove one")
    if math.prod(sides) != len(numbers):
        whole = itertools.product(*(range(start, start + side) for start, side in zip(starts, sides, strict=True)))
        missing = next(each for each in whole if each not in there)
        raise BadInput(
            f"{where}: no column {_name(prefix, missing)}, but {_name(prefix, max(there))}; pixels have to be numbered "
            "from 0 or 1 without a gap: complete or rename the columns"
        )


def _name(prefix: str, numbers: Numbers) -> str:
    return f"{prefix[:40]}{'x'.join(map(str, numbers))}"
