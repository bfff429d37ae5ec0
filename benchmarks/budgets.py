"""Does a cheap budget keep the order that a dear one has? And what does a trial of each cost?

Trains the same settings under two budgets without pruning, on the same split and seeds, and prints
both values, the rank agreement and the seconds. Validation photos only; the test set is not read.

    python -m benchmarks.budgets --data sign-mnist -o benchmarks/results/budgets.csv
"""

import argparse
import csv
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from scipy.stats import kendalltau, spearmanr

from search.binarize import Binarization, greyscale_table
from search.data.load import load_pictures
from search.data.split import split_pictures
from search.objective import TrialSpec, make_objective
from search.protocol import BUDGETS, make_protocol
from search.references import Reference, references
from search.rules import Pixels

FIELDS = ["setting", "kind", "encoding", "budget", "seed", "value", "standard_error", "seconds"]


def settings(pixels: Pixels) -> Iterator[tuple[str, str, str, np.ndarray]]:
    """Greyscale, the paper's eight settings, and one to four cut points of other references."""
    yield "greyscale", "greyscale", "-", greyscale_table()
    paper = references("paper", pixels, 8, ("range",), True)
    others = references("auto", pixels, 8, ("thermometer",), False)
    chosen = [r for r in others if (r.name, len(r.binarization.cut_points)) in OTHERS]
    for found in [*paper, *chosen]:
        yield _row(found)


OTHERS = {("multi-otsu", 1), ("multi-otsu", 2), ("uniform", 2), ("uniform", 4), ("quantile", 7)}


def _row(found: Reference) -> tuple[str, str, str, np.ndarray]:
    binarization: Binarization = found.binarization
    return str(binarization.cut_points), found.name, binarization.encoding, binarization.table


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data")
    parser.add_argument("--budgets", nargs=2, default=["quick", "full"], choices=BUDGETS)
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("-o", "--output", type=Path, required=True)
    args = parser.parse_args()
    pictures, _ = load_pictures(args.data, None, None)
    split = split_pictures(pictures, 0)
    pixels = Pixels.of(split.train.images, split.train.labels)
    args.output.parent.mkdir(parents=True, exist_ok=True)
    with args.output.open("w", newline="") as handle:
        rows = csv.writer(handle)
        rows.writerow(FIELDS)
        for name in args.budgets:
            budget = BUDGETS[name]
            evaluate = make_objective(split, make_protocol(split, budget, 0), torch.device("cpu"))
            for ranges, kind, encoding, table in settings(pixels):
                for seed in range(args.seeds):
                    (result,) = evaluate([TrialSpec(table, seed)], lambda *_: False, lambda: None)
                    row = [ranges, kind, encoding, name, seed, result.value, result.standard_error, result.seconds]
                    rows.writerow(row)
                    handle.flush()
                    print(*row, file=sys.stderr, flush=True)
    show(pd.read_csv(args.output), *args.budgets)


def show(rows: pd.DataFrame, cheap: str, dear: str) -> None:
    """The table and the rank agreement over the settings with cut points, as Markdown."""
    means = rows.pivot_table(index=["setting", "encoding"], columns="budget", values="value", sort=False)
    print(f"| threshold ranges | encoding | {cheap} | {dear} |\n|---|---|---|---|")
    for (setting, encoding), row in means.iterrows():
        print(f"| {setting} | {encoding} | {row[cheap]:.1%} | {row[dear]:.1%} |")
    binary = means.drop(index="greyscale", level="setting")
    rho, tau = spearmanr(binary[cheap], binary[dear]), kendalltau(binary[cheap], binary[dear])
    seconds = rows.groupby("budget")["seconds"].median()
    print(
        f"\n{len(binary)} settings, {rows['seed'].nunique()} seed(s): Spearman {rho.statistic:.3f}, "
        f"Kendall {tau.statistic:.3f}; median seconds a trial: "
        f"{cheap} {seconds[cheap]:.1f}, {dear} {seconds[dear]:.1f}; {torch.get_num_threads()} threads"
    )


if __name__ == "__main__":
    main()
