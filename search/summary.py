"""The end of a study as a table for stdout.

Enters: results. Leaves: text. Intervals are ±1.96 standard errors over photographs.
"""

from typing import Any

import pandas as pd

from search.command import NothingToShow, plural
from search.metrics import METRICS, Metric
from storage.records import counts
from storage.results import Results


def summary(results: Results) -> str:
    """The best candidate, the best for each number of cut points, and greyscale.

    Raises: NothingToShow without a finished trial.
    """
    if results.candidates.empty:
        raise NothingToShow(f"study {results.study.study_name!r} has no finished trial yet")
    best, states = results.candidates.iloc[0], counts(results.trials)
    lines = [
        f"best: {best['threshold_ranges']} {best['encoding']}, "
        f"{_shown(best, results)} validation {metric(results).name}, "
        f"{plural(best['channels'], 'bit')} a pixel{_gap(best['value'], results)}",
        f"{states['complete']} trials complete, {states['pruned']} pruned, {states['fail']} failed",
        "",
        table(results).to_string(index=False),
    ]
    return "\n".join(lines)


def table(results: Results) -> pd.DataFrame:
    """One row for each number of cut points, and one for greyscale."""
    rows: list[dict[str, Any]] = [
        {
            "cuts": row["cuts"],
            "threshold ranges": row["threshold_ranges"],
            "encoding": row["encoding"],
            "bits": row["channels"],
            metric(results).name: _shown(row, results),
            "to greyscale": _gap(row["value"], results).removeprefix(", ").removesuffix(" to greyscale"),
            "found by": row["reference"] if pd.notna(row["reference"]) else f"search, trial {row['first_trial']}",
            "trials": row["trials"],
        }
        for _, row in results.by_cuts.iterrows()
    ]
    if results.greyscale is not None:
        shown = {"value": results.greyscale.value, "standard_error": results.greyscale.standard_error}
        rows.append(
            {
                "cuts": "",
                "threshold ranges": "greyscale",
                "encoding": "",
                "bits": 8,
                metric(results).name: _shown(shown, results),
                "trials": 1,
            }
        )
    return pd.DataFrame(rows).fillna("")


def metric(results: Results) -> Metric:
    """What the study's values measure."""
    return METRICS[results.protocol["metric"]]


def _shown(row: Any, results: Results) -> str:
    return metric(results).shown(row["value"], row["standard_error"])


def _gap(value: float, results: Results) -> str:
    if results.greyscale is None:
        return ""
    return f", {metric(results).gap(value, results.greyscale.value)} to greyscale"
