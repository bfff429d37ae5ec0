"""Trains binarizations of many level maps and windows, as ground truth for the one-shot search and for defaults.

Takes a data set and appends one row per training to a CSV. A second run continues where the first stopped. Values are
for validation photos at the quick budget; the test set is not read.

    python -m benchmarks.level_maps --data sign-mnist -o benchmarks/results/level_maps.csv
    python -m benchmarks.level_maps --data gtsrb-32.npz --epochs 12 -o benchmarks/results/level_maps.csv
    python -m benchmarks.level_maps --show -o benchmarks/results/level_maps.csv
"""

import argparse
import csv
import json
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from search.binarization.binarization import Binarization, Greyscale, Input, from_key
from search.binarization.windows import Contrast, Ratio, Standardized
from search.console.tables import markdown
from search.data.load import load_pictures
from search.data.source import Source
from search.data.split import split_pictures
from search.evaluation.budgets import BUDGETS
from search.evaluation.objective import TrialSpec, make_objective
from search.evaluation.protocol import make_protocol
from search.references.pixels import TrainingPixels
from search.sampling.level_choices import LevelChoices
from search.sampling.space import Space, number, position
from search.trials.spaces import level_edges_of

FIELDS = ["data", "input", "levels", "cut_points", "encoding", "bits", "seed", "value", "standard_error", "seconds"]
MAPS = ("contrast", "standardized", "ratio", "contrast", "standardized", "ratio", "rank", "sauvola", "dither", "grey")
CUTS = (1, 1, 2, 1, 1, 3, 1, 2, 1, 4, 1)  # a prime length, so that every map meets every number of cut points
EIGHT_BITS = [Greyscale()] + [
    Greyscale(level_map=kind(side)) for kind in (Contrast, Ratio, Standardized) for side in (5, 9, 15)
]


def inputs(pixels: TrainingPixels, draws: int) -> Iterator[Input]:
    """Yields 8-bit level maps and random draws of thermometers, alternating between level maps."""
    yield from EIGHT_BITS
    rng = np.random.default_rng(0)
    for i in range(draws):
        levels = LevelChoices((MAPS[i % len(MAPS)],))
        edges, by_map = level_edges_of(levels, "pixels", pixels)
        space = Space(max(CUTS), ("thermometer",), edges, levels=levels, level_edges=by_map)
        params = levels.params(levels.at_random(rng), "", rng) | {number(): CUTS[i % len(CUTS)]}
        params |= {position(j): float(u) for j, u in enumerate(rng.random(space.max_cuts), start=1)}
        yield space.binarization(params)


def show(table: pd.DataFrame) -> str:
    """Returns a Markdown table: of each data set, the best value with each level map and number of bits, in per cent.

    In parentheses: the number of trainings.
    """
    inputs = [from_key(key) for key in table["input"]]
    table = table.assign(
        map=[each.level_maps[0].name for each in inputs],
        window=[each.level_maps[0].record.get("window", "") for each in inputs],
    )
    rows = []
    for (data, bits, name), part in table.groupby(["data", "bits", "map"]):
        best = part.loc[part["value"].idxmax()]
        cuts = best["cut_points"].strip('"[]') if isinstance(best["cut_points"], str) else ""
        row = {"data": data, "bits": bits, "level map": name, "best": f"{100 * best['value']:.1f} ({len(part)})"}
        rows.append(row | {"window": best["window"], "cut points": cuts})
    return markdown(pd.DataFrame(rows).astype(str))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data")
    parser.add_argument("--show", action="store_true")
    parser.add_argument("--draws", type=int, default=70)
    parser.add_argument("--epochs", type=int)
    parser.add_argument("-o", "--output", type=Path, required=True)
    args = parser.parse_args()
    if args.show:
        print(show(pd.read_csv(args.output)))
        return
    pictures, _ = load_pictures(Source(args.data))
    split = split_pictures(pictures, 0)
    budget = BUDGETS["quick"]
    if args.epochs:
        budget = replace(budget, recipe=replace(budget.recipe, epochs=args.epochs))
    protocol = make_protocol(split, budget, 0)
    evaluate = make_objective(split, protocol, torch.device("cpu"))
    args.output.parent.mkdir(parents=True, exist_ok=True)
    if not args.output.exists():
        args.output.write_text(",".join(FIELDS) + "\n")
    table = pd.read_csv(args.output)
    done = set(zip(table["data"], table["input"], strict=True))
    for seed, input in enumerate(inputs(TrainingPixels(split.train.images, split.train.labels), args.draws)):
        if (pictures.name, input.key) in done:
            continue
        done.add((pictures.name, input.key))
        (result,) = evaluate([TrialSpec(input, seed)], lambda *_: False, lambda: None)
        own = input.record if isinstance(input, Binarization) else {}
        parts = [json.dumps(own.get(name, "")) for name in ("levels", "cut_points")]
        row = [pictures.name, input.key, *parts, own.get("encoding", ""), input.bits, seed]
        row += [result.value, result.standard_error, round(result.seconds, 1)]
        with args.output.open("a", newline="") as handle:
            csv.writer(handle).writerow(row)
        print(f"{input}: {result.value}, {result.seconds:.0f} s", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
