"""How much time does the loop of a study add to each trial, and does it grow with the number of trials?

Fills a fresh SQLite database with finished trials and runs the real loop of `search.study` for some trials more. A
formula takes the place of training, with six reported epochs and a score for each of 500 photos. Prints, for each
number of trials, the time of a trial without the formula in milliseconds: the median, the 90th percentile, the median
of each part, and the median processor time, which depends less on what else the machine does.

On two shared processor cores with SQLite, the default sampler took 24, 30, 25 and 37 ms a trial at 10, 100, 1,000 and
10,000 trials; when the loop still read the whole study several times a trial, it took 155, 235, 343 and 615 ms.

    python -m benchmarks.overhead --sizes 10 100 1000 10000 --samplers local tpe
"""

import argparse
import contextlib
import datetime as dt
import io
import json
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np
import optuna
import pandas as pd
import sqlalchemy as sa
import torch
from optuna.distributions import distribution_to_json

from search.binarization.binarization import Binarization
from search.config import StudyConfig
from search.evaluation.objective import Report, Result, TrialSpec
from search.references.catalogue import Reference, references
from search.references.pixels import Pixels
from search.sampling.pruners import PRUNERS
from search.sampling.samplers import SAMPLERS
from search.sampling.space import SCALES, Space
from search.trials.loop import search
from search.trials.queue import enqueue, reference_attributes
from storage.attributes import IDENTITY, internal, set_internal
from storage.claims import Once
from storage.database import Database, open_database
from storage.scores import Scores

BEST = (60, 120, 180)
EPOCHS, PHOTOS = 6, 500
PARTS = ("queue", "ask", "report", "tell")
NAME = "overhead"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=[10, 100, 1000, 10000], metavar="N")
    parser.add_argument("--samplers", nargs="+", default=["local"], choices=SAMPLERS)
    parser.add_argument("--trials", type=int, default=30, metavar="N", help="trials that are timed")
    args = parser.parse_args()
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    rows = []
    for sampler in args.samplers:
        for size in args.sizes:
            with tempfile.TemporaryDirectory() as folder:
                parts = overhead(f"sqlite:///{Path(folder) / 'studies.db'}", sampler, size, args.trials)
            processor, total = parts.pop("processor"), parts.sum(axis=1)
            rows.append(
                {"sampler": sampler, "trials": size, "median ms": total.median(), "90 % ms": total.quantile(0.9)}
                | parts.median().to_dict()
                | {"processor ms": processor.median()}
            )
    print(pd.DataFrame(rows).round(1).to_string(index=False))


def overhead(url: str, sampler: str, size: int, trials: int) -> pd.DataFrame:
    """Milliseconds of each part (columns) of each timed trial (rows) in a study of `size` finished trials."""
    config = StudyConfig(trials=size + trials, sampler=sampler)
    database = open_database(url)
    pixels = Pixels(np.ones((2, 256), dtype=np.int64))
    space = Space(config.max_cuts, config.encodings, SCALES[config.positions](pixels.histogram))
    wanted = references(config.references, lambda _: [pixels], space, False, 28)
    fill(database, space, size, wanted)
    pruner = PRUNERS[config.pruner_name](EPOCHS)
    study = optuna.load_study(study_name=NAME, storage=database.storage, pruner=pruner)
    once = Once(internal(study, IDENTITY), database)
    stopwatch = Stopwatch(partial(enqueue, study, space, wanted, config.trials, once=once, seed=config.seed))
    with contextlib.redirect_stderr(io.StringIO()):
        search(
            config,
            database,
            study,
            space,
            stopwatch.queue,
            lambda: None,  # no supernet
            stopwatch.evaluate,
            None,
            torch.device("cpu"),
            lambda: None,
            time.monotonic(),
        )
    # The first trial also reads the whole study, once.
    return stopwatch.frame().iloc[1:]


class Stopwatch:
    """Measures the parts of each trial from the calls that the loop makes: queue, evaluate, report."""

    def __init__(self, queue: Callable[[], int]) -> None:
        self._queue, self._mark = queue, time.perf_counter()
        self._processor = time.process_time()
        self._parts: dict[str, list[float]] = defaultdict(list)

    def _lap(self, part: str) -> None:
        now = time.perf_counter()
        self._parts[part].append(1000 * (now - self._mark))
        self._mark = now

    def queue(self) -> int:
        """The loop's queue(); what came before it, since the last evaluation, belongs to telling the last trial."""
        self._lap("tell")
        now = time.process_time()
        self._parts["processor"].append(1000 * (now - self._processor))
        self._processor = now
        queued = self._queue()
        self._lap("queue")
        return queued

    def evaluate(self, specs: Sequence[TrialSpec], report: Report, check: Callable[[], None]) -> list[Result]:
        """The formula; what came before it, since queue(), is asking for a trial."""
        self._lap("ask")
        (spec,) = specs
        assert isinstance(spec.input, Binarization)
        before = time.process_time()
        photos = photo_scores(spec.input, spec.seed)
        self._processor += time.process_time() - before  # the formula itself
        values, spent = epochs(photos.value), 0.0
        for number, value in enumerate(values):
            check()
            began = time.perf_counter()
            pruned = report(0, number, value)
            spent += time.perf_counter() - began
            if pruned and number + 1 < EPOCHS:
                values = values[: number + 1]
                break
        done = len(values) == EPOCHS
        result = Result(
            photos.value if done else None,
            photos.standard_error if done else None,
            tuple(values),
            0.1,
            False,
            photos if done else None,
        )
        self._parts["report"].append(1000 * spent)
        self._mark = time.perf_counter()
        return [result]

    def frame(self) -> pd.DataFrame:
        """A row a trial, a column a part, in milliseconds."""
        self._lap("tell")
        self._parts["processor"].append(1000 * (time.process_time() - self._processor))
        # The first of these is what came before the first trial.
        after = {part: self._parts[part][1:] for part in ("tell", "processor")}
        return pd.DataFrame(self._parts | after)[[*PARTS, "processor"]]


