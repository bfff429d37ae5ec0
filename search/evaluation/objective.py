"""The objective of a study: trains networks and evaluates them on the validation photos.

Takes trial specs and a split. Returns values with their uncertainty over photo groups. The test set is not read.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from itertools import product

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from models.encode import Part
from models.train import Lane, Logits, Resident, train
from search.binarization.binarization import Input
from search.data.split import Fold as Parts
from search.data.split import Split
from search.evaluation.intervals import Bounds, validation_interval
from search.evaluation.metrics import METRICS, NORMAL_95, Metric, Scores
from search.evaluation.protocol import Protocol
from storage.scores import Scores as PhotoScores

DIVERGED = "the training diverged: NaN or infinite values"


@dataclass(frozen=True)
class TrialSpec:
    """What a trial trains: the input of the network, its kind of weights and activations, and a training seed."""

    input: Input
    seed: int


@dataclass(frozen=True, eq=False)
class Result:
    """The result of a trial.

    value: the metric on the validation photos after the last epoch, as a mean over folds and repeats; None if the trial
    was pruned or diverged. standard_error, interval: of the value, over photo groups; the interval is 95 % and by
    default 1.96 standard errors to each side. steps: the metric after each epoch, or of each training if a trial has
    several. photos: the scores by photo group. diverged: whether the loss, a logit or the value became NaN or infinite.
    """

    value: float | None
    standard_error: float | None
    steps: tuple[float, ...]
    seconds: float
    diverged: bool
    photos: PhotoScores | None = None
    interval: Bounds | None = None

    def __post_init__(self) -> None:
        if self.interval is None and self.value is not None and self.standard_error is not None:
            arm = NORMAL_95 * self.standard_error
            object.__setattr__(self, "interval", (self.value - arm, self.value + arm))


# Called with (index of the spec, step, metric) after each step; True prunes that trial.
Report = Callable[[int, int, float], bool]
# Maps specs to results. Takes a report and a check; the latter is called before each training step.
Evaluate = Callable[[Sequence[TrialSpec], Report, Callable[[], None]], list[Result]]


@dataclass(frozen=True, eq=False)
class FoldOnDevice:
    """Training and validation images of one fold, with what a metric needs."""

    training: Resident
    validation_u8: Tensor
    labels: npt.NDArray[np.int64]
    groups: npt.NDArray[np.int64]
    metric: Metric

    @classmethod
    def of(cls, parts: Parts, protocol: Protocol, device: torch.device) -> "FoldOnDevice":
        chosen, validation = protocol.chosen(parts.train), parts.validation
        return cls(
            Resident.of(chosen.images, chosen.labels, device),
            torch.from_numpy(validation.images).to(device),
            validation.labels,
            validation.groups,
            METRICS[protocol.metric],
        )

    def only(self, rows: npt.NDArray[np.int64]) -> "FoldOnDevice":
        """The fold with these validation images only."""
        return replace(
            self,
            validation_u8=self.validation_u8[torch.from_numpy(rows).to(self.validation_u8.device)],
            labels=self.labels[rows],
            groups=self.groups[rows],
        )

    @property
    def weights(self) -> Scores:
        return self.metric.weight(self.labels)

    def scores(self, logits: Logits) -> Scores:
        return self.metric.score(logits, self.labels)

    def value(self, logits: Logits) -> float:
        return float(np.average(self.scores(logits), weights=self.weights))


@dataclass(eq=False)
class _Running:
    """The state of a trial whose networks are being trained. done: fold and logits of each finished training."""

    number: int  # index of the spec
    spec: TrialSpec
    steps: list[float] = field(default_factory=list)
    done: list[tuple[FoldOnDevice, Logits]] = field(default_factory=list)
    seconds: float = 0.0
    pruned: bool = False
    diverged: bool = False

    def result(self) -> Result:
        if self.pruned or self.diverged:
            return Result(None, None, tuple(self.steps), self.seconds, self.diverged)
        scores = np.concatenate([fold.scores(logits) for fold, logits in self.done])
        weights = np.concatenate([fold.weights for fold, _ in self.done])
        groups = np.concatenate([fold.groups for fold, _ in self.done])
        value = float(np.average(scores, weights=weights))
        if not math.isfinite(value):
            return Result(None, None, tuple(self.steps), self.seconds, True)
        photos, metric = by_photo(scores, groups, weights), self.done[0][0].metric
        interval = interval_over_photos(photos, metric)
        return Result(value, photos.standard_error, tuple(self.steps), self.seconds, False, photos, interval)


def make_objective(split: Split, protocol: Protocol, device: torch.device) -> Evaluate:
    """Returns a function that evaluates batches of specs. The images are copied to the device once.

    A trial trains one network for each repeat and fold. The steps of a trial are its epochs if it trains one network,
    otherwise its trainings, in the same order in every trial, because the Wilcoxon pruner pairs them.
    """
    classes = len(split.pictures.class_names)
    trainings = list(
        product(range(protocol.repeats), [FoldOnDevice.of(parts, protocol, device) for parts in split.folds])
    )

    def evaluate(specs: Sequence[TrialSpec], report: Report, check: Callable[[], None]) -> list[Result]:
        trials = [_Running(number, spec) for number, spec in enumerate(specs)]
        for repeat, fold in trainings:
            left = [trial for trial in trials if not trial.pruned and not trial.diverged]

            def step(lane: int, _: int, logits: Logits, left: list[_Running] = left, fold: FoldOnDevice = fold) -> bool:
                trial = left[lane]
                trial.steps.append(fold.value(logits))
                return report(trial.number, len(trial.steps) - 1, trial.steps[-1])

            outcomes = train(
                [lane_of(trial.spec.input, trial.spec.seed * protocol.repeats + repeat) for trial in left],
                fold.training,
                fold.validation_u8,
                classes,
                protocol.recipe,
                step if len(trainings) == 1 else None,
                check,
            )
            for lane, (trial, outcome) in enumerate(zip(left, outcomes, strict=True)):
                trial.seconds += outcome.seconds
                trial.pruned, trial.diverged = outcome.pruned, outcome.diverged
                if outcome.logits is None or outcome.pruned or outcome.diverged:
                    continue
                trial.done.append((fold, outcome.logits))
                if len(trainings) > 1:
                    trial.pruned = step(lane, 0, outcome.logits) and len(trial.done) < len(trainings)
        return [trial.result() for trial in trials]

    return evaluate


def lane_of(input: Input, seed: int) -> Lane:
    """The lane that trains a network on this input."""
    colors = range(input.colors) if input.colors > 1 else [None] * len(input.tables)
    records = [each.record for each in input.level_maps]
    parts = tuple(map(Part, input.tables, records, colors))
    return Lane(parts, seed, input.arithmetic.weights, input.arithmetic.activations)


def by_photo(scores: Scores, groups: npt.NDArray[np.int64], weights: Scores) -> PhotoScores:
    """The contribution of each photo group to the weighted mean of scores (N,), and its share of the weight.

    groups, weights: (N,), of each image.
    """
    _, photo = np.unique(groups, return_inverse=True)
    total = weights.sum()
    return PhotoScores(
        np.bincount(photo, weights=weights * scores) / total, np.bincount(photo, weights=weights) / total
    )


def interval_over_photos(scores: PhotoScores, metric: Metric) -> Bounds:
    """95 % interval of a value over photo groups. For shares, its length is positive even without any error."""
    if metric.percent:
        return validation_interval(scores.by_photo.astype(np.float64), scores.weights.astype(np.float64))
    arm = NORMAL_95 * scores.standard_error
    return scores.value - arm, scores.value + arm


def standard_error(scores: Scores, groups: npt.NDArray[np.int64], weights: Scores) -> float:
    """Standard error of the weighted mean of scores (N,), with photo groups as the independent units."""
    return by_photo(scores, groups, weights).standard_error
