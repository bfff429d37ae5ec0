"""Where cut points lie: a figure of the best of each number over the grey levels of the training pixels.

Enters: storage.results.Results. Leaves: a data frame and a figure. Reads nothing else.
"""

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from dashboards.drawing import BLUE, GREEN, GREY, metric, styled
from search.binarize import Binarization
from search.cut_points import COLORS
from search.encodings import LEVELS
from storage.results import Results

APART = 0.22  # how far the rows of two colours lie apart; 1 is between two numbers of cut points
DRAWN = {"": BLUE, "r": "#dc2626", "g": GREEN, "b": BLUE}


def positions_data(results: Results) -> pd.DataFrame:
    """One row for each cut point of the best of each number: cuts, color (empty for grey), cut_point, value,
    local (of each picture's own levels)."""
    rows = []
    for _, row in results.by_cuts.iterrows():
        parts = Binarization.of(row).cut_points.parts
        for color, part in zip(_colors(results), parts, strict=True):
            shared = {"cuts": row["cuts"], "color": color, "value": row["value"], "local": Binarization.of(row).local}
            rows += [shared | {"cut_point": c} for c in part]
    return pd.DataFrame(rows)


def positions_figure(results: Results) -> go.Figure:
    """Where the best cut points of each number lie, over the grey levels of the training pixels."""
    data, colors = positions_data(results), _colors(results)
    figure = make_subplots(rows=2, shared_xaxes=True, row_heights=[0.62, 0.38], vertical_spacing=0.04)
    for (cuts, of_color), rows in data.groupby(["cuts", "color"]):
        color = str(of_color)
        mark = GREY if rows["local"].all() else DRAWN[color]
        row_of_color = (colors.index(color) - (len(colors) - 1) / 2) * APART
        figure.add_scatter(
            x=rows["cut_point"],
            y=rows["cuts"] - row_of_color,
            mode="markers",
            marker={"symbol": "line-ns", "size": 16 / len(colors) ** 0.5, "line": {"width": 3, "color": mark}},
            showlegend=False,
            hovertemplate=f"{cuts} cut points, {metric(results).shown(rows['value'].iloc[0])}: {color} "
            + "%{x}<extra></extra>",
            row=1,
            col=1,
        )
    counts = np.array(results.data_set.histogram).reshape(len(colors), LEVELS)
    for color, shares in zip(colors, counts / counts.sum(axis=1, keepdims=True), strict=True):
        figure.add_bar(
            x=np.arange(LEVELS),
            y=shares,
            marker={"color": DRAWN[color] if color else GREY, "line_width": 0, "opacity": 1 / len(colors) ** 0.5},
            showlegend=False,
            row=2,
            col=1,
            hovertemplate=f"{color} level %{{x}}: %{{y:.2%}} of pixels<extra></extra>",
        )
    figure.update_yaxes(title_text="number of cut points", dtick=1 if data["cuts"].max() <= 20 else None, row=1, col=1)
    figure.update_yaxes(title_text="share of pixels", tickformat=".1%", row=2, col=1)
    figure.update_xaxes(range=[-1, LEVELS], row=1, col=1)
    figure.update_xaxes(title_text="grey level" if len(colors) == 1 else "level of the colour", row=2, col=1)
    return styled(figure, height=520).update_layout(barmode="overlay")


def _colors(results: Results) -> tuple[str, ...]:
    """The channels that have cut points of their own; grey has no name."""
    return ("",) if results.data_set.colors == 1 else COLORS
