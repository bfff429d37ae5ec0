"""Records of trials, runs and data sets, and the names under which they are stored.

Takes plain values. Writes Optuna attributes and rows of the project's own tables, and returns them as data frames.
"""

import datetime as dt
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import optuna
import pandas as pd
import sqlalchemy as sa
from optuna.trial import TrialState
from sqlalchemy.exc import IntegrityError

from storage.database import Database
from storage.tables import data_sets, runs

STOPPED = "stopped"  # attribute of a failed trial that was stopped or killed and queued again; it is not counted
KIND = ("encoding", "weights", "activations")  # how trials of the same cut points may differ
TRIAL_COLUMNS = (
    "number",
    "state",  # Optuna's, or STOPPED
    "value",
    "cut_points",  # tuple of integers, or of a tuple for each color
    "threshold_ranges",  # level maps and cut points as text, in the paper's notation
    "levels",  # records of the level maps as JSON; None if all are grey
    "key",  # canonical JSON of the binarization; None before its cut points are known
    "encoding",
    "weights",
    "activations",
    "channels",
    "reference",  # name, or None
    "reference_seconds",  # what finding the reference took beside the trial itself, or None
    "replicate_of",  # number of the first trial of the same cut points, or None
    "training_seed",
    "standard_error",
    "low",  # of the 95 % interval of value, over photos
    "high",
    "trained_with",  # versions, device, threads
    "seconds",
    "failure",  # why a failed trial failed
    "finished_at",
)


@dataclass(frozen=True)
class StartedTrial:
    """What is known of a trial before it trains, in a form that is readable in optuna-dashboard."""

    worker: str  # written first: by it a killed worker's trial is known
    training_seed: int
    trained_with: str
    replicate_of: int | None
    threshold_ranges: str
    encoding: str
    weights: str
    activations: str
    channels: int
    index_bits: int
    levels: dict[str, Any] | list[dict[str, Any]] | None  # records of the level maps; None if all are grey
    cut_points: tuple[
        Any, ...
    ]  # integers, or a tuple for each color; written last: a trial that has them has everything


@dataclass(frozen=True)
class DataSet:
    """What a report shows of a data set; examples: training images (N, H, W) or (N, H, W, 3), uint8."""

    fingerprint: str  # of data and split
    name: str
    class_names: tuple[str, ...]
    histogram: tuple[int, ...]  # 256 counts of the training pixels, of each color one after the other
    examples: npt.NDArray[np.uint8]
    example_labels: tuple[int, ...]

    @property
    def colors(self) -> int:
        """Number of channels with cut points of their own: 1, or 3 for images in color."""
        return len(self.histogram) // 256


@dataclass(frozen=True)
class Run:
    """A training that is not a trial, because it has no cut points: greyscale or another 8-bit level map."""

    protocol: str
    input: str
    seed: int
    value: float
    standard_error: float
    accuracies: tuple[float, ...]  # the metric after each step
    seconds: float
    interval: tuple[float, float]  # 95 %, over photos
    trained_with: str  # versions, device, threads


def record_start(trial: optuna.Trial, started: StartedTrial) -> None:
    """Write a trial's cut points before it trains, so that pruned and failed trials have them too."""
    for key, value in asdict(started).items():
        if value is not None:
            trial.set_user_attr(key, value)


def record_end(
    trial: optuna.Trial, standard_error: float | None, interval: tuple[float, float] | None, seconds: float
) -> None:
    """Write what is known of a trial after its training; interval: of its value, over photos."""
    if standard_error is not None:
        trial.set_user_attr("standard_error", round(standard_error, 6))
    for name, bound in zip(("low", "high"), interval or (), strict=False):
        trial.set_user_attr(name, round(bound, 6))
    trial.set_user_attr("seconds", round(seconds, 2))


def trials_frame(study: optuna.Study) -> pd.DataFrame:
    """Return a data frame with a row for each trial and TRIAL_COLUMNS. Queued trials have no cut points yet."""
    rows = [_trial_row(trial) for trial in study.get_trials(deepcopy=False)]
    return pd.DataFrame(rows, columns=list(TRIAL_COLUMNS))


