"""The flags of `python -m search.study`: names, defaults, choices and help."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from models.constants import ACTIVATIONS, REAL, WEIGHTS
from models.networks import NETWORKS
from models.recipe import Recipe
from search.binarization.encodings import ENCODINGS
from search.binarization.levels import GREY
from search.console.flags import flag
from search.data.color import COLOR_CHOICES
from search.data.fit import FITS
from search.data.near import SIMILARITY
from search.evaluation.budgets import AUGMENTATIONS, BUDGETS
from search.evaluation.metrics import METRICS
from search.references.catalogue import WHICH
from search.references.rules import RULES
from search.sampling.level_choices import NAMES
from search.sampling.pruners import PRUNERS
from search.sampling.samplers import SAMPLERS
from search.sampling.space import SCALES

OBJECTIVES = {"accuracy": ("accuracy",), "accuracy,bits": ("accuracy", "bits per pixel")}
ONE_OBJECTIVE = ("cmaes", "halving")  # samplers that support one objective only
# If the first n trainings are all worse than those of the best trial, the Wilcoxon test has p = 1 / 2**n. It prunes for
# p < 0.1, after four trainings at the earliest, which saves time only if there is a fifth.
FEWEST_FOR_WILCOXON = 5
SEARCH = "search"  # all kinds of weights or activations are in the search space
SEVERAL = {"both": ("range", "thermometer"), "all": tuple(ENCODINGS)}  # names for several encodings
FROM_BUDGET = "the budget's"
# Headings of --help.
IMAGES, SPACE, SEARCH_GROUP = "images", "search space", "search"
EVALUATION, TRAINING, OUTPUT = "evaluation", "training", "output"


def recipe_flag(name: str, help: str, metavar: str | None = None) -> Any:
    """The flag of a setting of the recipe, with its default and its choices."""
    setting = Recipe.__dataclass_fields__[name]
    return flag(help, setting.default, setting.metadata["choices"], metavar=metavar, group=TRAINING)


@dataclass(frozen=True)
class StudyFlags:
    """One field for each flag. `search.config.StudyConfig` validates the values."""

    # ── images ──
    data: str | None = flag(
        "data set: sign-mnist, digits, or the path of a folder of images by class, a .csv, .zip, .npz or .parquet "
        "file, IDX files or NumPy memmaps; see docs/data.md",
        metavar="NAME|PATH",
        usual="Sign Language MNIST if it is on disk, otherwise digits",
        group=IMAGES,
    )
    data_dir: Path | None = flag(
        "folder with Sign Language MNIST, searched before $CUTPOINTS_DATA and the cache folder",
        metavar="FOLDER",
        group=IMAGES,
    )
    shape: str | None = flag(
        "image size in a CSV file; HxWx3 for color", metavar="HxW", usual="square images", group=IMAGES
    )
    size: str | None = flag(
        "size to which images are resized; required if their sizes differ",
        metavar="HxW",
        usual="no resizing",
        group=IMAGES,
    )
    fit: str | None = flag(
        "how images are resized to --size; see docs/data.md", None, FITS, usual="letterbox", group=IMAGES
    )
    skip_bad: bool = flag("skip images that cannot be read and report their number", False, group=IMAGES)
    color: str = flag(
        "how color images are used: gray (luma), one channel, or per-channel (separate cut points for each channel); "
        "see docs/data.md",
        "gray",
        COLOR_CHOICES,
        group=IMAGES,
    )
    groups: str | None = flag(
        "what defines the photo groups, which a split never separates: a regular expression on image paths, whose "
        "first capture group is the name of the photo group, a column of a CSV or parquet file, or none (each image "
        "is a group of its own); see docs/data.md",
        metavar="REGEX|COLUMN",
        usual="near copies of an image form a group",
        group=IMAGES,
    )
    similarity: float = flag(
        "correlation above which two images of a class are near copies; 1 compares no images",
        SIMILARITY,
        metavar="X",
        group=IMAGES,
    )
    # ── search space ──
    max_cuts: int = flag(
        "largest number of cut points of a level map; with --color per-channel, of each channel",
        8,
        metavar="K",
        group=SPACE,
    )
    levels: str = flag(
        f"level maps, which cut points are compared with: {', '.join(NAMES)}, several of them separated by commas, or "
        "all; see docs/levels.md",
        GREY.name,
        metavar="NAME[,NAME…]",
        group=SPACE,
    )
    windows: str = flag(
        "smallest and largest side of the window of a level map, odd numbers of pixels",
        "3-31",
        metavar="MIN-MAX",
        group=SPACE,
    )
    parts: int = flag(
        "largest number of level maps of an image, each with cut points of its own; only for images with one channel",
        1,
        metavar="N",
        group=SPACE,
    )
    encoding: str = flag(
        "how threshold ranges become channels: range (one-hot, k + 1 channels), thermometer (k channels), gray or "
        "bit-planes (⌈log2(k + 1)⌉ channels); both searches range and thermometer, all searches every encoding; "
        "see docs/search.md",
        "both",
        [*ENCODINGS, *SEVERAL],
        group=SPACE,
    )
    weights: str = flag(
        "weights of the network: real, binary (±1), xnor (±1 times a mean for each filter), or search for all of them",
        REAL,
        [*WEIGHTS, SEARCH],
        group=SPACE,
    )
    activations: str = flag(
        "activations of the network: real, binary (±1), or search for both", REAL, [*ACTIVATIONS, SEARCH], group=SPACE
    )
    positions: str = flag(
        "scale of the searched positions: pixels (half by the distribution of the training pixels) or linear; "
        "see docs/search.md",
        "pixels",
        SCALES,
        group=SPACE,
    )
    objectives: str = flag(
        "values to optimize: accuracy (as --metric defines it), or also the number of bits per pixel, without pruning "
        "and not with the samplers cmaes and halving",
        "accuracy",
        OBJECTIVES,
        group=SPACE,
    )
    # ── search ──
    trials: int = flag(
        "total number of trials; run again with the same settings to resume, or with a larger total to continue",
        100,
        metavar="N",
        group=SEARCH_GROUP,
    )
    timeout: float | None = flag("start no trial after this number of seconds", metavar="SECONDS", group=SEARCH_GROUP)
    seed: int = flag("seed of the split, the sampler and the training", 0, metavar="N", group=SEARCH_GROUP)
    references: str = flag(
        "binarizations that need no search and are the first trials, at most half of all trials: auto "
        f"({', '.join(RULES)}; also bit-planes with that encoding, and the paper's settings on Sign Language MNIST), "
        "paper (the paper's settings alone), all (auto, the paper's settings, and cut points learned by gradient, each "
        "of which costs one more training), none; see docs/search.md",
        "auto",
        WHICH,
        group=SEARCH_GROUP,
    )
    sampler: str = flag(
        "local (changes good trials a little), one-shot (first trains one network for all binarizations, which "
        "then guides the search), a sampler of Optuna (tpe, random, cmaes, gp, qmc), or one that only trains "
        "references again (repeats, halving); cmaes stores a pickle in the database; see docs/samplers.md",
        "local",
        SAMPLERS,
        group=SEARCH_GROUP,
    )
    pruner: str | None = flag(
        "how trials are stopped early: median compares epochs of trials with as many cut points, wilcoxon compares "
        f"trainings ({FEWEST_FOR_WILCOXON} or more per trial) of trials with as many cut points, hyperband compares "
        "epochs of all trials; references and replicates are never pruned; see docs/search.md",
        None,
        PRUNERS,
        usual=f"median for one training per trial, wilcoxon for {FEWEST_FOR_WILCOXON} or more; otherwise, and with two "
        "objectives, none",
        group=SEARCH_GROUP,
    )
    # ── evaluation ──
    metric: str = flag(
        "metric on the validation set: accuracy, balanced-accuracy (every class has equal weight), or log-loss "
        "(in nats, minimized)",
        "accuracy",
        METRICS,
        group=EVALUATION,
    )
    folds: int = flag(
        "number of cross-validation folds, at most the number of photo groups that the smallest class has outside the "
        "test set; 1: a single split with a fifth of the photo groups for validation",
        1,
        metavar="N",
        group=EVALUATION,
    )
    repeats: int = flag(
        "trainings per trial and fold, each with its own seed; a trial's value is their mean",
        1,
        metavar="N",
        group=EVALUATION,
    )
    budget: str = flag(
        "variants per photo group, epochs and network width of a trial; see docs/budgets.md",
        "quick",
        BUDGETS,
        group=EVALUATION,
    )
    variants: int | None = flag(
        "images per photo group to train on; 0: all; the budget's number counts only near copies in a group",
        metavar="N",
        usual=FROM_BUDGET,
        group=EVALUATION,
    )
    # ── training ──
    epochs: int | None = flag("epochs of a training", metavar="N", usual=FROM_BUDGET, group=TRAINING)
    width: int | None = flag("filters of the network's first block", metavar="N", usual=FROM_BUDGET, group=TRAINING)
    augmentation: str | None = flag(
        "random shifts, rotations, scaling and changes of light, applied before binarization",
        None,
        AUGMENTATIONS,
        usual=FROM_BUDGET,
        group=TRAINING,
    )
    precision: str = recipe_flag(
        "precision",
        "floating-point type of a training step; bfloat16 is faster on a processor or GPU that supports it; "
        "see docs/budgets.md",
    )
    network: str = recipe_flag(
        "network",
        f"{', '.join(NETWORKS)}, or package.module:function for a network of your own, which is imported from the "
        "current folder or an installed package; see docs/networks.md",
        metavar="NAME",
    )
    real_layers: str = recipe_flag("real_layers", "layers whose weights stay real despite --weights")
    gradient: str = recipe_flag(
        "gradient", "surrogate gradient of sign in binary weights and activations; see docs/networks.md"
    )
    batch_size: int | None = flag(
        "images per training step", metavar="N", usual="128, fewer for small data sets", group=TRAINING
    )
    learning_rate: float = recipe_flag("learning_rate", "maximum of the one-cycle schedule", metavar="X")
    device: str = flag("device to train on; auto prefers CUDA", "auto", ["auto", "cpu", "cuda"], group=TRAINING)
    # ── output ──
    study_name: str | None = flag(
        "name of the study to create or resume",
        metavar="NAME",
        usual="data set, budget and fingerprint of the settings",
        group=OUTPUT,
    )
    output_dir: Path | None = flag(
        "folder for thresholds.json and report.html", metavar="FOLDER", usual="results/STUDY-NAME", group=OUTPUT
    )
    confirm: int | None = flag(
        "after the last trial, confirm the study with this many seeds, 10 if no number is given; "
        "see docs/confirmation.md",
        metavar="SEEDS",
        without_value=10,
        group=OUTPUT,
    )
