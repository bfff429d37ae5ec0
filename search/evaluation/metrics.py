"""The metrics that a trial's value can be.

Each metric gives every image a score and a weight; the value is the weighted mean. Folds can therefore be pooled, and
standard errors computed over photo groups, in the same way for every metric.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy.special import log_softmax

Scores = npt.NDArray[np.float64]
NORMAL_95 = 1.96  # standard errors to each side of a 95 % interval


@dataclass(frozen=True)
class Metric:
    """A measure of how well validation images are classified.

    score: logits (N, classes) and labels (N,) → scores (N,). weight: labels (N,) → weights (N,).
    percent: whether values are shares, shown as percentages, with differences in points.
    """

    name: str
    direction: Literal["minimize", "maximize"]  # Optuna's
    percent: bool
    score: Callable[[npt.NDArray[np.float32], npt.NDArray[np.int64]], Scores]
    weight: Callable[[npt.NDArray[np.int64]], Scores]

    @property
    def maximize(self) -> bool:
        """Whether larger is better."""
        return self.direction == "maximize"

    def shown(self, value: float, interval: tuple[float, float] | None = None) -> str:
        """A value as text, with its interval if given: `97.2% [95.9, 98.1]`."""
        form, scale = (".1f", 100) if self.percent else (".3f", 1)
        text = f"{scale * value:{form}}{'%' if self.percent else ''}"
        return text if interval is None else f"{text} [{', '.join(f'{scale * x:{form}}' for x in interval)}]"

    def gap(self, value: float, other: float) -> str:
        """The difference value - other as text: `+0.4 points`."""
        return f"{100 * (value - other):+.1f} points" if self.percent else f"{value - other:+.3f}"


def _correct(logits: npt.NDArray[np.float32], labels: npt.NDArray[np.int64]) -> Scores:
    correct: Scores = (logits.argmax(axis=1) == labels).astype(np.float64)
    return correct


def _loss(logits: npt.NDArray[np.float32], labels: npt.NDArray[np.int64]) -> Scores:
    log_probabilities: Scores = log_softmax(logits.astype(np.float64), axis=1)
    return -log_probabilities[np.arange(len(labels)), labels]


def _even(labels: npt.NDArray[np.int64]) -> Scores:
    return np.ones(len(labels))


def _by_class(labels: npt.NDArray[np.int64]) -> Scores:
    weights: Scores = 1 / np.bincount(labels)[labels]
    return weights


METRICS = {
    # The share of images that are classified correctly.
    "accuracy": Metric("accuracy", "maximize", True, _correct, _even),
    # The mean of this share over classes: small classes count as much as large ones.
    "balanced-accuracy": Metric("balanced-accuracy", "maximize", True, _correct, _by_class),
    # The mean negative logarithm of the predicted probability of the correct class, in nats.
    "log-loss": Metric("log-loss", "minimize", False, _loss, _even),
}
