"""Positions of the cut points of the best candidate of each number of cut points, above the histogram of grey levels.

Takes storage.results.Results and returns a data frame and a figure. Reads nothing else.
"""

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from dashboards.drawing import BLUE, GREEN, GREY, metric, styled
from models.constants import LEVELS
from search.binarization.binarization import Binarization
from search.binarization.cut_points import RGB
from search.console.messages import plural
from storage.results import Results

ROW = {1: 22, 3: 30}  # height in pixels of a row, for grey and for color images
HIGHEST = 2400  # maximum height of the figure in pixels
OFFSET = 0.22  # distance of the marks of two colors, where 1 is the distance of two rows
SYMBOLS = {  # of level maps other than grey; thin symbols, so that a line width draws them
    "rank": "line-ew",
    "contrast": "x-thin",
    "ratio": "cross-thin",
    "standardized": "asterisk",
    "sauvola": "hash",
    "dither": "y-up",
}
DRAWN = {"": BLUE, "r": "#dc2626", "g": GREEN, "b": BLUE}


def positions_data(results: Results) -> pd.DataFrame:
    """Returns one row per cut point of the best candidate of each number of cut points.

    Columns: cuts, color (empty for grey), cut_point, value, levels (level map as text), kind (its name).
    """
    rows = []
    for _, row in results.by_cuts.iterrows():
        for part in Binarization.from_key(row["key"]).parts:
            shared = {"cuts": row["cuts"], "color": part.color, "value": row["value"]}
            shared |= {"levels": str(part.level_map), "kind": part.level_map.name}
            rows += [shared | {"cut_point": c} for c in part.cut_points]
    return pd.DataFrame(rows)


def positions_figure(results: Results) -> go.Figure:
    """Draws the best cut points of each number above the histogram of grey levels.

    Without cut points of grey levels there is no histogram.
    """
    data, colors = positions_data(results), _colors(results)
    numbers = list(results.by_cuts["cuts"])
    height = min(max(520, 240 + ROW[len(colors)] * len(numbers)), HIGHEST)
    with_histogram = "grey" in set(data["kind"])
    shares = 200 / height
    figure = make_subplots(
        rows=1 + with_histogram,
        shared_xaxes=True,
        row_heights=[1 - shares, shares] if with_histogram else None,
        vertical_spacing=0.04 * 520 / height,
    )
    several = data["kind"].nunique() > 1
    shown: set[str] = set()
    for (cuts, levels, of_color), rows in data.groupby(["cuts", "levels", "color"], sort=False):
        color, kind, number = str(of_color), str(rows["kind"].iloc[0]), int(str(cuts))
        row_of_color = (colors.index(color) - (len(colors) - 1) / 2) * OFFSET
        of_these = f"{plural(number, 'cut point')}, {metric(results).shown(rows['value'].iloc[0])}"
        figure.add_scatter(
            x=rows["cut_point"],
            y=[numbers.index(number) - row_of_color] * len(rows),
            mode="markers",
            marker={
                "symbol": "line-ns" if kind == "grey" else SYMBOLS.get(kind, "x-thin"),
                "size": 16 / len(colors) ** 0.5,
                "line": {"width": 3, "color": DRAWN[color]},
            },
            name=kind,
            legendgroup=kind,
            showlegend=several and kind not in shown,
            hovertemplate=f"{of_these}: {levels} {color} %{{x}}<extra></extra>",
            row=1,
            col=1,
        )
        shown.add(kind)
    if with_histogram:
        _add_histogram(figure, results)
    figure.update_yaxes(
        title_text="number of cut points",
        tickvals=list(range(len(numbers))),
        ticktext=list(map(str, numbers)),
        range=[-0.7, len(numbers) - 0.3],
        row=1,
        col=1,
    )
    figure.update_xaxes(range=[-1, LEVELS], row=1, col=1)
    axis = "level of the level map" if set(data["kind"]) != {"grey"} else "grey level"
    figure.update_xaxes(title_text=axis if len(colors) == 1 else "level of the color", row=1 + with_histogram, col=1)
    return styled(figure, height=height)


def _add_histogram(figure: go.Figure, results: Results) -> None:
    """Draws how often each grey level occurs among the training pixels, in the second row."""
    colors = _colors(results)
    counts = np.array(results.data_set.histogram).reshape(len(colors), LEVELS)
    for color, of_levels in zip(colors, counts / counts.sum(axis=1, keepdims=True), strict=True):
        shown = {"x": np.arange(LEVELS), "y": of_levels, "showlegend": False}
        shown["hovertemplate"] = f"{color} level %{{x}}: %{{y:.2%}} of pixels<extra></extra>"
        if color:
            figure.add_scatter(**shown, mode="lines", line={"color": DRAWN[color], "width": 1.5}, row=2, col=1)
        else:
            figure.add_bar(**shown, marker={"color": GREY, "line_width": 0}, row=2, col=1)
    figure.update_yaxes(title_text="share of pixels", tickformat=".1%", row=2, col=1)


def _colors(results: Results) -> tuple[str, ...]:
    """Returns the channels with separate cut points; grey has no name."""
    return ("",) if results.data_set.colors == 1 else RGB
