"""The protocol: all that must be equal for two values to be comparable, and its fingerprint."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any

from models.recipe import Recipe
from search.data.pictures import AUTOMATIC, NONE, Part
from search.data.split import COPIES, GROUPS, Split, at_most_variants
from search.errors import BadInput
from search.evaluation.budgets import Budget, batch_size_for
from search.evaluation.metrics import METRICS
from search.evaluation.network import network_source

FIRST_SEED = 1_000_000  # of confirmations: seeds of trials stay below it, so none is used twice
FEWEST_SEEDS, MOST_SEEDS = 2, 10**4  # of a confirmation
NETWORK_SOURCE = "network_source"
TRAINING_VERSION = 2  # raise it when the training code changes what a seed gives


@dataclass(frozen=True)
class Protocol:
    """Everything that a value depends on, except the binarization and the number of the replicate.

    A value is compared only with values of the same protocol. Raises: ValueError for invalid values.
    """

    data_fingerprint: str  # of pixels, labels, groups and class names, not of file names
    split_fingerprint: str
    variants: int
    recipe: Recipe
    seed: int  # of the split, the variants and the first training of each binarization
    metric: str = "accuracy"
    folds: int = 1
    repeats: int = 1
    photos: str = "validation"  # "test": trained on all photos that are not test photos
    training_version: int = TRAINING_VERSION
    preprocessing: dict[str, Any] = field(default_factory=dict)  # of the images: color, size
    grouping: dict[str, Any] = field(default_factory=lambda: dict(AUTOMATIC))  # where the photo groups come from
    variants_of: str = COPIES  # or of GROUPS: what `variants` counts
    network_source: str | None = None  # digest of the source file of a network of the user's own

    def __post_init__(self) -> None:
        similarity = self.grouping.get("similarity")
        valid = {
            "variants": _is_whole(self.variants, 0),
            "seed": _is_whole(self.seed, 0),
            "metric": self.metric in METRICS,
            "folds": _is_whole(self.folds, 1),
            "repeats": _is_whole(self.repeats, 1),
            "variants_of": self.variants_of in (COPIES, GROUPS),
            "grouping": self.grouping["groups"] == NONE or (similarity is not None and 0 <= similarity <= 1),
        }
        for name, is_valid in valid.items():
            if not is_valid:
                raise ValueError(f"{name} {getattr(self, name)!r} is not valid")

    def as_dict(self) -> dict[str, Any]:
        """Plain values, nested at most two levels, as they are stored with a study.

        `network_source` is present only for a network of the user's own, so that other fingerprints stay as they were.
        """
        values = asdict(self)
        if self.network_source is None:
            del values[NETWORK_SOURCE]
        return values

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> "Protocol":
        """The inverse of as_dict. Raises: KeyError, TypeError, ValueError for anything else."""
        if missing := {each.name for each in fields(cls) if each.default is not None} - values.keys():
            raise KeyError(", ".join(sorted(missing)))
        return cls(**{**values, "recipe": Recipe.from_dict(values["recipe"])})

    def chosen(self, part: Part) -> Part:
        """The images of a part that a training uses."""
        return at_most_variants(part, self.variants, self.seed, self.variants_of)

    @property
    def fingerprint(self) -> str:
        """8 hexadecimal digits."""
        return fingerprint(self.as_dict())


def _is_whole(value: object, least: int) -> bool:
    return isinstance(value, int) and value >= least


def make_protocol(
    split: Split,
    budget: Budget,
    seed: int,
    batch_size: int | None = None,
    metric: str = "accuracy",
    folds: int = 1,
    repeats: int = 1,
    variants_of: str = COPIES,
) -> Protocol:
    """The protocol of a budget on a split. batch_size: None chooses one by the number of images.

    Imports a network of the user's own, to digest its source. Raises: BadInput where that fails.
    """
    pictures = len(at_most_variants(split.train, budget.variants, seed, variants_of))
    return Protocol(
        split.data_fingerprint,
        split.split_fingerprint,
        budget.variants,
        replace(budget.recipe, batch_size=batch_size or batch_size_for(pictures)),
        seed,
        metric,
        folds,
        repeats,
        preprocessing=dict(split.pictures.preprocessing),
        grouping=dict(split.pictures.grouping),
        variants_of=variants_of,
        network_source=network_source(budget.recipe.network),
    )


def check_seeds(flag: str, number: int) -> None:
    """Checks the number of seeds of a confirmation.

    Raises: BadInput for fewer than FEWEST_SEEDS, which do not show how much trainings vary, or more than MOST_SEEDS.
    """
    if number < FEWEST_SEEDS:
        raise BadInput(
            f"{flag} {number}: one training does not show how much trainings vary; give at least {FEWEST_SEEDS}, "
            "and 10 for a claim"
        )
    if number > MOST_SEEDS:
        raise BadInput(f"{flag} {number}: expected at most {MOST_SEEDS}")


def fingerprint(values: Mapping[str, Any]) -> str:
    """8 hexadecimal digits of SHA-256 over plain values."""
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()[:8]


def differences(
    stored: Mapping[str, Any],
    now: Mapping[str, Any],
    prefix: str = "",
    places: tuple[str, str] = ("in the study", "now"),
) -> list[str]:
    """One short phrase for each difference: `recipe.epochs: 6 in the study, 8 now`.

    places: where the two values are, for the phrases.
    """
    found: list[str] = []
    for key in sorted(stored.keys() | now.keys()):
        before, after = stored.get(key), now.get(key)
        change = f"{before} {places[0]}, {after} {places[1]}"
        if isinstance(before, Mapping) and isinstance(after, Mapping):
            found += differences(before, after, f"{prefix}{key}.", places)
        elif key == NETWORK_SOURCE and None in (before, after):
            continue  # another network, which recipe.network says
        elif key == NETWORK_SOURCE and before != after:
            found.append(f"the source file of the network changed: {change}")
        elif before != after:
            found.append(f"{prefix}{key}: {change}")
    return found
