"""Compares samplers for a single cut point with the best of all 255, which were all trained.

Takes the curve of benchmarks/collect.py one-cut, with or without added noise. Appends one row per sampler, start, seed
and number of trials to a CSV, and prints a Markdown table of it. Regret is the maximum of the curve minus its value at
the result of the study. The curve has one training per cut point, so it is noisier than the true curve.

    python -m benchmarks.one_cut --data sign-mnist benchmarks/results/one_cut.csv \\
        -o benchmarks/results/one_cut_regret.csv
"""

import argparse
import sys
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.simulate import append, best_tried, mean_table, run_study, training_pixels
from search.binarization.binarization import Binarization
from search.references.catalogue import references
from search.sampling.samplers import SAMPLERS
from search.sampling.space import Space, pixel_scale

CHECKS = (10, 20, 40)
FIELDS = ["sampler", "start", "noise", "seed", "trials", "regret"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("curve", type=Path)
    parser.add_argument("--data")
    parser.add_argument("--samplers", nargs="+", default=[name for name in SAMPLERS if name != "gp"], choices=SAMPLERS)
    parser.add_argument("--seeds", type=int, default=200)
    parser.add_argument("--noise", type=float, nargs="+", default=[0.0], help="standard deviations between seeds")
    parser.add_argument("-o", "--output", type=Path, required=True, help="CSV to continue or create")
    args = parser.parse_args()
    table = pd.read_csv(args.curve)
    curve = {
        int(ranges.split(",")[1]): float(value) for ranges, value in zip(table["ranges"], table["value"], strict=True)
    }
    pixels = training_pixels(args.data)
    space = Space(1, ("thermometer",), pixel_scale(pixels.histogram))
    found = references("auto", lambda _: [pixels], space, args.data == "sign-mnist", 28)

    def value(binarization: Binarization) -> float:
        cut = binarization.cut_points.values[0]
        return curve[cut] if cut in curve else float(np.interp(cut, sorted(curve), [curve[c] for c in sorted(curve)]))

    done = pd.read_csv(args.output) if args.output.exists() else pd.DataFrame(columns=FIELDS)
    have = set(zip(done["sampler"], done["start"], done["noise"], done["seed"], strict=True))
    for sampler in args.samplers:
        for noise in args.noise:
            for start in ("cold", "references"):
                if start == "cold" and sampler in ("repeats", "halving"):
                    continue
                for seed in range(args.seeds):
                    if (sampler, start, noise, seed) in have:
                        continue
                    queue = found if start == "references" else []
                    tried = run_study(sampler, space, value, seed, CHECKS[-1], queue, noise)
                    rows = [
                        [sampler, start, noise, seed, n, max(curve.values()) - value(best_tried(tried[:n])[0])]
                        for n in CHECKS
                    ]
                    append(args.output, FIELDS, rows)
        print(sampler, file=sys.stderr, flush=True)
    show(pd.read_csv(args.output), curve)


def show(rows: pd.DataFrame, curve: dict[int, float]) -> None:
    """Prints a summary of the curve, and a Markdown table for each noise."""
    best = max(curve, key=lambda cut: curve[cut])
    cuts = sorted(curve)
    steps = np.diff([curve[cut] for cut in cuts], 2)
    print(
        f"{len(curve)} cut points; the best {curve[best]:.1%} at {best}, "
        f"{sum(value > curve[best] - 0.01 for value in curve.values())} within one point of it; "
        f"noise of a training by second differences {np.median(np.abs(steps)) / 0.6745 / np.sqrt(6):.2%}"
    )
    for noise, part in rows.groupby("noise"):
        print("\n" + mean_table(part, "regret", f"Regret in points, noise {100 * float(noise):g} points:"))


if __name__ == "__main__":
    main()
