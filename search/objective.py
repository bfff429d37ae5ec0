"""Trial specs and a split to results: what is trained, and how well it does on validation photos.

Enters: specs (a lookup table and a seed each) and a split. Leaves: results with their uncertainty in
photographs. Never reads the test set.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch

from models.train import Lane, Outcome, Recipe, Resident, train
from search.command import BadInput
from search.data.split import Split, at_most_variants


@dataclass(frozen=True, eq=False)
class TrialSpec:
    """What to train: what each grey level becomes, (256, C), and a training seed."""

    table: npt.NDArray[np.generic]
    seed: int


@dataclass(frozen=True)
class Result:
    """What a training came to.

    value: validation accuracy after the last epoch, 0..1; None when it was pruned or diverged.
    standard_error: of value, over photos.
    accuracies: after each epoch.
    """

    value: float | None
    standard_error: float | None
    accuracies: tuple[float, ...]
    seconds: float
    diverged: bool


# (lane, epoch, accuracy) after each epoch; True prunes that lane.
Report = Callable[[int, int, float], bool]
# Specs, a report and a check that is called before each step to results.
Evaluate = Callable[[Sequence[TrialSpec], Report, Callable[[], None]], list[Result]]


def make_objective(split: Split, variants: int, recipe: Recipe, seed: int, device: torch.device) -> Evaluate:
    """Puts the pictures on the device once and gives the function that evaluates batches of specs."""
    chosen = at_most_variants(split.train, variants, seed)
    training = Resident.of(chosen.images, chosen.labels, device)
    validation = Resident.of(split.validation.images, split.validation.labels, device)
    classes = len(split.pictures.class_names)

    def evaluate(specs: Sequence[TrialSpec], report: Report, check: Callable[[], None]) -> list[Result]:
        lanes = [Lane(spec.table, spec.seed) for spec in specs]
        outcomes = train(lanes, training, validation, classes, recipe, report, check)
        return [_result(outcome, split.validation.groups) for outcome in outcomes]

    return evaluate


def _result(outcome: Outcome, groups: npt.NDArray[np.int64]) -> Result:
    finished = not outcome.pruned and not outcome.diverged and outcome.correct is not None
    return Result(
        value=outcome.accuracies[-1] if finished else None,
        standard_error=standard_error(outcome.correct, groups) if finished and outcome.correct is not None else None,
        accuracies=tuple(outcome.accuracies),
        seconds=outcome.seconds,
        diverged=outcome.diverged,
    )


def standard_error(correct: npt.NDArray[np.bool_], groups: npt.NDArray[np.int64]) -> float:
    """Standard error of the mean of `correct` (N,) when photos, not pictures, are independent.

    The cluster-robust (linearized) estimator for a ratio mean: Cochran, Sampling Techniques, 9A.
    """
    _, photo = np.unique(groups, return_inverse=True)
    residuals = np.bincount(photo, weights=correct - correct.mean())
    g = len(residuals)
    return float(np.sqrt(g / max(g - 1, 1) * (residuals**2).sum()) / len(correct))


def choose_device(name: str) -> torch.device:
    """`auto` is CUDA where there is one. Raises: BadInput."""
    if name == "cuda" and not torch.cuda.is_available():
        raise BadInput("--device cuda: this PyTorch sees no CUDA device; use --device cpu")
    cuda = name == "cuda" or (name == "auto" and torch.cuda.is_available())
    return torch.device("cuda" if cuda else "cpu")
