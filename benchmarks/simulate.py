"""Simulates whole studies in which a function of the binarization replaces training.

Uses the code of a real study: its queue of references, its ask and tell, and a new sampler for each trial.
"""

import csv
import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import numpy as np
import optuna
import pandas as pd

from search.binarization.binarization import Binarization
from search.binarization.encodings import ENCODINGS
from search.data.load import load_pictures
from search.data.source import Source
from search.data.split import split_pictures
from search.evaluation.objective import Result
from search.references.catalogue import Reference
from search.references.pixels import Pixels
from search.sampling.samplers import SeededByRank
from search.sampling.space import Space
from search.trials.lifecycle import ask, tell
from search.trials.queue import enqueue

Value = Callable[[Binarization], float]
Tried = list[tuple[Binarization, float]]  # in order, with the noisy value


def training_pixels(data: str | None) -> Pixels:
    """Returns the grey levels of the training pixels of benchmarks/collect.py."""
    pictures, _ = load_pictures(Source(data))
    train = split_pictures(pictures, 0).train
    return Pixels.of(train.images, train.labels)


def run_study(
    sampler: str, space: Space, value: Value, seed: int, trials: int, found: Sequence[Reference], noise: float
) -> Tried:
    """Simulates one study. Noise depends only on seed and binarization, so studies with the same seed are paired."""
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(direction="maximize", sampler=SeededByRank(sampler, seed, space))
    enqueue(study, space, found, trials)
    tried: Tried = []
    for _ in range(trials):
        asked = ask(study, space, seed)
        luck = noise * _normal(seed, asked.training_seed, asked.binarization) if noise else 0.0
        seen = value(asked.binarization) + luck
        tell(study, asked, Result(seen, 0.0, (seen,), 0.0, False))
        tried.append((asked.binarization, seen))
    return tried


def _normal(seed: int, training_seed: int, binarization: Binarization) -> float:
    entropy = [seed, training_seed, list(ENCODINGS).index(binarization.encoding), *binarization.cut_points]
    return float(np.random.default_rng(entropy).normal())


def best_tried(tried: Tried) -> dict[int, Binarization]:
    """Returns the best of each number of cut points by mean value, then fewest channels; under 0 the best of all."""
    values: dict[Binarization, list[float]] = defaultdict(list)
    for binarization, seen in tried:
        values[binarization].append(seen)
    ranked = sorted(values, key=lambda each: (-math.fsum(values[each]) / len(values[each]), each.channels))
    best = {0: ranked[0]}
    for each in ranked:
        best.setdefault(len(each.cut_points), each)
    return best


def append(path: Path, fields: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Appends rows to a CSV and writes the header if the file is new."""
    path.parent.mkdir(parents=True, exist_ok=True)
    new = not path.exists()
    with path.open("a", newline="") as handle:
        writer = csv.writer(handle)
        if new:
            writer.writerow(fields)
        writer.writerows(rows)


def mean_table(rows: pd.DataFrame, column: str, title: str) -> str:
    """Returns a Markdown table of mean ± standard error, by sampler and start (rows) and trials (columns)."""
    grouped = rows.groupby(["start", "sampler", "trials"])[column]
    table = pd.DataFrame({"mean": 100 * grouped.mean(), "error": 100 * grouped.sem(), "n": grouped.size()})
    trials = sorted(rows["trials"].unique())
    order = table["mean"].unstack("trials").sort_values(trials[-1]).index
    lines = [f"{title}\n", "| sampler | start | seeds | " + " | ".join(f"{t} trials" for t in trials) + " |"]
    lines.append("|---" * (3 + len(trials)) + "|")
    for start, sampler in order:
        part = table.loc[(start, sampler)]
        cells = [f"{part['mean'][t]:.2f} ± {part['error'][t]:.2f}" if t in part.index else "–" for t in trials]
        lines.append(f"| {sampler} | {start} | {part['n'].max()} | " + " | ".join(cells) + " |")
    return "\n".join(lines)
