"""Figures of the value against the number of cut points and against bits per pixel.

Takes storage.results.Results and returns data frames and figures. Reads nothing else.
"""

from itertools import cycle

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from dashboards.drawing import (
    BLUE,
    GREY,
    LIGHT,
    ORANGE,
    VIOLETS,
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
from storage.records import Run
from storage.results import Results

SYMBOLS = ("square-open", "triangle-up-open", "circle-open", "star-open")  # of 8-bit level maps, as VIOLETS
APART = 0.1  # bits by which their markers are shifted, so that intervals do not cover one another


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
    """Draws the value against bits per pixel, for all candidates, the Pareto front, greyscale and 8-bit level maps."""
    data = candidates_data(results)
    # Drawn as steps: the best value with at most that many bits.
    figure = _figure(results, data, data[data["on_front"]], "bits", "bits per pixel", "Pareto front", "hv")
    if results.greyscale is not None:
        _add_run(figure, results.greyscale, results, GREY, "diamond")
    looks = cycle(zip(VIOLETS, SYMBOLS, strict=True))
    for i, (run, (color, symbol)) in enumerate(zip(results.level_map_runs, looks, strict=False), start=1):
        _add_run(figure, run, results, color, symbol, i * APART)
    return figure


def _add_run(figure: go.Figure, run: Run, results: Results, color: str, symbol: str, right: float = 0) -> None:
    """Draws an input without cut points, at 8 bits for each channel of the image. right: shift in bits."""
    input = from_key(run.input)
    figure.add_scatter(
        x=[input.bits + right],
        y=[run.value],
        mode="markers",
        name=f"{input} {metric(results).shown(run.value)}",
        marker={"color": color, "size": 10, "symbol": symbol},
        error_y=whiskers(run.value, *run.interval),
        hovertemplate=f"{input}<br>{number(results)}<extra></extra>",
    )


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
