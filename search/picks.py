"""Which candidate is taken: the best, the knee of accuracy against bits, or the fewest cut points tied with the best.

Enters: a study's results. Leaves: a row of its candidates. Chooses by validation values; never reads pictures.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from search.metrics import METRICS, NORMAL_95
from storage.records import KIND, pareto_front
from storage.results import Results
from storage.scores import Scores, mean_of


def best(results: Results) -> "pd.Series[Any]":
    """The best value; of equal ones the fewest bits a pixel."""
    return results.candidates.iloc[0]


def knee(results: Results) -> "pd.Series[Any]":
    """The point of the front that lies farthest above the line between its ends; the best where none lies above it.

    Bits and values are scaled to 0..1 first: Satopää and others, Finding a "Kneedle" in a Haystack, 2011, section III.
    The line's ends are the front's own, so the knee depends on how far a search went to either side.
    """
    front = pareto_front(results.candidates)
    if len(front) < 3:
        return best(results)
    sign = 1 if METRICS[results.protocol["metric"]].maximize else -1
    bits, values = front["channels"].to_numpy(float), sign * front["value"].to_numpy(float)
    above = (values - values[-1]) / (values[0] - values[-1]) - (bits - bits[-1]) / (bits[0] - bits[-1])
    return front.iloc[int(np.argmax(above))]


def smallest_tied(results: Results) -> "pd.Series[Any]":
    """The fewest cut points whose value is not distinguishable from the best's; then fewest bits, then best value.

    Distinguishable: the 95 % normal interval of the difference leaves out 0. It is paired: both were validated on the
    same photos, and what an earlier version did not keep by photo is taken as if of different ones, which calls more
    tied. That the best is the luckiest of many works against all others.
    """
    candidates = results.candidates
    best_scores = _scores(results, candidates.iloc[0])
    tied = [_is_tied(results, row, candidates.iloc[0], best_scores) for _, row in candidates.iterrows()]
    fewest: pd.Series[Any] = candidates[tied].sort_values(["cuts", "channels"], kind="stable").iloc[0]
    return fewest


def _is_tied(results: Results, row: "pd.Series[Any]", best: "pd.Series[Any]", best_scores: Scores | None) -> bool:
    scores = _scores(results, row)
    if scores is None or best_scores is None:
        spread = float(np.hypot(row["standard_error"], best["standard_error"]))
        return abs(float(row["value"] - best["value"])) <= NORMAL_95 * spread
    difference = scores - best_scores
    return abs(difference.value) <= NORMAL_95 * difference.standard_error


def _scores(results: Results, candidate: "pd.Series[Any]") -> Scores | None:
    """A candidate's mean scores by photo over its trials, None where one of them has none."""
    columns = ["cut_points", *KIND]
    complete = results.trials[results.trials["state"] == "COMPLETE"]
    same = [tuple(row[columns]) == tuple(candidate[columns]) for _, row in complete.iterrows()]
    found = [results.scores[number] for number in complete[same]["number"] if number in results.scores]
    return mean_of(found) if len(found) == sum(same) else None


PICKS: dict[str, Callable[[Results], "pd.Series[Any]"]] = {"best": best, "knee": knee, "smallest-tied": smallest_tied}
