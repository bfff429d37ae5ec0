"""python -m dashboards.report: one self-contained HTML file about a study.

Enters: a study's results from the database; the pictures need not be at hand. Leaves: an HTML file
that needs no network.
"""

import argparse
from collections.abc import Iterator, Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

import pandas as pd
import plotly.graph_objects as go
from jinja2 import Environment, StrictUndefined
from markupsafe import Markup
from plotly.offline import get_plotlyjs

from dashboards import figures
from dashboards.confirmed import confirmed_figure, confirmed_html
from dashboards.cost import cuts_figure, front_figure
from dashboards.drawing import metric
from dashboards.importance import importance, importance_figure
from dashboards.positions import positions_figure
from search.binarize import Binarization
from search.command import OK, NothingToShow, exit_with, finished_study_parser, plural, run, say, write_atomically
from search.confirmed import caption
from search.metrics import Metric
from storage.database import open_database
from storage.records import best_by_arithmetic, columns_of_kind, counts
from storage.results import Results, load_results


def main(argv: Sequence[str] | None = None) -> int:
    """Parses the flags and writes the report; returns the exit code."""
    parser = finished_study_parser("dashboards.report", "Write one HTML file about a study.", "default: report.html")
    return run(report, parser.parse_args(argv))


def report(args: argparse.Namespace) -> int:
    """Writes the report where the flags say."""
    results = load_results(open_database(args.storage, create=False), args.study_name)
    path = args.output or Path("report.html")
    write_report(results, path)
    say(f"{path}: report of study {results.study.study_name}")
    return OK


def write_report(results: Results, path: Path) -> None:
    """Raises: NothingToShow without a finished trial; BadInput for a place that cannot be written."""
    if results.candidates.empty:
        raise NothingToShow(f"study {results.study.study_name!r} has no finished trial yet")
    template = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    ).from_string((files("dashboards") / "report.html").read_text(encoding="utf-8"))
    candidates = results.candidates
    html = template.render(
        name=results.study.study_name,
        states=counts(results.trials),
        best=candidates.iloc[0].to_dict(),
        best_kind=Binarization.of(candidates.iloc[0]).kind,
        greyscale=results.greyscale,
        greyscale_bits=8 * results.data_set.colors,
        figures=list(sections(results)),
        by_cuts=results.by_cuts,
        by_arithmetic=best_by_arithmetic(results.candidates),
        references=candidates[candidates["reference"].notna()],
        protocol=list(flat(results.protocol)) + [(f"version of {k}", v) for k, v in results.versions.items()],
        fingerprint=results.protocol_fingerprint,
        plotly_js=Markup(get_plotlyjs()),
        metric=metric(results),
        confirmation=results.confirmation,
        confirmed_html=confirmed_html,
        table=table,
        plural=plural,
    )
    write_atomically(path, html)


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


def table(rows: pd.DataFrame, metric: Metric) -> Markup:
    """Candidates as an HTML table, escaped."""
    shown = pd.DataFrame(
        {
            "cut points": rows["cuts"],
            "threshold ranges": rows["threshold_ranges"],
            **columns_of_kind(rows),
            "bits a pixel": rows["channels"],
            metric.name: [metric.shown(row["value"], (row["low"], row["high"])) for row in rows.to_dict("records")],
            "trials": rows["trials"],
            "found by": rows["reference"].where(rows["reference"].notna(), "search"),
        }
    )
    return Markup(shown.to_html(index=False, border=0, escape=True))


def flat(values: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Nested values as dotted names and values."""
    for key, value in values.items():
        if isinstance(value, Mapping):
            yield from flat(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


if __name__ == "__main__":
    exit_with(main)
