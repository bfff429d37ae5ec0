"""Which pictures the user wants and how they come in: the flags that a study and its confirmation share.

Enters: the flags' values. Leaves: a Source that cannot be wrong in itself; whether the flags suit the
data is said by whoever reads them.
"""

import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from search.data.color import COLOR_CHOICES
from search.data.fit import FITS
from search.data.near import SIMILARITY
from search.data.pictures import NONE, SMALLEST_SIDE
from search.errors import BadInput

LARGEST_SIDE = 9999
CLOSEST = 0.9999  # correlations are of single precision: nearer to 1, equal pictures might not be near copies


@dataclass(frozen=True)
class Source:
    """The fields are the flags of the same names. Raises: BadInput."""

    data: str | None = None
    data_dir: Path | None = None
    shape: str | None = None
    size: str | None = None
    fit: str | None = None
    skip_bad: bool = False
    color: str = "gray"
    groups: str | None = None
    similarity: float = SIMILARITY

    def __post_init__(self) -> None:
        if self.data is not None and not self.data.strip():
            raise BadInput("--data is empty; name a file or folder, or leave it out")
        parse_shape(self.shape)
        parse_size(self.size)
        if self.color not in COLOR_CHOICES:
            raise BadInput(f"--color {self.color}: expected one of {', '.join(COLOR_CHOICES)}")
        if self.fit is not None and self.fit not in FITS:
            raise BadInput(f"--fit {self.fit}: expected one of {', '.join(FITS)}")
        if self.fit is not None and self.size is None:
            raise BadInput(f"--fit {self.fit}: says how pictures become --size; give that too")
        if self.groups is not None and not self.groups.strip():
            raise BadInput("--groups is empty; leave it out, or say 'none' if no pictures belong together")
        if not (0 <= self.similarity <= CLOSEST or self.similarity == 1):
            raise BadInput(
                f"--similarity {self.similarity}: expected a correlation of 0 to {CLOSEST}, or 1 to compare no pictures"
            )
        if self.groups == NONE and self.similarity not in (SIMILARITY, 1):
            raise BadInput(f"--similarity {self.similarity}: --groups none compares no pictures; leave one of them out")

    @property
    def given_by(self) -> str | None:
        """The expression or the column that says which pictures belong together."""
        return None if self.groups == NONE else self.groups

    @property
    def compared_by(self) -> float:
        """The correlation above which pictures are near copies; 1 where none are compared."""
        return 1 if self.groups == NONE else self.similarity

    @property
    def sides(self) -> tuple[int, int] | None:
        """Height and width that --size asks for."""
        return parse_size(self.size)

    @property
    def changes(self) -> str:
        """All that changes the pictures beside the files themselves: a part of the cache's key."""
        return f"{self.shape} {self.size} {self.fit} {self.skip_bad} {self.color} {self.groups} {self.similarity}"

    def refuse_picture_flags(self, kind: str) -> None:
        """Raises: BadInput for a flag that only files of pictures need, where the data are something else."""
        for flag, given in (("--size", self.size), ("--fit", self.fit), ("--skip-bad", self.skip_bad)):
            if given:
                said = flag if given is True else f"{flag} {given}"
                raise BadInput(f"{said}: only folders of pictures and parquet files take it, not {kind}; leave it out")

    def refuse_groups(self, kind: str, remedy: str) -> None:
        """Raises: BadInput for groups by name where the data have no names to say them by."""
        if self.given_by is not None:
            raise BadInput(f"--groups {shlex.quote(self.given_by)}: {kind} give no names to groups; {remedy}")

    def refuse_shape(self) -> None:
        """Raises: BadInput for a --shape where the data say it themselves."""
        if self.shape is not None:
            raise BadInput(f"--shape {self.shape}: only pictures in a CSV need it; leave it out")


def source_of(values: Mapping[str, Any]) -> Source:
    """A Source of those of the values that are its fields: settings of a study, or flags. Raises: BadInput."""
    return Source(**{each.name: values[each.name] for each in fields(Source) if each.name in values})


def parse_shape(text: str | None) -> tuple[int, ...] | None:
    """HEIGHTxWIDTH, or HEIGHTxWIDTHx3 for color, to numbers. Raises: BadInput."""
    if text is None:
        return None
    match = re.fullmatch(r"(\d{1,5})[x×](\d{1,5})([x×]3)?", text)
    if match is None:
        raise BadInput(f"--shape {text}: expected HEIGHTxWIDTH, for instance 28x28, or 32x32x3 for color")
    return (int(match[1]), int(match[2]), *((3,) if match[3] else ()))


def parse_size(text: str | None) -> tuple[int, int] | None:
    """HEIGHTxWIDTH to numbers within the limits. Raises: BadInput."""
    if text is None:
        return None
    match = re.fullmatch(r"(\d{1,4})[x×](\d{1,4})", text)
    if match is None:
        raise BadInput(f"--size {text}: expected HEIGHTxWIDTH, for instance 28x28, up to {LARGEST_SIDE}")
    if min(int(match[1]), int(match[2])) < SMALLEST_SIDE:
        raise BadInput(f"--size {text}: at least {SMALLEST_SIDE} pixels a side needed")
    return int(match[1]), int(match[2])
