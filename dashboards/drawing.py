"""Shared parts of the figures: colors, the value axis, the greyscale line and the layout.

Takes storage.results.Results and plotly figures. Values are formatted by the metric of the study.
"""

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import plotly.graph_objects as go

from search.binarization.binarization import Binarization, from_key
from search.evaluation.metrics import METRICS, Metric
from search.evaluation.protocol import Protocol
from storage.results import Results

BLUE, ORANGE, GREEN, GREY, LIGHT = "#2563eb", "#ea580c", "#059669", "#64748b", "#94a3b8"
VIOLETS = ("#7c3aed", "#a855f7", "#c026d3", "#db2777")  # of the 8-bit level maps other than grey


def metric(results: Results) -> Metric:
    """Returns the metric of the study's values."""
    return METRICS[Protocol.from_dict(results.protocol).metric]


def number(results: Results) -> str:
    """Returns the format of a y value in plotly's hover text."""
    return "%{y:.1%}" if metric(results).percent else "%{y:.3f}"


def labels(rows: pd.DataFrame) -> "pd.Series[str]":
    """Returns the text of each row's binarization, such as `0,90,255 thermometer, binary weights`."""
    return pd.Series(
        [str(Binarization.from_key(row["key"])) for _, row in rows.iterrows()], index=rows.index, dtype=str
    )


def whiskers(values: npt.ArrayLike, low: npt.ArrayLike, high: npt.ArrayLike) -> dict[str, Any]:
    """Returns asymmetric error bars for intervals around values."""
    middle, lowest, highest = (np.atleast_1d(np.asarray(each, float)) for each in (values, low, high))
    return {
        "type": "data",
        "symmetric": False,
        "array": np.maximum(highest - middle, 0),
        "arrayminus": np.maximum(middle - lowest, 0),
    }


def value_axis(results: Results) -> dict[str, Any]:
    """Returns the layout of the y axis for values."""
    title, form = f"validation {metric(results).name}", ".0%" if metric(results).percent else ".2f"
    return {"title": title, "tickformat": form, "range": value_range(results)}


def value_range(results: Results) -> tuple[float, float]:
    """Returns the limits of the value axis, without the worst tenth, so that outliers do not compress the scale."""
    values = results.candidates["value"].astype(float)
    shown = [*results.by_cuts["low"].astype(float), *results.by_cuts["high"].astype(float)]
    for run in (results.greyscale, *results.level_map_runs):
        shown += () if run is None else run.interval
    low, high = min(shown), max(shown)
    if metric(results).maximize:
        low = min(values.quantile(0.1), low)
    else:
        high = max(values.quantile(0.9), high)
    margin = max(0.04 * (high - low), 0.005)  # also above 100%, so that markers are not clipped
    return float(low - margin), float(high + margin)


def greyscale_line(figure: go.Figure, results: Results) -> None:
    """Adds a line at the value of the greyscale reference, and a band for its interval over photos."""
    if results.greyscale is None:
        return
    value, (low, high) = results.greyscale.value, results.greyscale.interval
    figure.add_hrect(y0=low, y1=high, fillcolor=GREY, opacity=0.12, line_width=0)
    figure.add_hline(
        y=value,
        line={"color": GREY, "dash": "dash"},
        annotation_text=f"{from_key(results.greyscale.input)} {metric(results).shown(value)}",
    )


def styled(figure: go.Figure, height: int = 400) -> go.Figure:
    """Applies the common layout to a figure."""
    return figure.update_layout(
        template="plotly_white",
        height=height,
        margin={"l": 60, "r": 30, "t": 40, "b": 50},
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom"},
        font={"family": "system-ui, sans-serif"},
    )
