"""Accuracy under different light: a table, and a figure as one self-contained HTML file.

Takes the data frame of search/evaluation/lights.py, with one row for each input and light.
"""

from pathlib import Path

import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from dashboards.drawing import BLUE, GREEN, GREY, ORANGE, styled, whiskers
from search.console.files import write_atomically
from search.evaluation.metrics import Metric

COLORS = (ORANGE, BLUE, GREEN, "#9333ea", "#db2777", "#ca8a04", "#0891b2", "#7c2d12")  # of all inputs but greyscale


def light_table(data: pd.DataFrame, metric: Metric) -> pd.DataFrame:
    """The table on stdout: one row for each light, with the value of each input and its difference from greyscale."""
    scale, form = (100, ".1f") if metric.percent else (1, ".3f")
    rows = []
    for light, of_light in data.groupby("light", sort=False):
        values = {row["input"]: metric.shown(row["value"], (row["low"], row["high"])) for _, row in of_light.iterrows()}
        gains = {}
        for _, row in of_light[of_light["against"].notna()].iterrows():
            gain, low, high = (f"{scale * row[name]:+{form}}" for name in ("gain", "gain_low", "gain_high"))
            gains[f"{row['input']} - {row['against']}"] = f"{gain} [{low}, {high}]"
        rows.append({"light": light, **values, **gains})
    return pd.DataFrame(rows)


def light_figure(data: pd.DataFrame, metric: Metric) -> go.Figure:
    """Draws the value against the amount of drift, with a panel for each kind of drift and a line for each input."""
    number = "%{y:.1%}" if metric.percent else "%{y:.3f}"
    kinds, lines = list(dict.fromkeys(data["kind"])), line_styles(data)
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
                line=lines[str(name)],
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
    legend = {"y": -0.12, "yanchor": "top"}  # below the panels, because their titles are above
    return styled(figure, height=480).update_layout(legend=legend)


def line_styles(data: pd.DataFrame) -> dict[str, dict[str, str]]:
    """The line of each input: grey for greyscale, a color for each other input; dashes where a color repeats."""
    first = data.drop_duplicates("input")
    styles = {}
    for names, colors in ((first[first["against"].notna()], COLORS), (first[first["against"].isna()], (GREY,))):
        for i, name in enumerate(names["input"]):
            dash = ("solid", "dash", "dot", "dashdot")[i // len(colors) % 4]
            styles[str(name)] = {"color": colors[i % len(colors)], "dash": dash}
    return styles


def write_light(data: pd.DataFrame, title: str, metric: Metric, path: Path) -> None:
    """Writes the figure as an HTML file. Raises: BadInput if the path cannot be written."""
    figure = light_figure(data, metric).update_layout(title=title, margin={"t": 90})
    write_atomically(path, figure.to_html(include_plotlyjs=True, config={"displayModeBar": False}))
