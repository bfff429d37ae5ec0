"""Ways to pick a candidate: the best, the knee of accuracy against bits, the fewest cut points tied with the best.

Each takes the results of a study and returns a row of its candidates. Only validation values are used.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import pandas as pd

from search.deploy.ties import Candidate, tied
from search.evaluation.metrics import METRICS
from search.evaluation.protocol import Protocol
from storage.candidates import pareto_front
from storage.results import Results
from storage.scores import Scores, mean_of


def best(results: Results) -> "pd.Series[Any]":
    """The best value; of equal ones the fewest bits per pixel."""
    return results.candidates.iloc[0]


def knee(results: Results) -> "pd.Series[Any]":
    """The point of the front that lies farthest above the line between its ends; the best where none lies above it.

    Bits and values are scaled to 0..1 first: Satopää and others, Finding a "Kneedle" in a Haystack, 2011, section III.
    The line's ends are the front's own, so the knee depends on how far a search went to either side.
    """
    front = pareto_front(results.candidates)
    if len(front) < 3:
        return best(results)
    sign = 1 if METRICS[Protocol.from_dict(results.protocol).metric].maximize else -1
    bits, values = front["channels"].to_numpy(float), sign * front["value"].to_numpy(float)
    above = (values - values[-1]) / (values[0] - values[-1]) - (bits - bits[-1]) / (bits[0] - bits[-1])
    return front.iloc[int(np.argmax(above))]


def smallest_tied(results: Results) -> "pd.Series[Any]":
    """The fewest cut points whose value is not distinguishable from the best's; then fewest bits, then best value.

    See ties.py for the test: photos are paired, seeds vary, and the best is the luckiest of many.
    """
    protocol = Protocol.from_dict(results.protocol)
    candidates = [_candidate(row, trials) for row, trials in _with_trials(results)]
    found = tied(candidates, METRICS[protocol.metric].percent, protocol.folds * protocol.repeats)
    fewest: pd.Series[Any] = results.candidates[found].sort_values(["cuts", "channels"], kind="stable").iloc[0]
    return fewest


def _with_trials(results: Results) -> Iterator[tuple["pd.Series[Any]", list[tuple[float, Scores | None]]]]:
    """Each candidate with its complete trials: their values, and what they scored on each photo."""
    trials: dict[str, list[tuple[float, Scores | None]]] = defaultdict(list)
    for _, row in results.trials[results.trials["state"] == "COMPLETE"].iterrows():
        trials[row["key"]].append((float(row["value"]), results.scores.get(row["number"])))
    return ((row, trials[row["key"]]) for _, row in results.candidates.iterrows())


def _candidate(row: "pd.Series[Any]", trials: Sequence[tuple[float, Scores | None]]) -> Candidate:
    scores = [each for _, each in trials if each is not None]
    return Candidate(
        float(row["value"]),
        [value for value, _ in trials],
        float(row["standard_error"]),
        mean_of(scores) if len(scores) == len(trials) else None,
    )


PICKS: dict[str, Callable[[Results], "pd.Series[Any]"]] = {"best": best, "knee": knee, "smallest-tied": smallest_tied}
