"""Figures of a study: its history, and the channels of the best binarization.

Each figure has a data part, which tests check, and a drawing part. Takes storage.results.Results; reads nothing else.
"""

import numpy as np
import numpy.typing as npt
import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from dashboards.drawing import BLUE, GREEN, ORANGE, greyscale_line, labels, metric, number, styled, value_axis
from search.binarization.binarization import Binarization
from storage.results import Results

MOST_CHANNELS = 9  # shown in the figure of channels


def history_data(results: Results) -> pd.DataFrame:
    """Returns one row per complete trial, in order: number, value, best (so far), source, label."""
    complete = results.trials[results.trials["state"] == "COMPLETE"].sort_values("number")
    is_reference = complete["reference"].notna()
    values = complete["value"].astype(float)
    return pd.DataFrame(
        {
            "number": complete["number"],
            "value": values,
            "best": values.cummax() if metric(results).maximize else values.cummin(),
            "source": np.where(is_reference, "reference", "search"),
            "label": labels(complete),
        }
    )


def history_figure(results: Results) -> go.Figure:
    """Draws the value of each complete trial, and the best so far."""
    data = history_data(results)
    figure = go.Figure()
    for source, color in (("search", BLUE), ("reference", ORANGE)):
        rows = data[data["source"] == source]
        figure.add_scatter(
            x=rows["number"],
            y=rows["value"],
            mode="markers",
            name=source,
            marker={"color": color, "size": 7},
            text=rows["label"],
            hovertemplate=f"trial %{{x}}: {number(results)}<br>%{{text}}<extra></extra>",
        )
    figure.add_scatter(
        x=data["number"], y=data["best"], mode="lines", name="best so far", line={"color": GREEN, "shape": "hv"}
    )
    greyscale_line(figure, results)
    figure.update_layout(
        xaxis_title="trial",
        yaxis=value_axis(results),
    )
    return styled(figure)


def channels_data(results: Results) -> tuple[Binarization, npt.NDArray[np.uint8]]:
    """Returns the best candidate and its channels (N, C, H, W) of the example images."""
    best = results.candidates.iloc[0]
    binarization = Binarization.from_key(best["key"])
    return binarization, binarization.encode(results.data_set.examples)


def channels_figure(results: Results) -> go.Figure:
    """Draws example images and their first MOST_CHANNELS channels with the best candidate."""
    binarization, channels = channels_data(results)
    shown = min(channels.shape[1], MOST_CHANNELS)
    examples, labels = results.data_set.examples, results.data_set.example_labels
    figure = make_subplots(
        rows=len(examples),
        cols=1 + shown,
        column_titles=[
            "image",
            *binarization.titles[:shown],
        ],
        row_titles=[results.data_set.class_names[label] for label in labels],
        horizontal_spacing=0.01,
        vertical_spacing=0.01,
    )
    for row, (picture, planes) in enumerate(zip(examples, channels, strict=True), start=1):
        figure.add_trace(_picture(picture), row=row, col=1)
        for column, plane in enumerate(255 * planes[:shown], start=2):
            figure.add_trace(_picture(plane), row=row, col=column)
    figure.update_xaxes(visible=False, constrain="domain")
    figure.update_yaxes(visible=False, autorange="reversed", scaleanchor="x", constrain="domain")
    for axis in figure.select_yaxes():
        axis.scaleanchor = axis.anchor
    return styled(figure, height=60 + 95 * len(examples))


def _picture(picture: npt.NDArray[np.uint8]) -> go.Heatmap | go.Image:
    """Draws an image (H, W) in grey levels, or (H, W, 3) in color."""
    if picture.ndim == 3:
        return go.Image(z=picture, hoverinfo="skip")
    return go.Heatmap(z=picture, zmin=0, zmax=255, colorscale="gray", showscale=False, hoverinfo="skip")
