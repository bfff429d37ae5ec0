"""Compares training recipes for the full budget: augmentation, schedule, averaging and width, one change at a time.

Trains a few inputs (greyscale, one, two and four cut points) with each recipe on the training photos and prints the
accuracy on the validation photos. The test set is not read.

    python -m benchmarks.recipes -o benchmarks/results/recipes.csv                        prints the table
    python -m benchmarks.recipes --data sign-mnist --recipes quick -o recipes.csv         trains missing rows
"""

import argparse
import csv
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from models.augment import Augmentation
from models.recipe import Recipe
from models.train import Resident, train
from search.binarization.binarization import Binarization, Greyscale
from search.binarization.cut_points import CutPoints
from search.data.load import load_pictures
from search.data.source import Source
from search.data.split import at_most_variants, split_pictures
from search.evaluation.objective import lane_of

INPUTS = {
    "greyscale": Greyscale(),
    **{
        ranges: Binarization(CutPoints.from_ranges(map(int, ranges.split(","))), "thermometer")
        for ranges in ("0,128,255", "0,118,179,255", "0,41,106,150,189,255")
    },
}
LIGHT = Augmentation(gain=0.1, brightness=10)
MOVES = Augmentation(shift=0.07, rotation=6, scale=0.08)
BOTH = replace(MOVES, gain=0.1, brightness=10)
STRONG = Augmentation(0.11, 10, 0.12, 0.1, 10)
LIT = replace(STRONG, gain=0.2, brightness=25)
BASE = Recipe(width=32, epochs=10, averaging=0.0)
# Name to variants per photo and recipe.
RECIPES: dict[str, tuple[int, Recipe]] = {
    "plain": (6, BASE),
    "moves": (6, replace(BASE, augmentation=MOVES)),
    "light": (6, replace(BASE, augmentation=LIGHT)),
    "moves+light": (6, replace(BASE, augmentation=BOTH)),
    "moves+light, average": (6, replace(BASE, augmentation=BOTH, averaging=0.98)),
    "stronger moves": (6, replace(BASE, augmentation=Augmentation(0.11, 10, 0.12, 0.1, 10))),
    "all variants": (0, replace(BASE, augmentation=STRONG, epochs=3)),
    "all variants, more light": (0, replace(BASE, augmentation=replace(STRONG, gain=0.2, brightness=25), epochs=3)),
    "more light, rate .01": (0, replace(BASE, augmentation=LIT, epochs=3, learning_rate=0.01)),
    "more light, width 48": (0, replace(BASE, augmentation=LIT, epochs=3, width=48)),
    "more light, dropout .1": (0, replace(BASE, augmentation=LIT, epochs=3, dropout=0.1)),
    "much more light": (0, replace(BASE, augmentation=replace(STRONG, gain=0.3, brightness=40), epochs=3)),
    "more light, batch 64": (0, replace(BASE, augmentation=LIT, epochs=3, batch_size=64)),
    "quick": (6, Recipe()),
    "quick, moves+light": (6, Recipe(augmentation=BOTH)),
    "quick, all variants, moves+light": (0, Recipe(augmentation=BOTH, epochs=2)),
    "all variants, width 48": (0, replace(BASE, augmentation=STRONG, epochs=3, width=48)),
    "all variants, stronger still": (0, replace(BASE, augmentation=Augmentation(0.14, 15, 0.18, 0.1, 10), epochs=3)),
    **{
        f"long: {name}": (0, replace(BASE, **{"augmentation": LIT, "precision": "bfloat16", **changes}))
        for name, changes in {
            "3 epochs": {"epochs": 3},
            "8 epochs": {"epochs": 8},
            "8 epochs, flips": {"epochs": 8, "augmentation": replace(LIT, flip=0.5)},
            "8 epochs, width 48": {"epochs": 8, "width": 48},
            "8 epochs, stronger": {"epochs": 8, "augmentation": Augmentation(0.14, 15, 0.18, 0.3, 40)},
            "8 epochs, averaged": {"epochs": 8, "averaging": 0.998},
            "8 epochs, rate .01": {"epochs": 8, "learning_rate": 0.01},
            "8 epochs, mild": {"epochs": 8, "augmentation": BOTH},
            "8 epochs, dropout .1": {"epochs": 8, "dropout": 0.1},
            "16 epochs": {"epochs": 16},
        }.items()
    },
}
FIELDS = ["recipe", "input", "seed", "accuracy", "seconds"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data")
    parser.add_argument(
        "--recipes",
        nargs="*",
        default=[],
        choices=RECIPES,
        metavar="NAME",
        help="recipes to train; without any, only the table is printed",
    )
    parser.add_argument("--inputs", nargs="*", default=list(INPUTS), choices=INPUTS, metavar="RANGES")
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("-o", "--output", type=Path, required=True)
    args = parser.parse_args()
    if args.recipes:
        train_missing(args)
    show(pd.read_csv(args.output))


def train_missing(args: argparse.Namespace) -> None:
    """Trains each recipe on each input that the file lacks, and appends a row for each."""
    pictures, _ = load_pictures(Source(args.data))
    split = split_pictures(pictures, 0)
    device = torch.device("cpu")
    validation_u8 = torch.from_numpy(split.validation.images)
    args.output.parent.mkdir(parents=True, exist_ok=True)
    if not args.output.exists():
        args.output.write_text(",".join(FIELDS) + "\n")
    done = {(r.recipe, r.input, r.seed) for r in pd.read_csv(args.output).itertuples()}
    for seed in range(args.seeds):
        for name in args.recipes:
            variants, recipe = RECIPES[name]
            part = at_most_variants(split.train, variants, 0)
            training = Resident.of(part.images, part.labels, device)
            for ranges in args.inputs:
                if (name, ranges, seed) in done:
                    continue
                (outcome,) = train(
                    [lane_of(INPUTS[ranges], seed)],
                    training,
                    validation_u8,
                    len(pictures.class_names),
                    recipe,
                    None,
                    lambda: None,
                )
                accuracy = np.mean(outcome.logits.argmax(1) == split.validation.labels)
                row = [name, ranges, seed, round(float(accuracy), 5), round(outcome.seconds, 1)]
                with args.output.open("a", newline="") as handle:
                    csv.writer(handle).writerow(row)
                print(*row, file=sys.stderr, flush=True)


def show(rows: pd.DataFrame) -> None:
    """Prints the mean accuracy of each recipe and input as Markdown."""
    inputs = list(dict.fromkeys(rows["input"]))
    print(f"| recipe | {' | '.join(inputs)} |\n|---|{'---|' * len(inputs)}")
    for name, found in rows.groupby("recipe", sort=False):
        means = found.groupby("input")["accuracy"].mean()
        print(f"| {name} | {' | '.join(f'{means[i]:.2%}' if i in means else '' for i in inputs)} |")


if __name__ == "__main__":
    main()
