"""Trains many binarizations at a cheap budget and stores their values, as ground truth for benchmarks of samplers.

Takes a data set and appends one row per training to a CSV. A second run continues where the first stopped. Values are
for validation photos; the test set is not read.

    python -m benchmarks.collect one-cut --data sign-mnist -o benchmarks/results/one_cut.csv
    python -m benchmarks.collect many-cuts --data sign-mnist -o benchmarks/results/many_cuts.csv
"""

import argparse
import csv
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from models.constants import LEVELS
from models.recipe import Recipe
from search.binarization.binarization import Binarization
from search.binarization.cut_points import CutPoints
from search.config import SEVERAL
from search.data.load import load_pictures
from search.data.source import Source
from search.data.split import split_pictures
from search.evaluation.budgets import Budget
from search.evaluation.objective import TrialSpec, make_objective
from search.evaluation.protocol import make_protocol
from search.references.catalogue import references
from search.references.pixels import Pixels
from search.sampling.space import Space, number, pixel_scale, position

CHEAP = Budget(3, Recipe(epochs=5, width=16))
MAX_CUTS = 8
RANDOM, NEAR_THE_BEST = 140, 140  # draws of many-cuts in addition to the references
FIELDS = ["ranges", "encoding", "cuts", "kind", "seed", "value", "standard_error", "seconds"]


def one_cut(pixels: Pixels, rows: Path) -> Iterator[tuple[Binarization, str]]:
    """Yields every cut point in random order, so that the shape of the curve is visible early."""
    for cut in np.random.default_rng(0).permutation(np.arange(1, LEVELS)):
        yield Binarization(CutPoints((int(cut),)), "thermometer"), "all"


def many_cuts(pixels: Pixels, rows: Path) -> Iterator[tuple[Binarization, str]]:
    """Yields references, random draws of every number of cut points, and then neighbors of the best so far."""
    encodings = SEVERAL["both"]
    space = Space(MAX_CUTS, encodings, pixel_scale(pixels.histogram))
    for found in references("auto", lambda _: [pixels], space, True, 28):
        yield found.binarization, found.name
    rng = np.random.default_rng(1)
    for i in range(RANDOM):
        params = {number(): i % MAX_CUTS + 1, "encoding": encodings[i // MAX_CUTS % 2]}
        params |= {position(j): float(u) for j, u in enumerate(rng.random(MAX_CUTS), start=1)}
        yield space.binarization(params), "random"
    for i in range(NEAR_THE_BEST):
        table = pd.read_csv(rows)
        same = table[table["cuts"] == i % MAX_CUTS + 1].nlargest(4, "value")
        parent = same.iloc[int(rng.integers(len(same)))]
        cuts = [int(c) for c in parent["ranges"].split(",")[1:-1]]
        moved = int(rng.integers(len(cuts)))
        cuts[moved] = int(np.clip(cuts[moved] + round(rng.normal(0, 12)), 1, LEVELS - 1))
        encoding = parent["encoding"] if rng.random() < 0.8 else encodings[int(rng.integers(2))]
        if len(set(cuts)) == len(cuts):
            yield Binarization(CutPoints(tuple(sorted(cuts))), encoding), "near"


PLANS = {"one-cut": one_cut, "many-cuts": many_cuts}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("plan", choices=PLANS)
    parser.add_argument("--data")
    parser.add_argument("-o", "--output", type=Path, required=True)
    args = parser.parse_args()
    pictures, _ = load_pictures(Source(args.data))
    split = split_pictures(pictures, 0)
    pixels = Pixels.of(split.train.images, split.train.labels)
    evaluate = make_objective(split, make_protocol(split, CHEAP, 0), torch.device("cpu"))
    args.output.parent.mkdir(parents=True, exist_ok=True)
    if not args.output.exists():
        args.output.write_text(",".join(FIELDS) + "\n")
    table = pd.read_csv(args.output)
    done = set(zip(table["ranges"], table["encoding"], strict=True))
    for seed, (binarization, kind) in enumerate(PLANS[args.plan](pixels, args.output)):
        key = (str(binarization.cut_points), binarization.encoding)
        if key in done:
            continue
        done.add(key)
        (result,) = evaluate([TrialSpec(binarization, seed)], lambda *_: False, lambda: None)
        row = [*key, len(binarization.cut_points), kind, seed, result.value, result.standard_error, result.seconds]
        with args.output.open("a", newline="") as handle:
            csv.writer(handle).writerow(row)
        print(*row, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
