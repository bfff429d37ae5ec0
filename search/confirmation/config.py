"""Settings of a confirmation. The flags of `python -m search.confirm` and their help come from these fields."""

import argparse
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from models.recipe import PRECISIONS
from search.config import add_flags as add_study_flags
from search.confirmation.finalists import REFERENCES
from search.console.flags import flag, flags_of
from search.console.parser import CommandParser
from search.console.tables import FORMATS
from search.data.source import Source, source_of
from search.errors import BadInput
from search.evaluation.budgets import BUDGETS
from search.evaluation.protocol import check_seeds
from search.study_flags import IMAGES

OF_PICTURES = tuple(each.name for each in fields(Source) if each.name not in ("data", "data_dir"))


@dataclass(frozen=True)
class ConfirmConfig:
    """Settings of a confirmation.

    picture_flags: the given flags of `python -m search.study` that describe the images.
    Raises: BadInput for a value out of range, and for flags that exclude each other.
    """

    study_name: str | None = flag("study to confirm", metavar="NAME", usual="the newest study")
    data: str | None = flag("the study's images", metavar="NAME|PATH", usual="where the study found them", group=IMAGES)
    seeds: int = flag(
        "trainings of each candidate, reference and 8-bit input, with a seed for each; 2 or more", 10, metavar="N"
    )
    cuts: tuple[int, ...] | None = flag(
        "numbers of cut points, counted over all channels, whose best candidates are confirmed; --top adds the best of "
        "all",
        metavar="K",
        usual="all",
    )
    top: int = flag(
        "number of best candidates that are confirmed regardless of their number of cut points, in addition to the "
        "best for each number; 0: none",
        1,
        metavar="N",
    )
    confirm_references: str = flag(
        "references to confirm: within (the best of all, and for each candidate the best with no more bits per pixel), "
        "kinds (also the best of each rule), all, none; with none, only the best of the study's 8-bit level maps is "
        "confirmed",
        "kinds",
        REFERENCES,
    )
    rival: str | None = flag(
        "another study with the same protocol, whose best candidate and best for each confirmed number of cut points "
        "are confirmed too",
        metavar="NAME",
    )
    preset: str | None = flag(
        "confirm the settings of the paper instead of a study's, and print its Tables I–III beside the results",
        choices=["paper"],
    )
    budget: str = flag("budget of each training", "full", BUDGETS)
    precision: str | None = flag(
        "floating-point type of a training step", None, PRECISIONS, usual="the study's, or float32"
    )
    network: str | None = flag(
        "name of the study's network; required if it is package.module:function, which is then imported",
        metavar="NAME",
    )
    device: str = flag("device to train on; auto prefers CUDA", "auto", ["auto", "cpu", "cuda"])
    output_dir: Path | None = flag(
        "folder for thresholds.json and report.html, which are written again with the confirmed results",
        metavar="FOLDER",
        usual="results/STUDY-NAME",
    )
    format: str = flag("format of the table on stdout", "text", FORMATS)
    wide: bool = flag("show all columns of the text table, which otherwise fits 100 characters", False)
    margin: float | None = flag(
        "largest difference in accuracy that does not matter, in percentage points; differences within it are called "
        "equivalent",
        metavar="POINTS",
    )
    dry_run: bool = flag(
        "show what would be trained, and how often the test set was evaluated before; train and evaluate nothing",
        False,
    )
    picture_flags: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        check_seeds("--seeds", self.seeds)
        if self.top < 0:
            raise BadInput(f"--top {self.top}: expected 0 or more")
        if self.margin is not None and not 0 < self.margin < 100:
            raise BadInput(f"--margin {self.margin:g}: expected points of accuracy, more than 0 and less than 100")
        if self.preset == "paper":
            self._check_paper()
        given = sorted(self.picture_flags.keys() & set(OF_PICTURES))
        if self.preset is None and self.data is None and given:
            names = ", ".join(f"--{name.replace('_', '-')}" for name in given)
            raise BadInput(
                f"{names}: without --data the images are the study's, as the study took them; leave it out, or name "
                "the images with --data"
            )

    def _check_paper(self) -> None:
        without_meaning = ("study_name", "rival", "cuts", "top", "confirm_references", "network", "output_dir")
        usual = {each.name: each.default for each in fields(self)}
        if given := [name for name in without_meaning if getattr(self, name) != usual[name]]:
            names = ", ".join(f"--{name.replace('_', '-')}" for name in given)
            raise BadInput(
                f"--preset paper cannot be combined with {names}: it uses the paper's settings and writes no files"
            )
        if self.data not in (None, "sign-mnist"):
            raise BadInput(
                f"--preset paper: the paper's numbers are of Sign Language MNIST, not of {self.data}; leave --data "
                "out, --data-dir says where it lies"
            )

    @property
    def source(self) -> Source | None:
        """The images that --data names, or the paper's; None: those of the study. Raises: BadInput."""
        if self.data is None and self.preset is None:
            return None
        return source_of({**self.picture_flags, "data": self.data or "sign-mnist"})

    @property
    def data_dir(self) -> Path | None:
        """Where to look for Sign Language MNIST first."""
        return self.picture_flags.get("data_dir")

    @property
    def margin_as_share(self) -> float | None:
        """--margin as a share of 1."""
        return None if self.margin is None else self.margin / 100


def add_flags(parser: CommandParser) -> None:
    """Adds a flag for each field, and the flags of `python -m search.study` that describe the images."""
    flags_of(ConfirmConfig, parser)
    add_study_flags(parser, {*OF_PICTURES, "data_dir"}, defaults=False)


def from_flags(args: argparse.Namespace) -> ConfirmConfig:
    """The settings given by parsed flags. Raises: BadInput."""
    names, values = {each.name for each in fields(ConfirmConfig)}, vars(args)
    pictures = {name: values[name] for name in (*OF_PICTURES, "data_dir") if name in values}
    return ConfirmConfig(**{name: value for name, value in values.items() if name in names}, picture_flags=pictures)
