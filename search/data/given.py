"""Photo groups given by the user: from paths by --groups REGEX, from a column, or from arrays.

Returns group names, and group numbers that mean the same group in the training and the test set.
"""

import re
import shlex
from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from search.console.messages import plural
from search.errors import BadInput

EXAMPLE = r"'(\d+)_\d+\.ppm$'"
Numbers = npt.NDArray[np.int64]


class Stored(Protocol):
    """An array, or an object that reads its array when NumPy asks for it."""

    @property
    def dtype(self) -> np.dtype[Any]: ...

    @property
    def shape(self) -> tuple[int, ...]: ...

    def __array__(self) -> npt.NDArray[np.generic]: ...


def captured(expression: str, paths: Sequence[str]) -> list[str | None]:
    """Returns the first capture group of the expression in each path; None if it does not match or is empty.

    Raises: BadInput for an invalid regular expression, or one without a capture group.
    """
    said = f"--groups {shlex.quote(expression)}"
    try:
        pattern = re.compile(expression)
    except re.error as error:
        raise BadInput(f"{said}: invalid regular expression ({error}); a valid one is {EXAMPLE}") from error
    if pattern.groups == 0:
        raise BadInput(f"{said}: no capture group; put the part that names a group in parentheses, as in {EXAMPLE}")
    return [(match[1] or None) if (match := pattern.search(path)) else None for path in paths]


def refuse_unmatched(expression: str, names: Sequence[str | None], paths: Sequence[str]) -> None:
    """Raises BadInput if the expression does not match some paths, with their number and the first one."""
    unmatched = [path for name, path in zip(names, paths, strict=True) if name is None]
    if unmatched:
        raise BadInput(
            f"--groups {shlex.quote(expression)}: {len(unmatched)} of {plural(len(paths), 'path')} do not match, the "
            f"first is {unmatched[0]}; change the expression so that it captures a name in every path"
        )


def refuse_unknown_column(
    column: str, columns: Sequence[str], offered: Sequence[str], where: str, taken: Sequence[str] = ("label",)
) -> None:
    """Raises BadInput if a column is missing or has another purpose. offered: columns that the message suggests."""
    said = f"{where}: --groups {shlex.quote(column)}"
    if column in taken:
        raise BadInput(f"{said}: that column does not hold groups; name another one")
    if column not in columns:
        close = get_close_matches(column, [name for name in columns if name not in taken], n=1)
        others = [name for name in offered if name not in taken]
        there = (
            f"the columns are {', '.join(others[:5])}{', …' if len(others) > 5 else ''}"
            if others
            else "there are no other columns"
        )
        raise BadInput(f"{said}: no column of that name; {f'did you mean {close[0]}?' if close else there}")


def check_groups(stored: Stored, n: int, where: str) -> npt.NDArray[np.generic]:
    """Checks the type and shape of group names or numbers (N,). Raises: BadInput."""
    if stored.shape != (n,) or stored.dtype.kind not in "iuSU":
        raise BadInput(f"{where} are {str(stored.dtype)[:40]} {stored.shape}; give one integer or name per image")
    return np.asarray(stored)


def numbers_of(names: Iterable[object]) -> Numbers:
    """Returns numbers (N,) from 0 for names, in order of first appearance."""
    known: dict[object, int] = {}
    return np.array([known.setdefault(name, len(known)) for name in names], np.int64)


def group_numbers(
    groups: npt.NDArray[np.generic] | None, test_groups: npt.NDArray[np.generic] | None, where: str
) -> tuple[Numbers | None, Numbers | None]:
    """Returns numbers (N,), (M,) from 0. Equal names mean the same group in both sets. Raises: BadInput."""
    if groups is None:
        if test_groups is not None:
            raise BadInput(f"{where}: test_groups without groups; give both, or only groups")
        return None, None
    sides = [groups] if test_groups is None else [groups, test_groups]
    if len({_kind(side) for side in sides}) > 1:
        raise BadInput(f"{where}: groups are {sides[0].dtype} and test_groups {sides[1].dtype}; use one type for both")
    distinct = [np.unique(side, return_inverse=True) for side in sides]
    names = sorted({name for values, _ in distinct for name in values.tolist()})
    number = {name: i for i, name in enumerate(names)}
    made = [np.array([number[name] for name in values.tolist()], np.int64)[inverse] for values, inverse in distinct]
    return made[0], (made[1] if len(made) > 1 else None)


def _kind(values: npt.NDArray[np.generic]) -> str:
    """Returns the kind of a type: integers of any width are one kind, text is another."""
    return {"i": "number", "u": "number", "O": "U", "T": "U"}.get(values.dtype.kind, values.dtype.kind)
