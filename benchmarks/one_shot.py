"""Compares the scores of a supernet with stand-alone trainings of the same binarizations.

Takes tables of benchmarks/collect.py or benchmarks/level_maps.py. For each table a supernet is trained for the space of
its binarizations at the quick budget, and scores all of them. Appends one row per table, seed and number of bits to a
CSV, and prints a Markdown table. `spearman` is the rank correlation of scores and values, `near` the same among those
within ten points of the best value, `regret` the best value minus that of the binarization with the highest score, in
points. The values have the noise of one training. Validation photos only; the test set is not read.

    python -m benchmarks.one_shot --data sign-mnist benchmarks/results/one_cut.csv benchmarks/results/many_cuts.csv \\
        -o benchmarks/results/one_shot.csv
    python -m benchmarks.one_shot --data gtsrb-32.npz --epochs 12 benchmarks/results/level_maps.csv \\
        -o benchmarks/results/one_shot.csv
"""

import argparse
import json
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from scipy.stats import spearmanr

from benchmarks.simulate import append
from benchmarks.surrogate import binarizations
from search.binarization.binarization import Binarization
from search.binarization.levels import GREY
from search.data.load import load_pictures
from search.data.source import Source
from search.data.split import split_pictures
from search.evaluation.budgets import BUDGETS
from search.evaluation.one_shot import OneShot
from search.evaluation.protocol import make_protocol
from search.references.pixels import TrainingPixels
from search.sampling.level_choices import LevelChoices
from search.sampling.space import Space
from search.trials.spaces import level_edges_of

FIELDS = ["data", "table", "images", "seed", "bits", "n", "spearman", "near", "regret", "best", "train_s", "score_ms"]
NEAR = 0.1
FEWEST = 4  # values of which a rank correlation is worth printing


def read(path: Path, data: str) -> tuple[list[Binarization], np.ndarray]:
    """Returns the binarizations of a table and their values, without rows of other data sets and 8-bit inputs."""
    table = pd.read_csv(path)
    if "input" not in table:
        return binarizations(table), table["value"].to_numpy()
    table = table[(table["data"] == data) & table["encoding"].notna()]
    return [Binarization.of(json.loads(each)) for each in table["input"]], table["value"].to_numpy()


def space_of(inputs: Sequence[Binarization], pixels: TrainingPixels, windows: tuple[int, int]) -> Space:
    """Returns the smallest search space with these binarizations; windows: of its level maps."""
    kinds = {each for binarization in inputs for each in binarization.level_maps}
    levels = LevelChoices(tuple(sorted({each.name for each in kinds})), windows)
    edges, by_map = level_edges_of(levels, "pixels", pixels)
    return Space(
        max(len(part.cut_points) for each in inputs for part in each.parts),
        tuple(sorted({each.encoding for each in inputs})),
        edges,
        levels=LevelChoices() if kinds == {GREY} else levels,
        level_edges=by_map,
        most_parts=max(len(each.parts) for each in inputs),
    )


def compared(values: np.ndarray, scores: np.ndarray) -> list[float]:
    """Returns Spearman's correlation, that among the values near the best, and the regret in points."""
    near = values >= values.max() - NEAR

    def spearman(rows: np.ndarray) -> float:
        return float(spearmanr(values[rows], scores[rows])[0]) if rows.sum() >= FEWEST else float("nan")

    regret = 100 * (values.max() - values[scores.argmax()])
    return [round(each, 3) for each in (spearman(np.ones(len(values), bool)), spearman(near), float(regret))]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tables", type=Path, nargs="+")
    parser.add_argument("--data", required=True)
    parser.add_argument("--epochs", type=int, help="of a trial of the table")
    parser.add_argument("--windows", type=int, nargs=2, default=(3, 31))
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("-o", "--output", type=Path, required=True, help="CSV to continue or create")
    args = parser.parse_args()
    pictures, _ = load_pictures(Source(args.data))
    split = split_pictures(pictures, 0)
    budget = BUDGETS["quick"]
    if args.epochs:
        budget = replace(budget, recipe=replace(budget.recipe, epochs=args.epochs))
    pixels = TrainingPixels(split.train.images, split.train.labels)
    done = pd.read_csv(args.output) if args.output.exists() else pd.DataFrame(columns=FIELDS)
    have = set(zip(done["data"], done["table"], done["seed"], strict=True))
    for path in args.tables:
        inputs, values = read(path, pictures.name)
        space = space_of(inputs, pixels, tuple(args.windows))
        bits = np.array([each.bits for each in inputs])
        for seed in range(args.seeds):
            if (pictures.name, path.stem, seed) in have:
                continue
            # The seed of the split and of the variants stays 0, as in the tables.
            protocol = make_protocol(split, budget, 0)
            network = OneShot(split, protocol, space, torch.device("cpu"), lambda: None, seed)
            _, seconds = network.train()
            rows = []
            for name, score in (("some", network.score), ("many", network.score_fully)):
                started = time.perf_counter()
                scores = score(inputs)
                each_ms = round(1000 * (time.perf_counter() - started) / len(inputs), 1)
                for b in ["all", *np.unique(bits)]:
                    of = np.ones(len(bits), bool) if b == "all" else bits == b
                    start = [pictures.name, path.stem, name, seed, b, of.sum(), *compared(values[of], scores[of])]
                    rows.append([*start, round(values[of].max(), 4), round(seconds, 1), each_ms])
            append(args.output, FIELDS, rows)
            print(f"{path.stem}, seed {seed}: {seconds:.0f} s", file=sys.stderr, flush=True)
    show(pd.read_csv(args.output))


def show(rows: pd.DataFrame) -> None:
    """Prints a Markdown table of means over seeds."""
    keys = ["data", "table", "bits", "n"]
    mean = rows.groupby([*keys, "images"], sort=False)[["spearman", "near", "regret"]].mean().unstack("images")
    print("| data | table | bits | n | " + " | ".join(f"{a}, {b} images" for a, b in mean.columns) + " |")
    print("|---" * (4 + len(mean.columns)) + "|")
    for key, row in mean.iterrows():
        print("| " + " | ".join([*map(str, key), *(f"{value:.3g}" for value in row)]) + " |")


if __name__ == "__main__":
    main()
