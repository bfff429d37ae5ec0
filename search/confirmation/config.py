"""The settings of a confirmation. The flags of python -m search.confirm and their help come from these fields."""

import argparse
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from models.recipe import PRECISIONS
from search.config import add_flags as add_study_flags
from search.confirmation.finalists import REFERENCES
from search.console.flags import flag, flags_of
from search.console.tables import FORMATS
from search.data.source import Source, source_of
from search.errors import BadInput
from search.evaluation.budgets import BUDGETS
from search.evaluation.protocol import check_seeds

OF_PICTURES = tuple(each.name for each in fields(Source) if each.name not in ("data", "data_dir"))


@dataclass(frozen=True)
class ConfirmConfig:
    """Which inputs of which study are confirmed, and with how much.

    picture_flags: the flags of python -m search.study that say how pictures come in, those that were given.
    Raises: BadInput for a value out of its range, and for flags that have no meaning together.
    """

    study_name: str | None = flag("default: the newest study", metavar="NAME")
    data: str | None = flag("the study's pictures; default: where it found them", metavar="NAME|PATH")
    seeds: int = flag("trainings of each input", 10, metavar="N")
    cuts: tuple[int, ...] | None = flag(
        "numbers of cut points whose best is confirmed, beside the best of all; default: all", metavar="K"
    )
    top: int = flag("confirm the N best of all as well", 1, metavar="N")
    confirm_references: str = flag(
        "which references are confirmed: the best of each kind and within each finalist's bits, only the latter, all, "
        "or none",
        "kinds",
        REFERENCES,
    )
    rival: str | None = flag("another study, whose best is confirmed beside", metavar="NAME")
    preset: str | None = flag("the paper's settings instead of a study's finalists", choices=["paper"])
    budget: str = flag("what each training may spend", "full", BUDGETS)
    precision: str | None = flag("default: the study's, or float32", None, PRECISIONS)
    network: str | None = flag(
        "name of the study's network; needed for package.module:function, which is imported", metavar="NAME"
    )
    device: str = flag("where to train", "auto", ["auto", "cpu", "cuda"])
    output_dir: Path | None = flag("default: results/STUDY-NAME", metavar="FOLDER")
    format: str = flag("of the table on stdout", "text", FORMATS)
    wide: bool = flag("all columns of the text table; by default it fits 100", False)
    margin: float | None = flag(
        "a difference in accuracy that does not matter; what lies within it is called equivalent", metavar="POINTS"
    )
    dry_run: bool = flag("say what would be trained and read; train and read nothing", False)
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
                f"{names}: without --data the pictures are the study's, as the study took them; leave it out, or name "
                "the pictures with --data"
            )

    def _check_paper(self) -> None:
        without_meaning = ("study_name", "rival", "cuts", "top", "confirm_references", "network", "output_dir")
        usual = {each.name: each.default for each in fields(self)}
        if given := [name for name in without_meaning if getattr(self, name) != usual[name]]:
            names = ", ".join(f"--{name.replace('_', '-')}" for name in given)
            raise BadInput(f"--preset paper has inputs of its own and writes no file; leave {names} out")
        if self.data not in (None, "sign-mnist"):
            raise BadInput(
                f"--preset paper: the paper's numbers are of Sign Language MNIST, not of {self.data}; leave --data "
                "out, --data-dir says where it lies"
            )

    @property
    def source(self) -> Source | None:
        """The pictures that --data names, or the paper's; None: those of the study. Raises: BadInput."""
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


def add_flags(parser: argparse.ArgumentParser) -> None:
    """One flag for each field, and those of python -m search.study that say how pictures come in."""
    flags_of(ConfirmConfig, parser)
    add_study_flags(parser, {*OF_PICTURES, "data_dir"}, defaults=False)


def from_flags(args: argparse.Namespace) -> ConfirmConfig:
    """The settings that the flags name. Raises: BadInput."""
    names, values = {each.name for each in fields(ConfirmConfig)}, vars(args)
    pictures = {name: values[name] for name in (*OF_PICTURES, "data_dir") if name in values}
    return ConfirmConfig(**{name: value for name, value in values.items() if name in names}, picture_flags=pictures)
