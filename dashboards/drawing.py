"""What the figures of a study share: colors, the axis of values, the greyscale line, the look.

Enters: storage.results.Results, plotly figures. Leaves: parts of figures. Every value is written as its metric says.
"""

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import plotly.graph_objects as go

from search.binarization.binarization import Binarization
from search.evaluation.metrics import METRICS, Metric
from storage.results import Results

BLUE, ORANGE, GREEN, GREY, LIGHT = "#2563eb", "#ea580c", "#059669", "#64748b", "#94a3b8"


def metric(results: Results) -> Metric:
    """What the study's values measure."""
    return METRICS[results.protocol["metric"]]


def number(results: Results) -> str:
    """A value on the y axis, as plotly's hover text has it."""
    return "%{y:.1%}" if metric(results).percent else "%{y:.3f}"


def labels(rows: pd.DataFrame) -> "pd.Series[str]":
    """What each row's binarization is called: `0,90,255 thermometer, binary weights`."""
    return pd.Series([str(Binarization.of(row)) for _, row in rows.iterrows()], index=rows.index, dtype=str)


def whiskers(values: npt.ArrayLike, low: npt.ArrayLike, high: npt.ArrayLike) -> dict[str, Any]:
    """Intervals as error bars: as long to each side as the interval is."""
    middle, lowest, highest = (np.atleast_1d(np.asarray(each, float)) for each in (values, low, high))
    return {
        "type": "data",
        "symmetric": False,
        "array": np.maximum(highest - middle, 0),
        "arrayminus": np.maximum(middle - lowest, 0),
    }


def value_axis(results: Results) -> dict[str, Any]:
    """The y axis of values."""
    title, form = f"validation {metric(results).name}", ".0%" if metric(results).percent else ".2f"
    return {"title": title, "tickformat": form, "range": value_range(results)}


def value_range(results: Results) -> tuple[float, float]:
    """Where an axis of values begins and ends: the few hopeless candidates must not flatten the others."""
    values = results.candidates["value"].astype(float)
    shown = [*results.by_cuts["low"].astype(float), *results.by_cuts["high"].astype(float)]
    if results.greyscale is not None:
        shown += results.greyscale.interval
    low, high = min(shown), max(shown)
    if metric(results).maximize:
        low = min(values.quantile(0.1), low)
    else:
        high = max(values.quantile(0.9), high)
    margin = max(0.04 * (high - low), 0.005)  # also above 100 %, so that markers there are whole
    return float(low - margin), float(high + margin)


def greyscale_line(figure: go.Figure, results: Results) -> None:
    """A line at greyscale's value, and its interval over photos."""
    if results.greyscale is None:
        return
    value, (low, high) = results.greyscale.value, results.greyscale.interval
    figure.add_hrect(y0=low, y1=high, fillcolor=GREY, opacity=0.12, line_width=0)
    figure.add_hline(
        y=value,
        line={"color": GREY, "dash": "dash"},
        annotation_text=f"{results.greyscale.input} {metric(results).shown(value)}",
    )


def styled(figure: go.Figure, height: int = 400) -> go.Figure:
    """The same look for every figure."""
    return figure.update_layout(
        template="plotly_white",
        height=height,
        margin={"l": 60, "r": 30, "t": 40, "b": 50},
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom"},
        font={"family": "system-ui, sans-serif"},
    )
