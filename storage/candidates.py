"""The binarizations of a study: as a data frame, one row each, and the best of them while the study runs."""

from bisect import bisect_left, insort
from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import fmean
from typing import Any

import pandas as pd
from optuna.trial import FrozenTrial, TrialState

from storage.records import KIND, STOPPED, key_of


def candidates_frame(trials: pd.DataFrame, maximize: bool) -> pd.DataFrame:
    """Return a row for each binarization with a complete trial, the best first.

    value, low and high are means over its trials, so that repeats count and a single lucky value is not chosen.
    maximize: whether a larger value is better.
    """
    complete = trials[trials["state"] == "COMPLETE"]
    grouped = complete.groupby("key", sort=False)
    frame = grouped.agg(
        **{name: (name, "first") for name in ("cut_points", "levels", "threshold_ranges", *KIND)},
        channels=("channels", "first"),
        reference=("reference", "first"),
        value=("value", "mean"),
        standard_error=("standard_error", "mean"),
        low=("low", "mean"),
        high=("high", "mean"),
        trials=("number", "size"),
        first_trial=("number", "min"),
    ).reset_index()
    frame["cuts"] = frame["cut_points"].map(number_of_cuts)
    frame["channels"] = frame["channels"].astype(int)
    # Equal values: fewer channels first, then the earlier.
    return frame.sort_values(
        ["value", "channels", "first_trial"], ascending=[not maximize, True, True], ignore_index=True
    )


@dataclass
class Candidate:
    """One binarization's complete trials."""

    key: str  # of the binarization
    channels: int
    first_trial: int
    values: list[float] = field(default_factory=list)
    intervals: list[tuple[float, float]] = field(default_factory=list)

    @property
    def value(self) -> float:
        """The mean over the trials."""
        return fmean(self.values)

    @property
    def interval(self) -> tuple[float, float]:
        """The mean 95 % interval, NaN where no trial has one."""
        low, high = zip(*self.intervals, strict=True) if self.intervals else ([float("nan")], [float("nan")])
        return fmean(low), fmean(high)


class Ranking:
    """The candidates of `candidates_frame` in the same order, kept up to date trial by trial.

    It is a summary of storage.study_trials.StudyTrials.
    """

    def __init__(self, maximize: bool) -> None:
        self._sign = -1.0 if maximize else 1.0
        self._candidates: dict[str, Candidate] = {}
        self._order: list[tuple[float, int, int, str]] = []

    @property
    def best(self) -> Candidate | None:
        """The first row of `candidates_frame`."""
        return self._candidates[self._order[0][-1]] if self._order else None

    def add(self, trial: FrozenTrial) -> None:
        """Take one more finished trial into account."""
        attributes = trial.user_attrs
        if trial.state is not TrialState.COMPLETE or STOPPED in attributes or "encoding" not in attributes:
            return
        key = key_of(attributes)
        candidate = self._candidates.get(key)
        if candidate is None:
            candidate = self._candidates[key] = Candidate(key, int(attributes["channels"]), trial.number)
        else:
            del self._order[bisect_left(self._order, self._place(key))]
        candidate.first_trial = min(candidate.first_trial, trial.number)
        candidate.values.append(trial.values[0])
        if "low" in attributes and "high" in attributes:
            candidate.intervals.append((attributes["low"], attributes["high"]))
        insort(self._order, self._place(key))

    def _place(self, key: str) -> tuple[float, int, int, str]:
        candidate = self._candidates[key]
        return self._sign * candidate.value, candidate.channels, candidate.first_trial, key


def best_by_cuts(candidates: pd.DataFrame) -> pd.DataFrame:
    """Return the best candidate for each number of cut points, in the order of that number."""
    return candidates.drop_duplicates("cuts").sort_values("cuts", ignore_index=True)


def best_by_arithmetic(candidates: pd.DataFrame) -> pd.DataFrame:
    """Return the best candidate for each combination of weights and activations, the best first."""
    return candidates.drop_duplicates(["weights", "activations"])


def columns_of_kind(rows: pd.DataFrame) -> dict[str, "pd.Series[str]"]:
    """Return the columns of a table for each row's kind: encoding; weights and activations if any is not real."""
    return {name: rows[name] for name in KIND if name == "encoding" or (rows[name] != "real").any()}


def pareto_front(candidates: pd.DataFrame) -> pd.DataFrame:
    """Return the Pareto front of value and bits per pixel, the best value and most bits first.

    Of candidates with equal value and bits, the first is returned.
    """
    fewest_before = candidates["channels"].cummin().shift(fill_value=candidates["channels"].max() + 1)
    return candidates[candidates["channels"] < fewest_before]


def counts(trials: pd.DataFrame) -> dict[str, int]:
    """Return the number of trials in each of Optuna's states, and of those that were stopped and queued again."""
    found = trials["state"].value_counts()
    return {state.lower(): int(found.get(state, 0)) for state in [*(s.name for s in TrialState), STOPPED.upper()]}


def number_of_cuts(cut_points: Sequence[Any]) -> int:
    """Return the number of cut points, of all colors together if each color has its own."""
    return sum(len(part) if isinstance(part, list | tuple) else 1 for part in cut_points)
