"""Figure of the accuracy under different lighting, as one self-contained HTML file.

Takes a data frame with one row per input and lighting, as search/light.py computes it.
"""

from pathlib import Path

import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from dashboards.drawing import BLUE, GREY, ORANGE, styled, whiskers
from search.console.files import write_atomically
from search.evaluation.metrics import Metric

LINE_COLORS = {"fixed": ORANGE, "per image": BLUE, "no cut points": GREY}


def light_figure(data: pd.DataFrame, metric: Metric) -> go.Figure:
    """Draws the value against the amount of drift, with a panel per kind of drift and a line per input."""
    number = "%{y:.1%}" if metric.percent else "%{y:.3f}"
    kinds = list(dict.fromkeys(data["kind"]))
    figure = make_subplots(cols=len(kinds), shared_yaxes=True, subplot_titles=kinds, horizontal_spacing=0.03)
    for column, kind in enumerate(kinds, start=1):
        for name, rows in data[data["kind"] == kind].groupby("input", sort=False):
            figure.add_scatter(
                x=rows["amount"],
                y=rows["value"],
                name=str(name),
                legendgroup=str(name),
                showlegend=column == 1,
                mode="lines+markers",
                line={"color": LINE_COLORS[str(name)]},
                error_y=whiskers(rows["value"], rows["low"], rows["high"]),
                text=rows["light"],
                hovertemplate=f"%{{text}}: {number}<extra>{name}</extra>",
                row=1,
                col=column,
            )
        unchanged = data[(data["kind"] == kind) & data["none"]]["amount"].iloc[0]
        figure.add_vline(x=unchanged, line={"color": GREY, "dash": "dot"}, row=1, col=column)
        if kind != "brightness":
            figure.update_xaxes(
                type="log", tickvals=sorted(set(data[data["kind"] == kind]["amount"])), row=1, col=column
            )
    figure.update_yaxes(
        title_text=f"validation {metric.name}", tickformat=".0%" if metric.percent else ".2f", row=1, col=1
    )
    return styled(figure, height=460)


def write_light(data: pd.DataFrame, title: str, metric: Metric, path: Path) -> None:
    """Writes the figure as an HTML file. Raises: BadInput if the path cannot be written."""
    figure = light_figure(data, metric).update_layout(title=title, margin={"t": 110})
    write_atomically(path, figure.to_html(include_plotlyjs=True, config={"displayModeBar": False}))
