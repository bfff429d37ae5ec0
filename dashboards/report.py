"""python -m dashboards.report: one self-contained HTML file about a study.

Takes the results of a study from the database; the images are not needed. The file loads nothing from a network.
"""

import argparse
from collections.abc import Iterator, Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

import pandas as pd
from jinja2 import Environment, StrictUndefined
from markupsafe import Markup
from plotly.offline import get_plotlyjs

from dashboards.confirmed import confirmed_html
from dashboards.drawing import metric
from dashboards.sections import sections
from search.binarization.binarization import Binarization, from_key
from search.confirmation.findings import findings_of
from search.console.command import run
from search.console.exits import OK, exit_with
from search.console.files import write_atomically
from search.console.messages import plural, say
from search.console.parser import CommandParser, finished_study_parser
from search.errors import NothingToShow
from search.evaluation.metrics import Metric
from storage.candidates import best_by_arithmetic, columns_of_kind, counts
from storage.database import open_database
from storage.results import Results, load_results


def flags(prog: str | None = None) -> CommandParser:
    """The parser of the command."""
    return finished_study_parser("dashboards.report", prog, "report.html")


def main(argv: Sequence[str] | None = None, prog: str | None = None) -> int:
    """Writes a report; returns the exit code."""
    return run(report, flags(prog).parse_args(argv))


def report(args: argparse.Namespace) -> int:
    """Writes the report to the path in the flags."""
    results = load_results(open_database(args.storage, create=False), args.study_name)
    path = args.output or Path("report.html")
    write_report(results, path)
    say(f"{path}: report of study {results.study.study_name}")
    return OK


def write_report(results: Results, path: Path) -> None:
    """Writes the report. Raises: NothingToShow without a complete trial; BadInput if the path cannot be written."""
    if results.candidates.empty:
        raise NothingToShow(f"study {results.study.study_name!r} has no finished trial yet")
    template = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    ).from_string((files("dashboards") / "report.html").read_text(encoding="utf-8"))
    candidates = results.candidates
    html = template.render(
        name=results.study.study_name,
        data_set=results.data_set.name,
        states=counts(results.trials),
        best=candidates.iloc[0].to_dict(),
        best_kind=Binarization.from_key(candidates["key"].iloc[0]).kind,
        greyscale=results.greyscale,
        greyscale_input=results.greyscale and from_key(results.greyscale.input),
        greyscale_bits=8 * results.data_set.colors,
        figures=list(sections(results)),
        by_cuts=results.by_cuts,
        by_arithmetic=best_by_arithmetic(results.candidates),
        references=candidates[candidates["reference"].notna()],
        protocol=list(flat(results.protocol)) + [(f"version of {k}", v) for k, v in results.versions.items()],
        fingerprint=results.protocol_fingerprint,
        plotly_js=Markup(get_plotlyjs()),
        metric=metric(results),
        confirmation=findings_of(results),
        confirmed_html=confirmed_html,
        table=table,
        plural=plural,
    )
    write_atomically(path, html)


def table(rows: pd.DataFrame, metric: Metric) -> Markup:
    """Returns candidates as an HTML table, with all text escaped."""
    shown = pd.DataFrame(
        {
            "cut points": rows["cuts"],
            "threshold ranges": rows["threshold_ranges"],
            **columns_of_kind(rows),
            "bits per pixel": rows["channels"],
            metric.name: [metric.shown(row["value"], (row["low"], row["high"])) for row in rows.to_dict("records")],
            "trials": rows["trials"],
            "found by": rows["reference"].where(rows["reference"].notna(), "search"),
        }
    )
    return Markup(shown.to_html(index=False, border=0, escape=True))


def flat(values: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Yields nested values as pairs of a dotted name and a value."""
    for key, value in values.items():
        if isinstance(value, Mapping):
            yield from flat(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


if __name__ == "__main__":
    exit_with(main)
