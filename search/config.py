"""One study's settings. The flags of python -m search.study and their help come from these fields."""

import argparse
import dataclasses
from collections.abc import Container
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from models.constants import ACTIVATIONS, LEVELS, REAL, WEIGHTS
from models.networks import NETWORKS
from models.quantize import GRADIENTS, REAL_LAYERS
from models.recipe import PRECISIONS
from search.binarization.encodings import ENCODINGS
from search.console.flags import flag, flags_of
from search.data.color import COLOR_CHOICES
from search.data.fit import FITS
from search.data.near import SIMILARITY
from search.data.source import Source, source_of
from search.errors import BadInput
from search.evaluation.budgets import AUGMENTATIONS, BUDGETS, Budget
from search.evaluation.metrics import METRICS
from search.evaluation.network import check_network_name
from search.evaluation.protocol import FIRST_SEED, check_seeds
from search.references.catalogue import WHICH
from search.references.rules import RULES
from search.sampling.pruners import PRUNERS
from search.sampling.samplers import SAMPLERS
from search.sampling.space import SCALES

OBJECTIVES = {"accuracy": ("accuracy",), "accuracy,bits": ("accuracy", "bits a pixel")}
ONE_OBJECTIVE = ("cmaes", "halving")  # samplers that rank trials by one value
# After n trainings that are all worse than the best trial's, the Wilcoxon test has p = 1 / 2**n, and prunes below 0.1:
# after four trainings at the earliest, which saves something if there is a fifth.
FEWEST_FOR_WILCOXON = 5
SEARCH = "search"
SEVERAL = {"both": ("range", "thermometer"), "all": tuple(ENCODINGS)}  # encodings that are searched together


