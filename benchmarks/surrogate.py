"""A surrogate of the validation accuracy of a binarization, fitted to real trainings, for simulated studies.

Takes the tables of benchmarks/collect.py. A Gaussian process models the logit of the accuracy. Its mean is linear in
log k, so far from the training data it predicts the average for k cut points and nothing better. The surrogate is
smooth and cannot represent effects of single grey levels.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import expit, logit
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import RBF, ConstantKernel, WhiteKernel
from sklearn.model_selection import KFold

from models.constants import LEVELS
from search.binarization.binarization import Binarization
from search.binarization.cut_points import CutPoints

GRID = 8  # grid points on the scale
LOWEST, HIGHEST = 0.02, 0.995  # limits of accuracies, so that logits are finite
Floats = npt.NDArray[np.float64]


def binarizations(table: pd.DataFrame) -> list[Binarization]:
    """Returns the binarizations in the rows of a collected table."""
    cuts = (CutPoints.from_ranges(int(c) for c in ranges.split(",")) for ranges in table["ranges"])
    return [Binarization(each, encoding) for each, encoding in zip(cuts, table["encoding"], strict=True)]


@dataclass(frozen=True, eq=False)
class Features:
    """Features of a binarization: k, encoding, quantization error, entropy, and distances to a grid of positions.

    edges (256,): edges of the scale. histogram (256,): histogram of the training pixels.
    """

    edges: Floats
    histogram: npt.NDArray[np.integer]

    def __call__(self, many: Sequence[Binarization]) -> Floats:
        """Returns features (N, 5 + GRID) of similar scale."""
        return np.stack([self._of(each) for each in many])

    def _of(self, binarization: Binarization) -> Floats:
        cuts = np.array(binarization.cut_points.values)
        positions = (self.edges[cuts - 1] + self.edges[cuts]) / 2
        share = self.histogram / self.histogram.sum()
        levels, bounds = np.arange(LEVELS), [0, *cuts]
        weight = np.maximum(np.add.reduceat(share, bounds), 1e-12)
        middle = np.add.reduceat(share * levels, bounds) / weight
        lost = np.sum(share * (levels - np.repeat(middle, np.diff([*bounds, LEVELS]))) ** 2)
        entropy = -np.sum(weight * np.log2(weight))
        places = (np.arange(GRID) + 0.5) / GRID
        nearest = np.abs(places[:, None] - positions).min(axis=1)
        simple = [np.log2(len(cuts)), binarization.encoding == "range", np.log(lost), entropy, positions.mean() * 3]
        return np.concatenate([simple, np.sqrt(nearest) * 3])


@dataclass(frozen=True, eq=False)
class Surrogate:
    """A fitted surrogate. trend: slope and intercept in log2 k. process: fitted to the residuals of the trend."""

    features: Features
    trend: Floats
    process: GaussianProcessRegressor

    def __call__(self, many: Sequence[Binarization]) -> Floats:
        """Returns predicted accuracies (N,)."""
        x = self.features(many)
        made: Floats = expit(np.polyval(self.trend, x[:, 0]) + self.process.predict(x))
        return made


def fit(features: Features, many: Sequence[Binarization], values: Floats, kernel: object = None) -> Surrogate:
    """Fits a surrogate to accuracies `values` (N,). If a kernel is given, its parameters are kept."""
    x, y = features(many), logit(np.clip(values, LOWEST, HIGHEST))
    trend = np.polyfit(x[:, 0], y, 1)
    lengths = RBF(np.full(x.shape[1], 3.0), (0.3, 100.0))
    wanted = kernel or ConstantKernel(1.0, (0.05, 50.0)) * lengths + WhiteKernel(0.05, (1e-4, 1.0))
    process = GaussianProcessRegressor(wanted, optimizer=None if kernel else "fmin_l_bfgs_b")
    return Surrogate(features, trend, process.fit(x, y - np.polyval(trend, x[:, 0])))


def validated(
    features: Features, many: Sequence[Binarization], values: Floats, fitted: Surrogate, folds: int
) -> Floats:
    """Returns out-of-fold predictions (N,) with the kernel of the whole fit."""
    made = np.zeros(len(many))
    for train, test in KFold(folds, shuffle=True, random_state=0).split(np.zeros(len(many))):
        part = fit(features, [many[i] for i in train], values[train], fitted.process.kernel_)
        made[test] = part([many[i] for i in test])
    return made
