"""Settings of a study. The flags of `python -m search.study` and their help come from these fields."""

import argparse
import dataclasses
import re
from collections.abc import Container
from dataclasses import dataclass, replace
from typing import Any

from models.constants import ACTIVATIONS, LEVELS, REAL, WEIGHTS
from models.recipe import Recipe
from search.binarization.levels import GREY
from search.binarization.windows import LARGEST_WINDOW, SMALLEST_WINDOW
from search.console.flags import flags_of
from search.console.messages import nearest
from search.console.parser import CommandParser
from search.data.source import Source, source_of
from search.errors import BadInput
from search.evaluation.budgets import AUGMENTATIONS, BUDGETS, Budget
from search.evaluation.network import check_network_name
from search.evaluation.protocol import FIRST_SEED, check_seeds
from search.sampling.level_choices import ALL, NAMES, WINDOWED, LevelChoices
from search.study_flags import FEWEST_FOR_WILCOXON, OBJECTIVES, ONE_OBJECTIVE, SEARCH, SEVERAL, StudyFlags


@dataclass(frozen=True)
class StudyConfig(StudyFlags):
    """Settings of a study.

    Raises: BadInput for a value out of range, and for settings that exclude each other.
    """

    def __post_init__(self) -> None:
        limits: dict[str, tuple[float, float]] = {
            "trials": (1, 10**7),
            "max_cuts": (1, LEVELS - 1),
            "parts": (1, 8),
            "variants": (0, 10**6),
            "epochs": (1, 10**4),
            "width": (1, 1024),
            "folds": (1, 100),
            "repeats": (1, 1000),
            "batch_size": (4, 10**5),
            "learning_rate": (1e-9, 1e9),
            "seed": (0, 2**31 - 1),
            "timeout": (0, 10**9),
        }
        for name, (low, high) in limits.items():
            value = getattr(self, name)
            if value is not None and not low <= value <= high:
                raise BadInput(f"--{name.replace('_', '-')} {value}: expected {low:.10g} to {high:.10g}")
        if len(self.objective_names) > 1 and self.sampler in ONE_OBJECTIVE:
            raise BadInput(
                f"--sampler {self.sampler} supports one objective only; choose another sampler for {self.objectives}"
            )
        if (self.seed + self.trials) * self.repeats > FIRST_SEED:
            raise BadInput(
                f"--seed {self.seed}, --trials {self.trials} and --repeats {self.repeats} need training seeds up to "
                f"(seed + trials) × repeats, but seeds from {FIRST_SEED} on belong to confirmations; use smaller values"
            )
        if self.confirm is not None:
            check_seeds("--confirm", self.confirm)
        if LevelChoices(self.level_names, self.window_sides).is_single and self.parts > 1:
            raise BadInput(
                f"--parts {self.parts}: the search space has a single level map; give several with --levels, or a "
                "range of --windows"
            )
        check_network_name(self.network)
        self._check_binary()
        self._check_pruner()
        if self.study_name is not None and not self.study_name.strip():
            raise BadInput("--study-name is empty; give a name, or omit the flag for the default")

    def _check_binary(self) -> None:
        if self.weights == self.activations == REAL:
            for name in ("real_layers", "gradient"):
                if (given := getattr(self, name)) != getattr(Recipe, name):
                    raise BadInput(
                        f"--{name.replace('_', '-')} {given}: no part of the network is binary; "
                        "set --weights or --activations as well"
                    )

    def _check_pruner(self) -> None:
        if self.pruner is None or self.pruner == "none":
            return
        if len(self.objective_names) > 1:
            raise BadInput(f"--pruner {self.pruner}: a study with two objectives cannot be pruned; omit the flag")
        if self.pruner == "wilcoxon" and self.trainings < FEWEST_FOR_WILCOXON:
            raise BadInput(
                f"--pruner wilcoxon compares trainings and decides after the fourth at the earliest: --folds times "
                f"--repeats must be {FEWEST_FOR_WILCOXON} or more, not {self.trainings}"
            )
        if self.pruner in ("median", "hyperband") and self.trainings > 1:
            raise BadInput(
                f"--pruner {self.pruner} compares epochs: with several trainings per trial use wilcoxon or none"
            )

    @property
    def source(self) -> Source:
        """The images and how they are read. Raises: BadInput."""
        return source_of(vars(self))

    @property
    def objective_names(self) -> tuple[str, ...]:
        """Names of the optimized values."""
        return OBJECTIVES[self.objectives]

    @property
    def level_names(self) -> tuple[str, ...]:
        """Level maps in the search space, in the order of NAMES. Raises: BadInput for an unknown or a repeated name."""
        given = [each.strip() for each in self.levels.split(",")]
        if given == [ALL]:
            return NAMES
        for name in given:
            if name not in NAMES or given.count(name) > 1:
                known = f"{', '.join(NAMES)}, several of them separated by commas, or {ALL}"
                what = "is given twice" if name in NAMES else "is no level map"
                raise BadInput(f"--levels: {name!r} {what}; expected {known}{nearest(name, NAMES)}")
        return tuple(name for name in NAMES if name in given)

    @property
    def window_sides(self) -> tuple[int, int]:
        """Least and largest side of a window. Raises: BadInput for anything but a range of odd numbers."""
        found = re.fullmatch(r"(\d{1,3})(?:-(\d{1,3}))?", self.windows)
        low, high = (int(found[1]), int(found[2] or found[1])) if found else (0, 0)
        if not SMALLEST_WINDOW <= low <= high <= LARGEST_WINDOW or low % 2 == 0 or high % 2 == 0:
            raise BadInput(
                f"--windows {self.windows}: expected two odd numbers of pixels from {SMALLEST_WINDOW} to "
                f"{LARGEST_WINDOW}, such as 3-31, or one of them"
            )
        return low, high

    @property
    def encodings(self) -> tuple[str, ...]:
        """Encodings in the search space."""
        return SEVERAL.get(self.encoding, (self.encoding,))

    @property
    def arithmetics(self) -> dict[str, tuple[str, ...]]:
        """Kinds of weights and activations in the search space."""
        known = {"weights": WEIGHTS, "activations": ACTIVATIONS}
        return {
            name: names if getattr(self, name) == SEARCH else (getattr(self, name),) for name, names in known.items()
        }

    @property
    def space_settings(self) -> dict[str, Any]:
        """Settings, besides the protocol, that a process must share to join a study.

        Weights and activations are included only if they are not real, and level maps only if they are not grey:
        earlier studies do not have them.
        """
        names = ["max_cuts", "encoding", "positions", "objectives"]
        if self.level_names != (GREY.name,):
            windowed = any(name in WINDOWED for name in self.level_names)
            names += ["levels", *(["windows"] if windowed else []), *(["parts"] if self.parts > 1 else [])]
        names += [name for name in ("weights", "activations") if getattr(self, name) != REAL]
        found = {name: getattr(self, name) for name in names}
        return found | ({"levels": ",".join(self.level_names)} if "levels" in found else {})

    @property
    def trainings(self) -> int:
        """Number of networks that a trial trains."""
        return self.folds * self.repeats

    @property
    def pruner_name(self) -> str:
        """The chosen pruner, or the default for these settings."""
        if self.pruner is not None:
            return self.pruner
        if self.trainings == 1 and len(self.objective_names) == 1:
            return "median"
        enough = self.trainings >= FEWEST_FOR_WILCOXON and len(self.objective_names) == 1
        return "wilcoxon" if enough else "none"


def add_flags(parser: CommandParser, only: Container[str] | None = None, defaults: bool = True) -> None:
    """Adds a flag for each field of StudyConfig. The arguments are those of `flags_of`."""
    flags_of(StudyConfig, parser, only, defaults)


def from_flags(args: argparse.Namespace) -> StudyConfig:
    """The settings given by parsed flags. Raises: BadInput."""
    names = {each.name for each in dataclasses.fields(StudyConfig)}
    return StudyConfig(**{name: value for name, value in vars(args).items() if name in names})


def budget_of(config: StudyConfig) -> Budget:
    """The named budget with the settings that override it."""
    named = BUDGETS[config.budget]
    given = {
        each.name: value
        for each in dataclasses.fields(Recipe)
        if (value := getattr(config, each.name, None)) is not None
    }
    if config.augmentation is not None:
        given["augmentation"] = AUGMENTATIONS[config.augmentation]
    return Budget(named.variants if config.variants is None else config.variants, replace(named.recipe, **given))