@dataclass(frozen=True)
class StudyConfig:
    """What to search, on which pictures, with how much of everything.

    Raises: BadInput for a value out of its range.
    """

    trials: int = flag("the study's total; run again to go on to it", 100, metavar="N")
    data: str | None = flag(
        "sign-mnist, digits, or a path: .csv, .zip, .npz, .parquet, IDX, or a folder of pictures by class, CSVs, "
        "parquet files, IDX files or .npy files; without it Sign Language MNIST if it is on disk, otherwise digits",
        metavar="NAME|PATH",
    )
    data_dir: Path | None = flag(
        "where to look for Sign Language MNIST, before $CUTPOINTS_DATA and the cache folder", metavar="FOLDER"
    )
    shape: str | None = flag("size of a picture in a CSV, if it is not square; HxWx3 in color", metavar="HxW")
    size: str | None = flag("resize pictures to this; needed where theirs differ", metavar="HxW")
    fit: str | None = flag("how pictures become --size, see docs/data.md; default: letterbox", None, FITS)
    skip_bad: bool = flag("leave pictures out that cannot be read, and say how many", False)
    color: str = flag(
        "what becomes of color: grey by luma, one channel, or cut points of its own for each of three",
        "gray",
        COLOR_CHOICES,
    )
    groups: str | None = flag(
        "which pictures belong together and stay on one side of every split: a regular expression whose first capture "
        "group names the group in a picture's path, a column of a CSV or parquet file, or none: each picture is its "
        "own; without it near copies belong together",
        metavar="REGEX|COLUMN",
    )
    similarity: float = flag(
        "correlation above which two pictures of a class are near copies; 1: none are", SIMILARITY, metavar="X"
    )
    max_cuts: int = flag("search 1 to this many cut points", 8, metavar="K")
    encoding: str = flag(
        "how ranges become channels: one-hot as in the paper, thermometer, Gray code or bits of the range's number, "
        "local (a thermometer of each picture's own grey levels); both (range and thermometer) or all of them as part "
        "of the search",
        "both",
        [*ENCODINGS, *SEVERAL],
    )
    weights: str = flag(
        "of the network: real, ±1, ±1 times a mean for each filter (xnor), or all as part of the search",
        REAL,
        [*WEIGHTS, SEARCH],
    )
    activations: str = flag("of the network: real, ±1, or both as part of the search", REAL, [*ACTIVATIONS, SEARCH])
    positions: str = flag(
        "how positions become grey levels: half by the training pixels' distribution, or evenly", "pixels", SCALES
    )
    references: str = flag(
        f"cut points that need no search as the first trials: {', '.join(RULES)}; auto adds the paper's on "
        "Sign Language MNIST; all adds these and those learned by gradient, which cost a training more each; "
        "at most half of the trials",
        "auto",
        WHICH,
    )
    sampler: str = flag("Optuna's samplers and ours (local); cmaes keeps a pickle in the database", "local", SAMPLERS)
    pruner: str | None = flag(
        "ends trials early, among those with as many cut points; references and replicates are never pruned; "
        f"default: median after epochs, wilcoxon with {FEWEST_FOR_WILCOXON} or more trainings a trial, none with fewer "
        "or with two objectives",
        None,
        PRUNERS,
    )
    objectives: str = flag(
        "accuracy, measured as --metric says, or also as few bits a pixel as possible (without pruning)",
        "accuracy",
        OBJECTIVES,
    )
    metric: str = flag("what accuracy means, on the validation photos", "accuracy", METRICS)
    folds: int = flag(
        "trainings a trial, each validated on other photos; 1: a fifth of the photos validates", 1, metavar="N"
    )
    repeats: int = flag("trainings a trial and fold, with seeds of their own; the value is the mean", 1, metavar="N")
    budget: str = flag("variants per photo, epochs and width of a trial", "quick", BUDGETS)
    variants: int | None = flag("variants per photo that are trained on, 0 for all; default: the budget's", metavar="N")
    epochs: int | None = flag("default: the budget's", metavar="N")
    width: int | None = flag("filters of the network's first block; default: the budget's", metavar="N")
    augmentation: str | None = flag(
        "small moves and other light, before the thresholds; default: the budget's", None, AUGMENTATIONS
    )
    precision: str = flag(
        "of the arithmetic in a training step; bfloat16 is faster on a processor or GPU that has it",
        "float32",
        PRECISIONS,
    )
    network: str = flag(
        f"{', '.join(NETWORKS)}, or package.module:function to import one of your own", "compact", metavar="NAME"
    )
    real_layers: str = flag("layers that keep real weights whatever --weights says", "last", REAL_LAYERS)
    gradient: str = flag(
        "what stands for the gradient of sign, in binary weights and activations", "clipped", GRADIENTS
    )
    batch_size: int | None = flag("default: 128, less on small sets", metavar="N")
    learning_rate: float = flag("the highest of the one-cycle schedule", 5e-3, metavar="X")
    seed: int = flag("of the split, the sampler and the training", 0, metavar="N")
    device: str = flag("where to train", "auto", ["auto", "cpu", "cuda"])
    confirm: int | None = flag(
        "when the trials are done, retrain the finalists with this many fresh seeds (10 if no number is given) and "
        "read the test set: see python -m search.confirm",
        metavar="SEEDS",
        without_value=10,
    )
    timeout: float | None = flag("start no trial after this many seconds", metavar="SECONDS")
    study_name: str | None = flag("default: data set, budget and protocol fingerprint", metavar="NAME")
    output_dir: Path | None = flag("for thresholds.json and report.html; default: results/STUDY-NAME", metavar="FOLDER")

    def __post_init__(self) -> None:
        limits: dict[str, tuple[float, float]] = {
            "trials": (1, 10**7),
            "max_cuts": (1, LEVELS - 1),
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
            raise BadInput(f"--sampler {self.sampler} knows one objective only; with {self.objectives} take another")
        if (self.seed + self.trials) * self.repeats > FIRST_SEED:
            raise BadInput(
                f"--seed {self.seed}, --trials {self.trials} and --repeats {self.repeats} need training seeds up to "
                f"(seed + trials) × repeats, and those from {FIRST_SEED} on belong to confirmations; take less of them"
            )
        if self.confirm is not None:
            check_seeds("--confirm", self.confirm)
        check_network_name(self.network)
        self._check_binary()
        self._check_pruner()
        if self.study_name is not None and not self.study_name.strip():
            raise BadInput("--study-name is empty; leave it out for the default")

    def _check_binary(self) -> None:
        if self.weights == self.activations == REAL:
            for name, usual in (("real_layers", "last"), ("gradient", "clipped")):
                if (given := getattr(self, name)) != usual:
                    raise BadInput(
                        f"--{name.replace('_', '-')} {given}: nothing of the network is binary; "
                        "give --weights or --activations too"
                    )

    def _check_pruner(self) -> None:
        if self.pruner is None or self.pruner == "none":
            return
        if len(self.objective_names) > 1:
            raise BadInput(f"--pruner {self.pruner}: a study of two objectives cannot prune; leave it out")
        if self.pruner == "wilcoxon" and self.trainings < FEWEST_FOR_WILCOXON:
            raise BadInput(
                f"--pruner wilcoxon compares trainings and cannot tell before the fourth: --folds times --repeats must "
                f"be {FEWEST_FOR_WILCOXON} or more, not {self.trainings}"
            )
        if self.pruner in ("median", "hyperband") and self.trainings > 1:
            raise BadInput(
                f"--pruner {self.pruner} compares epochs: with several trainings a trial use wilcoxon or none"
            )

    @property
    def source(self) -> Source:
        """Which pictures, and how they come in. Raises: BadInput."""
        return source_of(vars(self))

    @property
    def objective_names(self) -> tuple[str, ...]:
        """What the study optimizes."""
        return OBJECTIVES[self.objectives]

    @property
    def encodings(self) -> tuple[str, ...]:
        """Those that are searched."""
        return SEVERAL.get(self.encoding, (self.encoding,))

    @property
    def arithmetics(self) -> dict[str, tuple[str, ...]]:
        """The weights and activations that are searched."""
        known = {"weights": WEIGHTS, "activations": ACTIVATIONS}
        return {
            name: names if getattr(self, name) == SEARCH else (getattr(self, name),) for name, names in known.items()
        }

    @property
    def space_settings(self) -> dict[str, Any]:
        """What must be equal to join a study beside its protocol. What came later is there only if it is not real."""
        names = ["max_cuts", "encoding", "positions", "objectives"]
        names += [name for name in ("weights", "activations") if getattr(self, name) != REAL]
        return {name: getattr(self, name) for name in names}

    @property
    def trainings(self) -> int:
        """Networks that a trial trains."""
        return self.folds * self.repeats

    @property
    def pruner_name(self) -> str:
        """The pruner that was asked for, or the default of these settings."""
        if self.pruner is not None:
            return self.pruner
        if self.trainings == 1 and len(self.objective_names) == 1:
            return "median"
        enough = self.trainings >= FEWEST_FOR_WILCOXON and len(self.objective_names) == 1
        return "wilcoxon" if enough else "none"


def add_flags(parser: argparse.ArgumentParser, only: Container[str] | None = None, defaults: bool = True) -> None:
    """One flag for each field of StudyConfig, or for some of them.

    defaults: whether what is not given has the field's default, or is not there.
    """
    flags_of(StudyConfig, parser, only, defaults)


def from_flags(args: argparse.Namespace) -> StudyConfig:
    """The settings that the flags name. Raises: BadInput."""
    names = {each.name for each in dataclasses.fields(StudyConfig)}
    return StudyConfig(**{name: value for name, value in vars(args).items() if name in names})


def budget_of(config: StudyConfig) -> Budget:
    """The named budget with what the flags override."""
    named = BUDGETS[config.budget]
    recipe = replace(
        named.recipe,
        epochs=config.epochs or named.recipe.epochs,
        width=config.width or named.recipe.width,
        learning_rate=config.learning_rate,
        precision=config.precision,
        network=config.network,
        real_layers=config.real_layers,
        gradient=config.gradient,
        augmentation=AUGMENTATIONS[config.augmentation] if config.augmentation else named.recipe.augmentation,
    )
    return Budget(named.variants if config.variants is None else config.variants, recipe)
