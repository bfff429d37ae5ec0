"""What a study's values depend on: a share for each property of a binarization that a person understands.

Enters: the candidates of storage.results.Results. Leaves: a data frame and a figure. Reads nothing else.

The properties are those in use: how many cut points there are, the lowest, middle and highest of them, and the
encoding, weights and activations where the study has several. Optuna's parameters are not looked at: of them, position
5 exists also where there are only two cut points, and its value then says nothing of the binarization.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
import plotly.graph_objects as go
from sklearn.ensemble import ExtraTreesRegressor
from sklearn.inspection import permutation_importance
from sklearn.model_selection import KFold

from dashboards.drawing import BLUE, styled
from search.binarization.binarization import Binarization
from search.binarization.cut_points import RGB
from storage.records import KIND

FEWEST = 20  # candidates; with 12, the property that decides was first in two of three simulated studies
LEAST_EXPLAINED = 0.1  # of the variance of values; below it the order of the properties is chance
FOLDS, TREES, SHUFFLES = 5, 50, 5
NAMES = dict(zip(RGB, ("red", "green", "blue"), strict=True))


@dataclass(frozen=True, eq=False)
class Importance:
    """shares: property and importance, which add up to 1, the greatest first. explained: R² on left-out candidates."""

    shares: pd.DataFrame
    explained: float


def properties(candidates: pd.DataFrame) -> pd.DataFrame:
    """One row for each candidate and one column for each property in which they differ, numbers and names."""
    rows = []
    for _, row in candidates.iterrows():
        parts = Binarization.of(row).cut_points.parts
        ends = ("",) if len(parts) == 1 else tuple(f", {NAMES[color]}" for color in RGB)
        described: dict[str, float | str] = {}
        for end, part in zip(ends, parts, strict=True):
            described[f"number of cut points{end}"] = len(part)
            described[f"lowest cut point{end}"] = part.values[0]
            described[f"middle cut point{end}"] = float(np.median(part.values))
            described[f"highest cut point{end}"] = part.values[-1]
        rows.append(described | {name: str(row[name]) for name in KIND})
    found = pd.DataFrame(rows)
    differ = found.loc[:, [column for column in found if found[column].nunique() > 1]]
    return differ.loc[:, ~differ.T.duplicated()]  # with one cut point, the lowest is the highest


def importance(candidates: pd.DataFrame) -> Importance | None:
    """What the values depend on; None with too few candidates, or where nothing explains their values.

    Extra trees learn the value from the properties of four fifths of the candidates and predict it for the others. A
    property's importance is by how much the squared error grows when its values are shuffled among these others. So
    a property that only goes together with an important one gets little. See tests/test_importance.py for what this
    finds where the answer is known: of 72 simulated studies of 20 or 40 trials, half of them references, the property
    that alone decides was the first in 71 and none was named in one. PED-ANOVA, Optuna's default, looks at one property
    at a time and put it first in 21 of 30 of 40 trials.
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
    """The mean squared error on left-out candidates, and by how much shuffling each property makes it grow."""
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
    """A bar for each property."""
    data = found.shares
    figure = go.Figure(go.Bar(x=data["importance"], y=data["property"], orientation="h", marker_color=BLUE))
    figure.update_traces(hovertemplate="%{y}: %{x:.0%}<extra></extra>")
    figure.update_layout(xaxis={"title": "share of importance", "tickformat": ".0%"}, yaxis={"autorange": "reversed"})
    return styled(figure, height=160 + 30 * len(data)).update_layout(yaxis={"automargin": True})