def photo_scores(binarization: Binarization, seed: int) -> Scores:
    """Scores of PHOTOS photos, the higher the nearer the cut points lie to BEST; a seed moves each of them."""
    cuts = binarization.cut_points.values
    miss = np.mean([min(abs(cut - best) for cut in cuts) for best in BEST]) / 255
    noise = np.random.default_rng([seed, *cuts]).normal(0, 0.05, PHOTOS)
    weights = np.full(PHOTOS, 1 / PHOTOS)
    return Scores((0.95 - miss + noise) * weights, weights)


def epochs(value: float) -> list[float]:
    """A value after each epoch; the last one is the value itself."""
    return [value * (1 - 0.5 ** (epoch + 1)) for epoch in range(EPOCHS - 1)] + [value]


def fill(database: Database, space: Space, size: int, first: Sequence[Reference]) -> None:
    """A study of `size` complete trials, references first, with the rows that the loop would have written."""
    study = optuna.create_study(storage=database.storage, study_name=NAME, direction="maximize")
    set_internal(study, IDENTITY, uuid4().hex)
    if size == 0:
        return
    # Row by row Optuna would take minutes for 10,000 trials.
    tables = sa.MetaData()
    with database.engine.begin() as connection:
        tables.reflect(connection)
        (study_id,) = connection.execute(sa.select(tables.tables["studies"].c.study_id)).one()
        for name, rows in trial_rows(space, size, first, study_id, np.random.default_rng(0)).items():
            connection.execute(tables.tables[name].insert(), rows)


def trial_rows(
    space: Space, size: int, first: Sequence[Reference], study_id: int, rng: np.random.Generator
) -> dict[str, list[dict[str, Any]]]:
    """Rows of Optuna's tables and of our scores, by the table's name."""
    rows: dict[str, list[dict[str, Any]]] = defaultdict(list)
    now = dt.datetime.now(dt.UTC).replace(tzinfo=None)
    for number in range(size):
        key = {"trial_id": number + 1}
        reference = first[number] if number < len(first) else None
        params = {name: drawn(each, rng) for name, each in space.distributions.items()}
        if reference is not None:
            params = dict(space.params(reference.binarization))
        binarization = space.binarization(params)
        photos = photo_scores(binarization, 0)
        rows["trials"].append(
            key
            | {
                "study_id": study_id,
                "number": number,
                "state": "COMPLETE",
                "datetime_start": now,
                "datetime_complete": now,
            }
        )
        rows["trial_values"].append(key | {"objective": 0, "value": photos.value, "value_type": "FINITE"})
        for name, each in space.distributions.items():
            row = {
                "param_name": name,
                "param_value": each.to_internal_repr(params[name]),
                "distribution_json": distribution_to_json(each),
            }
            rows["trial_params"].append(key | row)
        for name, value in attributes(binarization, photos, reference).items():
            rows["trial_user_attributes"].append(key | {"key": name, "value_json": json.dumps(value)})
        for step, value in enumerate(epochs(photos.value), start=1):
            row = {"step": step, "intermediate_value": value, "intermediate_value_type": "FINITE"}
            rows["trial_intermediate_values"].append(key | row)
    return rows


def drawn(distribution: optuna.distributions.BaseDistribution, rng: np.random.Generator) -> Any:
    """One value of a distribution, uniformly."""
    if isinstance(distribution, optuna.distributions.CategoricalDistribution):
        return distribution.choices[int(rng.integers(len(distribution.choices)))]
    if isinstance(distribution, optuna.distributions.IntDistribution):
        return int(rng.integers(distribution.low, distribution.high + 1))
    return float(rng.random())


def attributes(binarization: Binarization, photos: Scores, reference: Reference | None) -> dict[str, Any]:
    """What the loop writes of a complete trial."""
    found: dict[str, Any] = {} if reference is None else reference_attributes(reference)
    arm = 1.96 * photos.standard_error
    return found | {
        "worker": "elsewhere:1:1.00",
        "training_seed": 0,
        "trained_with": "the formula of benchmarks/overhead.py",
        "threshold_ranges": str(binarization.cut_points),
        "channels": binarization.channels,
        "index_bits": binarization.index_bits,
        **binarization.record,
        "standard_error": round(photos.standard_error, 6),
        "low": round(photos.value - arm, 6),
        "high": round(photos.value + arm, 6),
        "seconds": 0.1,
    }


if __name__ == "__main__":
    main()
