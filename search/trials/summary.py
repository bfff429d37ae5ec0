"""The results of a study as a table for stdout. Intervals are 95 % intervals over photos."""

from typing import Any

import pandas as pd

from search.binarization.binarization import Binarization, from_key
from search.console.messages import plural
from search.errors import NothingToShow
from search.evaluation.metrics import METRICS, Metric
from search.evaluation.protocol import Protocol
from storage.candidates import best_by_arithmetic, columns_of_kind, counts
from storage.records import STOPPED, Run
from storage.results import Results


def summary(results: Results) -> str:
    """The best candidate, the best for each number of cut points, greyscale and the other 8-bit level maps.

    Raises: NothingToShow without a finished trial.
    """
    if results.candidates.empty:
        raise NothingToShow(f"study {results.study.study_name!r} has no finished trial yet")
    best, states = results.candidates.iloc[0], counts(results.trials)
    lines = [
        f"best: {Binarization.from_key(best['key'])}, {_shown(best, results)} validation {metric(results).name}, "
        f"{plural(best['channels'], 'bit')} per pixel{_gap(best['value'], results)}",
        f"{plural(states['complete'], 'trial')} complete, {states['pruned']} pruned, {states['fail']} failed",
        "",
        table(results).to_string(index=False),
    ]
    trained_with = results.trials.loc[results.trials["state"] != STOPPED.upper(), "trained_with"].dropna()
    if len(made_with := sorted(set(trained_with) - {""})) > 1:
        lines.insert(2, f"warning: trained with {' and '.join(made_with)}; values may differ by that too")
    by_arithmetic = best_by_arithmetic(results.candidates)
    if len(by_arithmetic) > 1:
        lines += ["", _rows(by_arithmetic, results).to_string(index=False)]
    return "\n".join(lines)


def table(results: Results) -> pd.DataFrame:
    """One row for each number of cut points, and one for greyscale and each other 8-bit level map."""
    rows = _rows(results.by_cuts, results)
    eight_bit = [_row_of_run(run, results) for run in (results.greyscale, *results.level_map_runs) if run is not None]
    if not eight_bit:
        return rows
    return pd.concat([rows.astype(object), pd.DataFrame(eight_bit, dtype=object)], ignore_index=True).fillna("")


def _row_of_run(run: Run, results: Results) -> dict[str, Any]:
    low, high = run.interval
    row = {
        "threshold ranges": str(from_key(run.input)),
        "bits": 8 * results.data_set.colors,
        metric(results).name: _shown({"value": run.value, "low": low, "high": high}, results),
        "trials": 1,
    }
    return row if run == results.greyscale else row | {_to_greyscale(results): _short_gap(run.value, results)}


def _rows(candidates: pd.DataFrame, results: Results) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "cuts": candidates["cuts"],
            "threshold ranges": candidates["threshold_ranges"],
            **columns_of_kind(candidates),
            "bits": candidates["channels"],
            metric(results).name: [_shown(row, results) for _, row in candidates.iterrows()],
            _to_greyscale(results): [_short_gap(value, results) for value in candidates["value"]],
            "found by": [
                row["reference"] if pd.notna(row["reference"]) else f"search, trial {row['first_trial']}"
                for _, row in candidates.iterrows()
            ],
            "trials": candidates["trials"],
        }
    )


def metric(results: Results) -> Metric:
    """Return the metric of the study's values."""
    return METRICS[Protocol.from_dict(results.protocol).metric]


def _shown(row: Any, results: Results) -> str:
    return metric(results).shown(row["value"], (row["low"], row["high"]))


def _to_greyscale(results: Results) -> str:
    """The title of the column of differences."""
    return f"to {from_key(results.greyscale.input) if results.greyscale else 'greyscale'}"


def _short_gap(value: float, results: Results) -> str:
    return "" if results.greyscale is None else metric(results).gap(value, results.greyscale.value)


def _gap(value: float, results: Results) -> str:
    if results.greyscale is None:
        return ""
    return f", {metric(results).gap(value, results.greyscale.value)} to {from_key(results.greyscale.input)}"
