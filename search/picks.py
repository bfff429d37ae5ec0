"""Which candidate is taken: the best, the knee of accuracy against bits, or the fewest cut points tied with the best.

Enters: a study's results. Leaves: a row of its candidates. Chooses by validation values; never reads pictures.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from search.metrics import METRICS, NORMAL_95
from storage.records import KIND, pareto_front
from storage.results import Results
from storage.scores import Scores, mean_of

Kind = tuple[Any, ...]  # cut points, encoding, weights, activations: what makes a candidate


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
    candidates, scores = results.candidates, _scores(results)
    tied = [_is_tied(row, candidates.iloc[0], scores) for _, row in candidates.iterrows()]
    fewest: pd.Series[Any] = candidates[tied].sort_values(["cuts", "channels"], kind="stable").iloc[0]
    return fewest


def _is_tied(row: "pd.Series[Any]", best: "pd.Series[Any]", scores: Mapping[Kind, Scores]) -> bool:
    own, of_best = scores.get(_kind(row)), scores.get(_kind(best))
    if own is None or of_best is None:
        spread = float(np.hypot(row["standard_error"], best["standard_error"]))
        return abs(float(row["value"] - best["value"])) <= NORMAL_95 * spread
    difference = own - of_best
    return abs(difference.value) <= NORMAL_95 * difference.standard_error


def _scores(results: Results) -> dict[Kind, Scores]:
    """Mean scores by photo of each candidate whose complete trials all have some."""
    found: dict[Kind, list[Scores | None]] = defaultdict(list)
    for _, row in results.trials[results.trials["state"] == "COMPLETE"].iterrows():
        found[_kind(row)].append(results.scores.get(row["number"]))
    return {kind: mean_of([s for s in each if s is not None]) for kind, each in found.items() if None not in each}


def _kind(row: "pd.Series[Any]") -> Kind:
    return tuple(row[["cut_points", *KIND]])


PICKS: dict[str, Callable[[Results], "pd.Series[Any]"]] = {"best": best, "knee": knee, "smallest-tied": smallest_tied}
