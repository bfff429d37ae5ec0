"""The sections of a report: a title, a text and a figure each."""

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
from search.confirmation.text import caption
from storage.results import Results


def sections(results: Results) -> Iterator[dict[str, Any]]:
    """Title, one sentence and figure of each section."""
    if results.confirmation is not None:
        yield section(
            "confirmed",
            "Confirmed on the test photos",
            caption(results.confirmation),
            confirmed_figure(results.confirmation),
        )
    measured = metric(results).name.capitalize()
    yield section(
        "bits",
        f"{measured} against bits a pixel",
        "The front joins the best binarizations: no other is as good with as few or fewer bits a pixel."
        + (" The study searched for both at once." if len(results.study.directions) > 1 else ""),
        front_figure(results),
    )
    yield section(
        "cuts",
        f"{measured} against number of cut points",
        "Every binarization that was trained to the end, and the best for each number of cut points. "
        "The lowest tenth may lie below the axis: double-click shows all.",
        cuts_figure(results),
    )
    yield section(
        "positions",
        "Where the cut points lie",
        "Above, the best cut points of each number; below, how often each "
        + ("grey level" if results.data_set.colors == 1 else "level of each color")
        + " occurs among the training pixels."
        + (" Grey marks are of each picture's own levels." if (results.by_cuts["encoding"] == "local").any() else ""),
        positions_figure(results),
    )
    yield section(
        "channels",
        "What the network sees",
        "A few training pictures and the channels that the best cut points make of them.",
        figures.channels_figure(results),
    )
    yield section(
        "history",
        "Optimization history",
        f"Each trial that was trained to the end, and the best {metric(results).name} so far at any number of bits; "
        "pruned trials have no value.",
        figures.history_figure(results),
    )
    found = importance(results.candidates)
    if found is not None:
        of_own = (results.candidates["encoding"] == "local").any()
        yield section(
            "importance",
            "Parameter importance",
            f"By how much the {metric(results).name} of a candidate is predicted worse when this property of it is "
            "shuffled (permutation importance), as a share of all. The middle cut point is the median. Properties that "
            "always change together share their importance"
            + ("; local cut points are of each picture's own levels" if of_own else "")
            + f". The model (extra trees) explains {found.explained:.0%} of the variance of candidates that it was not "
            "shown.",
            importance_figure(found),
        )


def section(key: str, title: str, text: str, figure: go.Figure) -> dict[str, Any]:
    """One section of the report."""
    drawn = figure.to_html(
        full_html=False, include_plotlyjs=False, config={"displayModeBar": False, "responsive": True}
    )
    return {"id": key, "title": title, "text": text, "html": Markup(drawn)}
