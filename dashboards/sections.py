"""The sections of the report, each with a title, a text and a figure."""

from collections.abc import Iterator
from typing import Any

import plotly.graph_objects as go
from markupsafe import Markup

from dashboards import figures
from dashboards.confirmed import confirmed_figure
from dashboards.cost import cuts_figure, front_figure
from dashboards.drawing import metric
from dashboards.importance import importance, importance_figure
from dashboards.positions import positions_figure
from search.confirmation.findings import findings_of
from search.confirmation.text import caption
from storage.results import Results


def sections(results: Results) -> Iterator[dict[str, Any]]:
    """Yields the sections of the report in order."""
    confirmation = findings_of(results)
    if confirmation is not None:
        yield section(
            "confirmed", "Confirmed on the test photos", caption(confirmation), confirmed_figure(confirmation)
        )
    measured = metric(results).name.capitalize()
    yield section(
        "bits",
        f"{measured} against bits per pixel",
        "Each point is a candidate. On the line, the Pareto front, no other candidate is as good with as few bits."
        + (" The study optimized both objectives." if len(results.study.directions) > 1 else ""),
        front_figure(results),
    )
    yield section(
        "cuts",
        f"{measured} against number of cut points",
        "Each point is a candidate; the line joins the best candidate for each number of cut points. "
        "The worst tenth may lie outside the axis; double-click to show all.",
        cuts_figure(results),
    )
    yield section(
        "positions",
        "Positions of the cut points",
        _about_positions(results),
        positions_figure(results),
    )
    yield section(
        "channels",
        "Input of the network",
        "Example training images and their channels with the best candidate.",
        figures.channels_figure(results),
    )
    yield section(
        "history",
        "Optimization history",
        f"Each complete trial, and the best {metric(results).name} so far. Pruned trials have no value.",
        figures.history_figure(results),
    )
    found = importance(results.candidates)
    if found is not None:
        yield section(
            "importance",
            "Parameter importance",
            f"Increase of the error of a model that predicts the {metric(results).name} of a candidate, when this "
            "property is shuffled (permutation importance), as a share of the sum. The middle cut point is the median. "
            "Properties that always change together share their importance."
            + f" The model (extra trees) explains {found.explained:.0%} of the variance of held-out candidates.",
            importance_figure(found),
        )


def _about_positions(results: Results) -> str:
    text = "The best cut points for each number of cut points."
    if results.by_cuts["levels"].notna().any():
        text += " A level map other than grey has a mark of its own; point at a mark to see its window."
    if results.by_cuts["levels"].isna().any():
        levels = "grey level" if results.data_set.colors == 1 else "level of each color"
        text += f" Bottom: how often each {levels} occurs among the training pixels."
    return text


def section(key: str, title: str, text: str, figure: go.Figure) -> dict[str, Any]:
    """Returns one section of the report, with its figure as HTML."""
    drawn = figure.to_html(
        full_html=False, include_plotlyjs=False, config={"displayModeBar": False, "responsive": True}
    )
    return {"id": key, "title": title, "text": text, "html": Markup(drawn)}
