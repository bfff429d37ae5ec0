"""Accuracy and cost of networks with real and binary weights and activations.

Trains each network with each kind of weights and activations on greyscale, one-hot ranges and a thermometer. Prints a
table of parameters, multiply-accumulates, seconds, and accuracy on validation photos over the seeds. The test set is
not read. Rows that the file already has are not trained again.

    python -m benchmarks.networks --data sign-mnist --seeds 3 -o benchmarks/results/networks.csv
    python -m benchmarks.networks -o benchmarks/results/networks.csv            prints the table of the file
"""

import argparse
import csv
import sys
from dataclasses import replace
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from models.constants import ACTIVATIONS, WEIGHTS
from models.cost import cost_of
from models.networks import NETWORKS
from models.quantize import GRADIENTS, REAL_LAYERS
from models.train import Resident, new_network
from search.binarization.binarization import Arithmetic, Binarization, Greyscale, Input
from search.binarization.cut_points import CutPoints
from search.console.tables import markdown
from search.data.load import load_pictures
from search.data.source import Source
from search.data.split import split_pictures
from search.evaluation.budgets import BUDGETS
from search.evaluation.objective import TrialSpec, make_objective
from search.evaluation.protocol import make_protocol

CUTS = CutPoints((90, 130, 170, 210))
INPUTS = ("greyscale", "range", "thermometer")
KEYS = ["network", "weights", "activations", "input", "gradient", "real_layers", "epochs", "seed"]
FIELDS = [*KEYS, "parameters", "macs", "value", "standard_error", "seconds"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", help="data set to train on; without it, only the table is printed")
    parser.add_argument("--networks", nargs="+", choices=NETWORKS, default=["compact"])
    parser.add_argument("--weights", nargs="+", choices=WEIGHTS, default=["real", "binary"])
    parser.add_argument("--activations", nargs="+", choices=ACTIVATIONS, default=list(ACTIVATIONS))
    parser.add_argument("--inputs", nargs="+", choices=INPUTS, default=list(INPUTS))
    parser.add_argument("--gradient", choices=GRADIENTS, default="clipped")
    parser.add_argument("--real-layers", choices=REAL_LAYERS, default="last")
    parser.add_argument("--epochs", type=int, default=BUDGETS["quick"].recipe.epochs)
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("-o", "--output", type=Path, required=True)
    args = parser.parse_args()
    if args.data is not None:
        train_missing(args)
    print(markdown(table(pd.read_csv(args.output))))


def train_missing(args: argparse.Namespace) -> None:
    """Trains each combination and seed that the file lacks, and appends a row for each."""
    if not args.output.exists():
        args.output.write_text(",".join(FIELDS) + "\n")
    done = {tuple(map(str, row)) for row in pd.read_csv(args.output)[KEYS].to_numpy()}
    pictures, _ = load_pictures(Source(args.data))
    split = split_pictures(pictures, 0)
    for seed, name in product(range(args.seeds), args.networks):
        recipe = replace(
            BUDGETS["quick"].recipe,
            network=name,
            gradient=args.gradient,
            real_layers=args.real_layers,
            epochs=args.epochs,
        )
        protocol = make_protocol(split, replace(BUDGETS["quick"], recipe=recipe), 0)
        evaluate = make_objective(split, protocol, torch.device("cpu"))
        for weights, activations, input in product(args.weights, args.activations, args.inputs):
            key = (name, weights, activations, input, args.gradient, args.real_layers, args.epochs, seed)
            if tuple(map(str, key)) in done:
                continue
            given = input_of(input, Arithmetic(weights, activations))
            (result,) = evaluate([TrialSpec(given, seed)], lambda *_: False, lambda: None)
            one = Resident.of(split.train.images[:1], split.train.labels[:1], torch.device("cpu"))
            channels = sum(table.shape[1] for table in given.tables)
            network = new_network(channels, one, len(pictures.class_names), protocol.recipe)
            cost = cost_of(network, channels, *pictures.shape)
            row = [*key, cost.parameters, cost.macs, result.value, result.standard_error, round(result.seconds, 1)]
            with args.output.open("a", newline="") as handle:
                csv.writer(handle).writerow(row)
            print(*row, file=sys.stderr, flush=True)


def input_of(name: str, arithmetic: Arithmetic) -> Input:
    """Greyscale, or the cut points in an encoding."""
    return Greyscale(arithmetic) if name == "greyscale" else Binarization(CUTS, name, arithmetic)


def table(rows: pd.DataFrame) -> pd.DataFrame:
    """Returns a row per combination: costs, and mean accuracy with its standard deviation over seeds, in per cent."""
    shown = []
    for key, found in rows.groupby(KEYS[:-1], sort=False):
        sd = f" ± {100 * found['value'].std():.2f}" if len(found) > 1 else ""
        shown.append(
            dict(zip(KEYS[:-1], key, strict=True))
            | {
                "parameters": f"{found['parameters'].iloc[0]:,}",
                "multiply-accumulates": f"{found['macs'].iloc[0]:,}",
                "seeds": len(found),
                "accuracy, %": f"{100 * found['value'].mean():.2f}{sd}",
                "seconds": f"{np.median(found['seconds']):.0f}",
            }
        )
    return pd.DataFrame(shown)


if __name__ == "__main__":
    main()
