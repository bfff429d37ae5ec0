"""Which candidate is taken: the best, the knee of accuracy against bits, or the fewest cut points tied with the best.

Enters: a study's results. Leaves: a row of its candidates. Chooses by validation values; never reads pictures.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from search.metrics import METRICS, NORMAL_95
from storage.records import pareto_front
from storage.results import Results


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

    Distinguishable: the 95 % normal interval of the difference leaves out 0. The two standard errors are added as if
    of different photos. They are of the same ones, where most errors are common to both, so the interval is too
    wide and "tied" too generous; a study keeps no more. That the best is the luckiest of many works the other way.
    """
    candidates = results.candidates
    gap = (candidates["value"] - candidates["value"].iloc[0]).abs()
    spread = np.hypot(candidates["standard_error"], candidates["standard_error"].iloc[0])
    tied = candidates[gap <= NORMAL_95 * spread]
    fewest: pd.Series[Any] = tied.sort_values(["cuts", "channels"], kind="stable").iloc[0]
    return fewest


PICKS: dict[str, Callable[[Results], "pd.Series[Any]"]] = {"best": best, "knee": knee, "smallest-tied": smallest_tied}
