"""Noise of a trial's value, and which metric, folds and repeats separate binarizations best for their cost.

Trains a few binarizations on each of five grouped folds with several seeds. All metrics are computed from the logits of
the same trainings. Rows that the file already has are not trained again. Values are for validation photos; the test set
is not read.

    python -m benchmarks.noise --data sign-mnist --seeds 3 -o benchmarks/results/noise.csv
"""

import argparse
import csv
import sys
from dataclasses import replace
from itertools import combinations
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import torch
from scipy.stats import norm

from models.train import Resident, train
from search.binarization.binarization import Binarization
from search.binarization.cut_points import CutPoints
from search.data.load import load_pictures
from search.data.source import Source
from search.data.split import at_most_variants, split_pictures
from search.evaluation.budgets import BUDGETS
from search.evaluation.metrics import METRICS
from search.evaluation.objective import lane_of, standard_error
from search.evaluation.protocol import make_protocol

FOLDS = 5  # one fold validates on a fifth of the photos, like a trial without folds
BINARIZATIONS = [
    Binarization(CutPoints.from_ranges(map(int, ranges.split(","))), encoding)
    for ranges, encoding in (
        ("0,128,255", "thermometer"),
        ("0,118,179,255", "thermometer"),
        ("0,41,106,150,189,255", "thermometer"),
        ("0,90,150,170,210,255", "range"),
        ("0,67,118,136,170,193,207,255", "thermometer"),
    )
]
KEYS = ["data", "budget", "ranges", "encoding", "fold", "seed"]
FIELDS = [*KEYS, "pictures", "photos", "seconds", *(f"{m}{part}" for m in METRICS for part in ("", " se"))]
SETTINGS = [(1, 1), (1, 3), (1, 5), (3, 1), (5, 1), (5, 3)]  # folds and repeats


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data")
    parser.add_argument("--budget", default="quick", choices=BUDGETS)
    parser.add_argument("--epochs", type=int, help="default: the budget's")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("-o", "--output", type=Path, required=True)
    args = parser.parse_args()
    pictures, _ = load_pictures(Source(args.data))
    split = split_pictures(pictures, 0, FOLDS)
    protocol = make_protocol(split, BUDGETS[args.budget], 0)
    recipe, budget = protocol.recipe, args.budget
    if args.epochs is not None:
        recipe, budget = replace(recipe, epochs=args.epochs), f"{args.budget}-{args.epochs}"
    device = torch.device("cpu")
    args.output.parent.mkdir(parents=True, exist_ok=True)
    if not args.output.exists():
        args.output.write_text(",".join(FIELDS) + "\n")
    done = set(pd.read_csv(args.output)[KEYS].itertuples(index=False, name=None))
    for seed in range(args.seeds):
        for number, fold in enumerate(split.folds):
            part, held_out = at_most_variants(fold.train, protocol.variants, 0), fold.validation
            training = Resident.of(part.images, part.labels, device)
            validation_u8 = torch.from_numpy(held_out.images).to(device)
            for binarization in BINARIZATIONS:
                key = (pictures.name, budget, str(binarization.cut_points), binarization.encoding, number, seed)
                if key in done:
                    continue
                (outcome,) = train(
                    [lane_of(binarization, seed)],
                    training,
                    validation_u8,
                    len(pictures.class_names),
                    recipe,
                    None,
                    lambda: None,
                )
                row = [*key, len(held_out), held_out.photos, round(outcome.seconds, 1)]
                for metric in METRICS.values():
                    scores = metric.score(outcome.logits, held_out.labels)
                    weights = metric.weight(held_out.labels)
                    row.append(round(float(np.average(scores, weights=weights)), 6))
                    row.append(round(standard_error(scores, held_out.groups, weights), 6))
                with args.output.open("a", newline="") as handle:
                    csv.writer(handle).writerow(row)
                print(*row, file=sys.stderr, flush=True)
    rows = pd.read_csv(args.output)
    for (data, budget), some in rows.groupby(["data", "budget"], sort=False):
        show(some, data, budget)