def _trial_row(trial: optuna.trial.FrozenTrial) -> dict[str, Any]:
    attributes = trial.user_attrs
    record = record_of(attributes)
    return {key: attributes.get(key) for key in TRIAL_COLUMNS} | {
        "number": trial.number,
        "state": STOPPED.upper() if STOPPED in attributes else trial.state.name,
        "value": trial.values[0] if trial.state == TrialState.COMPLETE else None,
        "finished_at": trial.datetime_complete,
        "cut_points": record["cut_points"],
        "levels": canonical(record["levels"]) if "levels" in record else None,
        "key": canonical(record) if record["cut_points"] else None,
        **{name: record[name] for name in KIND},
    }


def record_of(attributes: Mapping[str, Any]) -> dict[str, Any]:
    """Return the record of a started trial's binarization; weights and activations are real where they are not given.

    cut_points is () and encoding None if the trial did not start.
    """
    kind = {name: attributes.get(name, None if name == "encoding" else "real") for name in KIND}
    record = {"cut_points": _tuples(attributes.get("cut_points", ())), **kind}
    return record | ({"levels": attributes["levels"]} if "levels" in attributes else {})


def key_of(attributes: Mapping[str, Any]) -> str:
    """Return the canonical JSON of a started trial's binarization, which equals Binarization.key."""
    return canonical(record_of(attributes))


def canonical(record: Any) -> str:
    """Return JSON with sorted keys and without spaces."""
    return json.dumps(record, sort_keys=True, separators=(",", ":"))


def _tuples(values: Sequence[Any]) -> tuple[Any, ...]:
    return tuple(_tuples(value) if isinstance(value, list | tuple) else value for value in values)


def save_data_set(database: Database, data_set: DataSet) -> None:
    """Store what a report shows of a data set, once."""
    height, width = data_set.examples.shape[1:3]
    row = {
        "fingerprint": data_set.fingerprint,
        "name": data_set.name,
        "class_names": list(data_set.class_names),
        "histogram": list(data_set.histogram),
        "height": height,
        "width": width,
        "examples": np.ascontiguousarray(data_set.examples).tobytes(),
        "example_labels": list(data_set.example_labels),
    }
    insert_once(database, data_sets, row)


def load_data_set(database: Database, fingerprint: str) -> DataSet | None:
    """Return what was stored of a data set, or None."""
    with database.engine.connect() as connection:
        row = connection.execute(sa.select(data_sets).where(data_sets.c.fingerprint == fingerprint)).mappings().first()
    if row is None:
        return None
    return DataSet(
        row["fingerprint"],
        row["name"],
        tuple(row["class_names"]),
        tuple(row["histogram"]),
        _pictures(row["examples"], len(row["example_labels"]), row["height"], row["width"]),
        tuple(row["example_labels"]),
    )


def _pictures(data: bytes, n: int, height: int, width: int) -> npt.NDArray[np.uint8]:
    """(n, height, width), or with three colors where there are three times as many bytes."""
    pixels = np.frombuffer(data, dtype=np.uint8)
    colors = len(pixels) // (n * height * width)
    return pixels.reshape((n, height, width) if colors == 1 else (n, height, width, colors))


def save_run(database: Database, run: Run) -> None:
    """Store a run. If two workers made the same run, the first one is stored."""
    row = asdict(run) | {"accuracies": list(run.accuracies), "finished_at": dt.datetime.now(dt.UTC)}
    row["low"], row["high"] = row.pop("interval")
    insert_once(database, runs, row)


def load_runs(database: Database, protocol: str) -> list[Run]:
    """Return the runs of a protocol, the oldest first."""
    query = sa.select(runs).where(runs.c.protocol == protocol).order_by(runs.c.id)
    with database.engine.connect() as connection:
        rows = connection.execute(query).mappings().all()
    names = ("protocol", "input", "seed", "value", "standard_error", "seconds", "trained_with")
    return [
        Run(**{n: r[n] for n in names}, accuracies=tuple(r["accuracies"]), interval=(r["low"], r["high"])) for r in rows
    ]


def insert_once(database: Database, table: sa.Table, row: dict[str, Any]) -> None:
    """Insert a row, unless its unique key is there already."""
    try:
        with database.engine.begin() as connection:
            connection.execute(table.insert().values(**row))
    except IntegrityError:
        pass  # what the key identifies never changes
