"""Importance of the properties of a binarization for the value of a study.

Takes the candidates of storage.results.Results and returns a data frame and a figure. Reads nothing else.

Properties are the number of cut points, the lowest, median and highest cut point, and the level map, its window, the
encoding, weights and activations if the study varies them. Optuna's parameters are not used: position 5 exists even if
only two cut points are in use, and its value then has no effect on the binarization.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
import plotly.graph_objects as go
from pandas.api.types import is_numeric_dtype
from sklearn.ensemble import ExtraTreesRegressor
from sklearn.inspection import permutation_importance
from sklearn.model_selection import KFold

from dashboards.drawing import BLUE, styled
from search.binarization.binarization import Binarization
from search.binarization.cut_points import RGB
from storage.records import KIND

FEWEST = 20  # candidates; with 12, the relevant property was ranked first in only two of three simulated studies
LEAST_EXPLAINED = 0.1  # share of the variance; below it the order of the properties is random
FOLDS, TREES, SHUFFLES = 5, 50, 5
NAMES = dict(zip(RGB, ("red", "green", "blue"), strict=True))


@dataclass(frozen=True, eq=False)
class Importance:
    """Importance of each property.

    shares: columns property and importance, sorted, with sum 1. explained: R² on held-out candidates.
    """

    shares: pd.DataFrame
    explained: float


def properties(candidates: pd.DataFrame) -> pd.DataFrame:
    """Returns one row per candidate and one column per property that varies, as numbers or names."""
    rows = []
    for _, row in candidates.iterrows():
        binarization = Binarization.from_key(row["key"])
        described: dict[str, float | str] = {"number of level maps": len(binarization.parts)}
        for i, (level_map, cuts, color) in enumerate(binarization.parts, start=1):
            end = f", {NAMES[color]}" if color else "" if i == 1 else f", level map {i}"
            described[f"level map{end}"] = level_map.name
            described[f"window{end}"] = level_map.record.get("window", 0)
            described[f"number of cut points{end}"] = len(cuts)
            described[f"lowest cut point{end}"] = cuts.values[0]
            described[f"middle cut point{end}"] = float(np.median(cuts.values))
            described[f"highest cut point{end}"] = cuts.values[-1]
        rows.append(described | {name: str(row[name]) for name in KIND})
    found = pd.DataFrame(rows)
    found = found.fillna({column: -1 if is_numeric_dtype(found[column]) else "none" for column in found})
    differ = found.loc[:, [column for column in found if found[column].nunique() > 1]]
    return differ.loc[:, ~differ.T.duplicated()]  # with one cut point, lowest and highest are equal


def importance(candidates: pd.DataFrame) -> Importance | None:
    """Returns the importance of each property, or None if there are too few candidates or nothing explains the values.

    Extra trees are fitted to four fifths of the candidates and predict the value of the others. The importance of a
    property is the increase of the squared error when its values are shuffled among the held-out candidates, so a
    property that is only correlated with an important one gets a small share. In 72 simulated studies of 20 or 40
    trials in which a single property mattered and half of the trials were references, that property was ranked first
    in 71, and None was returned for one (tests/test_importance.py). PED-ANOVA, Optuna's default, considers one property
    at a time and ranked it first in 21 of 30 studies of 40 trials.
    """
    values, found = candidates["value"].to_numpy(float), properties(candidates)
    if len(values) < FEWEST or found.empty or np.ptp(values) == 0:
        return None
    codes = found.apply(lambda column: column if column.dtype.kind in "if" else pd.factorize(column, sort=True)[0])
    error, grown = _grown(codes.to_numpy(float), values)
    explained = 1 - error / float(values.var())
    if explained < LEAST_EXPLAINED or grown.sum() == 0:
        return None
    shares = pd.DataFrame({"property": list(found), "importance": grown / grown.sum()})
    return Importance(shares.sort_values("importance", ascending=False, ignore_index=True), explained)


def _grown(codes: npt.NDArray[np.float64], values: npt.NDArray[np.float64]) -> tuple[float, npt.NDArray[np.float64]]:
    """Returns the mean squared error on held-out candidates, and its increase when each property is shuffled."""
    errors, grown = [], []
    for learned, left_out in KFold(FOLDS, shuffle=True, random_state=0).split(codes):
        trees = ExtraTreesRegressor(TREES, max_features=1.0, random_state=0).fit(codes[learned], values[learned])
        errors.append(np.square(trees.predict(codes[left_out]) - values[left_out]))
        shuffled = permutation_importance(
            trees,
            codes[left_out],
            values[left_out],
            n_repeats=SHUFFLES,
            random_state=0,
            scoring="neg_mean_squared_error",
        )
        grown.append(shuffled.importances_mean)
    return float(np.concatenate(errors).mean()), np.maximum(np.mean(grown, axis=0), 0)


def importance_figure(found: Importance) -> go.Figure:
    """Draws a bar for each property."""
    data = found.shares
    figure = go.Figure(go.Bar(x=data["importance"], y=data["property"], orientation="h", marker_color=BLUE))
    figure.update_traces(hovertemplate="%{y}: %{x:.0%}<extra></extra>")
    figure.update_layout(xaxis={"title": "share of importance", "tickformat": ".0%"}, yaxis={"autorange": "reversed"})
    return styled(figure, height=160 + 30 * len(data)).update_layout(yaxis={"automargin": True})