class Noise(NamedTuple):
    """Components of the variation of one metric, as standard deviations.

    seed: between seeds on the same fold. fold: between folds with the same seed. photos: mean standard error over
    photos of a trial. uneven: interaction of fold and binarization beyond the effect of seeds; unlike the difficulty of
    a fold, it does not cancel when binarizations are compared on the same folds. signal: between the means of the
    binarizations.
    """

    seed: float
    fold: float
    photos: float
    uneven: float
    signal: float
    means: np.ndarray  # of the binarizations, over folds and seeds

    def of_trial(self, folds: int, repeats: int) -> float:
        """Returns the noise of a trial's value that affects comparisons between binarizations."""
        return float(np.sqrt(self.uneven**2 / folds + self.seed**2 / (folds * repeats)))

    def in_order(self, folds: int, repeats: int, truth: np.ndarray) -> float:
        """Returns the share of pairs of binarizations that one trial each ranks in the order of `truth`."""
        spread = np.sqrt(2) * max(self.of_trial(folds, repeats), 1e-12)
        pairs = combinations(range(len(truth)), 2)
        right = [(self.means[a] - self.means[b]) * np.sign(truth[a] - truth[b]) for a, b in pairs]
        return float(norm.cdf(np.array(right) / spread).mean())


def noise(rows: pd.DataFrame, metric: str) -> Noise:
    """Estimates the variance components of a metric from one row per binarization, fold and seed.

    A two-way layout with replicates, binarization by fold: Montgomery, Design and Analysis of Experiments, 5.3.
    """
    cube = rows.assign(input=rows["ranges"] + " " + rows["encoding"]).pivot_table(
        index="input", columns=["fold", "seed"], values=metric, sort=False
    )
    folds, seeds = rows["fold"].nunique(), rows["seed"].nunique()
    values = cube.sort_index(axis=1).to_numpy().reshape(len(cube), folds, seeds)
    seed = float(values.var(axis=2, ddof=1).mean())
    cells = values.mean(axis=2)
    means = cells.mean(axis=1)
    rest = cells - means[:, None] - cells.mean(axis=0) + cells.mean()
    uneven = max(float((rest**2).sum()) / ((len(cube) - 1) * (folds - 1)) - seed / seeds, 0.0)
    measured = uneven / folds + seed / (folds * seeds)  # contribution of noise to the variance of the means
    return Noise(
        np.sqrt(seed),
        float(np.sqrt(values.var(axis=1, ddof=1).mean())),
        float(np.sqrt((rows[f"{metric} se"] ** 2).mean())),
        np.sqrt(uneven),
        np.sqrt(max(float(means.var(ddof=1)) - measured, 0.0)),
        means,
    )


def show(rows: pd.DataFrame, data: str, budget: str) -> None:
    """Prints means, noise and the effect of folds and repeats as Markdown, for seeds that have all rows."""
    binarizations = rows.groupby(["ranges", "encoding"]).ngroups
    complete = rows.groupby("seed")["seconds"].transform("size") == binarizations * FOLDS
    rows = rows[complete]
    seeds = rows["seed"].nunique()
    if seeds < 2 or binarizations < 2:
        print(f"{data}, {budget}: noise needs two seeds with all binarizations and folds", file=sys.stderr)
        return
    found = {metric: noise(rows, metric) for metric in METRICS}
    print(
        f"\n{data}, {budget}: {binarizations} binarizations × {FOLDS} folds × {seeds} seeds, "
        f"median {rows['seconds'].median():.1f} s per training\n"
    )
    print(f"| threshold ranges | encoding | {' | '.join(METRICS)} |\n|---|---|{'---|' * len(METRICS)}")
    for (ranges, encoding), some in rows.groupby(["ranges", "encoding"], sort=False):
        print(f"| {ranges} | {encoding} | {' | '.join(f'{some[m].mean():.4f}' for m in METRICS)} |")
    print("\n| metric | sd over seeds | sd over folds | se over photos | sd fold × binarization | signal |")
    print("|---|---|---|---|---|---|")
    for metric, each in found.items():
        print(f"| {metric} | {' | '.join(f'{x:.4f}' for x in each[:5])} |")
    print(
        "\n| metric | folds | repeats | trainings | noise | signal / noise | … / √trainings | pairs in order "
        "| pairs in the order of accuracy |\n|---|---|---|---|---|---|---|---|---|"
    )
    for metric, each in found.items():
        direction = 1 if METRICS[metric].maximize else -1
        for folds, repeats in SETTINGS:
            level, cost = each.of_trial(folds, repeats), folds * repeats
            ratio = each.signal / max(level, 1e-12)
            print(
                f"| {metric} | {folds} | {repeats} | {cost} | {level:.4f} | {ratio:.2f} | {ratio / cost**0.5:.2f} "
                f"| {each.in_order(folds, repeats, each.means):.0%} "
                f"| {each.in_order(folds, repeats, direction * found['accuracy'].means):.0%} |"
            )


if __name__ == "__main__":
    main()
