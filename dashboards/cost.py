"""Figures of the value against the number of cut points and against bits per pixel.

Takes storage.results.Results and returns data frames and figures. Reads nothing else.
"""

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from dashboards.drawing import (
    BLUE,
    GREY,
    LIGHT,
    ORANGE,
    greyscale_line,
    labels,
    metric,
    number,
    styled,
    value_axis,
    whiskers,
)
from search.binarization.binarization import from_key
from storage.candidates import pareto_front
from storage.results import Results


def candidates_data(results: Results) -> pd.DataFrame:
    """Returns one row per candidate, best first.

    Columns: cuts, bits (per pixel), value, low, high, source (search or references), label, best_of_cuts (best of its
    number of cut points), on_front (on the Pareto front of value against bits).
    """
    rows = results.candidates
    names = rows["reference"].map(lambda name: f" ({name})" if pd.notna(name) else "")
    return pd.DataFrame(
        {
            "cuts": rows["cuts"],
            "bits": rows["channels"],
            "value": rows["value"].astype(float),
            "low": rows["low"].astype(float),
            "high": rows["high"].astype(float),
            "source": np.where(rows["reference"].notna(), "references", "search"),
            "label": labels(rows) + names,
            "best_of_cuts": ~rows["cuts"].duplicated(),
            "on_front": rows.index.isin(pareto_front(rows).index),
        }
    )


def cuts_figure(results: Results) -> go.Figure:
    """Draws the value against the number of cut points, for all candidates, the best of each number and greyscale."""
    data = candidates_data(results)
    best = data[data["best_of_cuts"]]
    figure = _figure(results, data, best, "cuts", "number of cut points", "best of each number", "linear")
    greyscale_line(figure, results)
    return figure


def front_figure(results: Results) -> go.Figure:
    """Draws the value against bits per pixel, for all candidates, the Pareto front and greyscale (8 or 24 bits)."""
    data = candidates_data(results)
    # Drawn as steps: the best value with at most that many bits.
    figure = _figure(results, data, data[data["on_front"]], "bits", "bits per pixel", "Pareto front", "hv")
    if results.greyscale is not None:
        figure.add_scatter(
            x=[8 * results.data_set.colors],
            y=[results.greyscale.value],
            mode="markers",
            name=f"{from_key(results.greyscale.input)} {metric(results).shown(results.greyscale.value)}",
            marker={"color": GREY, "size": 10, "symbol": "diamond"},
            error_y=whiskers(results.greyscale.value, *results.greyscale.interval),
            hovertemplate=f"{from_key(results.greyscale.input)}<br>{number(results)}<extra></extra>",
        )
    return figure


def _figure(
    results: Results, data: pd.DataFrame, line: pd.DataFrame, x: str, title: str, line_name: str, shape: str
) -> go.Figure:
    """Draws all candidates as points, and those in `line` as a line with intervals, against the column x."""
    figure = go.Figure()
    hover = f"%{{text}}<br>{number(results)}<extra></extra>"
    for source, color in (("search", LIGHT), ("references", ORANGE)):
        rows = data[data["source"] == source]
        figure.add_scatter(
            x=rows[x],
            y=rows["value"],
            mode="markers",
            name=source,
            marker={"color": color, "size": 7},
            text=rows["label"],
            hovertemplate=hover,
        )
    line = line.sort_values(x)
    figure.add_scatter(
        x=line[x],
        y=line["value"],
        mode="lines+markers",
        name=line_name,
        line={"color": BLUE, "shape": shape},
        error_y=whiskers(line["value"], line["low"], line["high"]),
        text=line["label"],
        hovertemplate=hover,
    )
    figure.update_layout(xaxis={"title": title, "dtick": 1 if data[x].max() <= 20 else None}, yaxis=value_axis(results))
    return styled(figure)
