"""The flags that select the data set and how it is read. A study and its confirmation share them.

A Source checks the flags against each other; the reader of a format checks whether they apply to the data.
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
CLOSEST = 0.9999  # correlations are single precision: closer to 1, equal images might not be near copies


@dataclass(frozen=True)
class Source:
    """The values of the flags with the same names as the fields. Raises: BadInput."""

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
            raise BadInput("--data is empty; give a file or folder, or remove the flag")
        parse_shape(self.shape)
        parse_size(self.size)
        if self.color not in COLOR_CHOICES:
            raise BadInput(f"--color {self.color}: expected one of {', '.join(COLOR_CHOICES)}")
        if self.fit is not None and self.fit not in FITS:
            raise BadInput(f"--fit {self.fit}: expected one of {', '.join(FITS)}")
        if self.fit is not None and self.size is None:
            raise BadInput(f"--fit {self.fit}: has no effect without --size; give --size HEIGHTxWIDTH too")
        if self.groups is not None and not self.groups.strip():
            raise BadInput("--groups is empty; remove the flag, or give 'none' if there are no photo groups")
        if not (0 <= self.similarity <= CLOSEST or self.similarity == 1):
            raise BadInput(
                f"--similarity {self.similarity}: expected a correlation of 0 to {CLOSEST}, or 1 to compare no images"
            )
        if self.groups == NONE and self.similarity not in (SIMILARITY, 1):
            raise BadInput(f"--similarity {self.similarity}: --groups none compares no images; remove one flag")

    @property
    def given_by(self) -> str | None:
        """The expression or column of --groups; None without the flag and for 'none'."""
        return None if self.groups == NONE else self.groups

    @property
    def compared_by(self) -> float:
        """The correlation that near copies exceed; 1 if no images are compared."""
        return 1 if self.groups == NONE else self.similarity

    @property
    def sides(self) -> tuple[int, int] | None:
        """Height and width of --size in pixels, or None."""
        return parse_size(self.size)

    @property
    def changes(self) -> str:
        """The flags that change how files are read, as a part of the cache key."""
        return f"{self.shape} {self.size} {self.fit} {self.skip_bad} {self.color} {self.groups} {self.similarity}"

    def refuse_picture_flags(self, kind: str) -> None:
        """Raises BadInput for a flag that only applies to encoded images. kind: the data, for the message."""
        for flag, given in (("--size", self.size), ("--fit", self.fit), ("--skip-bad", self.skip_bad)):
            if given:
                said = flag if given is True else f"{flag} {given}"
                raise BadInput(f"{said}: applies to folders of images and parquet files, not to {kind}; remove it")

    def refuse_groups(self, kind: str, remedy: str) -> None:
        """Raises BadInput if --groups names groups that a format cannot express."""
        if self.given_by is not None:
            raise BadInput(f"--groups {shlex.quote(self.given_by)}: {kind} have no names for groups; {remedy}")

    def refuse_shape(self) -> None:
        """Raises BadInput if --shape is given for a format that stores shapes."""
        if self.shape is not None:
            raise BadInput(f"--shape {self.shape}: applies only to CSV files; remove it")


def source_of(values: Mapping[str, Any]) -> Source:
    """Returns a Source from the settings of a study or parsed flags; other values are ignored. Raises: BadInput."""
    return Source(**{each.name: values[each.name] for each in fields(Source) if each.name in values})


def parse_shape(text: str | None) -> tuple[int, ...] | None:
    """Parses HEIGHTxWIDTH, or HEIGHTxWIDTHx3 for color. Raises: BadInput."""
    if text is None:
        return None
    match = re.fullmatch(r"(\d{1,5})[x×](\d{1,5})([x×]3)?", text)
    if match is None:
        raise BadInput(f"--shape {text}: expected HEIGHTxWIDTH, for instance 28x28, or 32x32x3 for color")
    return (int(match[1]), int(match[2]), *((3,) if match[3] else ()))


def parse_size(text: str | None) -> tuple[int, int] | None:
    """Parses HEIGHTxWIDTH and checks the limits. Raises: BadInput."""
    if text is None:
        return None
    match = re.fullmatch(r"(\d{1,4})[x×](\d{1,4})", text)
    if match is None:
        raise BadInput(f"--size {text}: expected HEIGHTxWIDTH, for instance 28x28, up to {LARGEST_SIDE}")
    if min(int(match[1]), int(match[2])) < SMALLEST_SIDE:
        raise BadInput(f"--size {text}: each side must have at least {SMALLEST_SIDE} pixels")
    return int(match[1]), int(match[2])
