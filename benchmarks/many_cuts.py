"""Compares samplers for 1 to 8 cut points, for the best binarization of all and of each number of cut points.

Takes the tables of benchmarks/collect.py. A surrogate is fitted to them, and its cross-validated error is printed.
Samplers search it in simulated studies with the noise of a training seed, which is the same for every sampler. Appends
one row per sampler, start, seed and number of trials to a CSV, and prints Markdown tables of it. Regret is the highest
known value of the surrogate minus its noise-free value at the result of the study: of all, and as a mean over
k = 1..8 of the best with k cut points. If a study tried no binarization with k cut points, multi-Otsu is used, which
needs no training.

    python -m benchmarks.many_cuts --data sign-mnist benchmarks/results/many_cuts.csv benchmarks/results/one_cut.csv \\
        -o benchmarks/results/samplers.csv
"""

import argparse
import itertools
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.simulate import append, best_tried, mean_table, run_study, training_pixels
from benchmarks.surrogate import Features, Surrogate, binarizations, fit, validated
from models.constants import LEVELS
from search.binarization.binarization import Binarization
from search.binarization.cut_points import CutPoints
from search.config import SEVERAL
from search.references.catalogue import Reference, references
from search.references.pixels import Pixels
from search.references.rules import multi_otsu
from search.sampling.samplers import SAMPLERS
from search.sampling.space import Space, pixel_scale

MAX_CUTS = 8
CHECKS = (30, 60, 100)
FIELDS = ["sampler", "start", "noise", "seed", "trials", "regret", "front_regret", "binarization"]
NO_SEARCH = ("repeats", "halving")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tables", type=Path, nargs="+")
    parser.add_argument("--data")
    parser.add_argument(
        "--samplers", nargs="+", choices=SAMPLERS, default=[n for n in SAMPLERS if n not in ("gp", "qmc")]
    )
    parser.add_argument("--checks", nargs="+", type=int, default=CHECKS, help="numbers of trials")
    parser.add_argument("--seeds", type=int, default=50)
    parser.add_argument("--first-seed", type=int, default=1000, help="first seed; smaller seeds are for tuning")
    parser.add_argument("--noise", type=float, default=0.005, help="standard deviation between training seeds")
    parser.add_argument("-o", "--output", type=Path, required=True, help="CSV to continue or create")
    args = parser.parse_args()
    pixels = training_pixels(args.data)
    space = Space(MAX_CUTS, SEVERAL["both"], pixel_scale(pixels.histogram))
    surrogate, many, table = fitted(args.tables, space, pixels.histogram)
    show_fit(surrogate, many, table)
    found = references("auto", lambda _: [pixels], space, args.data == "sign-mnist", 28)
    best = best_known(surrogate, [*many, *(reference.binarization for reference in found)], space.encodings)
    for k, (binarization, value) in best.items():
        print(f"best known, k = {k or 'any'}: {value:.2%} {binarization}", file=sys.stderr)
    seeds = range(args.first_seed, args.first_seed + args.seeds)
    for sampler in args.samplers:
        simulate(sampler, space, surrogate, found, best, pixels, seeds, args.checks, args.noise, args.output)
    show(pd.read_csv(args.output))


def fitted(
    tables: Iterable[Path], space: Space, histogram: np.ndarray
) -> tuple[Surrogate, list[Binarization], pd.DataFrame]:
    """Returns the surrogate, and the binarizations and table that it was fitted to."""
    table = pd.concat([pd.read_csv(each) for each in tables], ignore_index=True)
    many = binarizations(table)
    return fit(Features(space.edges, histogram), many, table["value"].to_numpy()), many, table


def show_fit(surrogate: Surrogate, many: Sequence[Binarization], table: pd.DataFrame) -> None:
    """Prints the error of ten-fold cross-validation, for all and for those within ten points of the best of their k."""
    values = table["value"].to_numpy()
    made = validated(surrogate.features, many, values, surrogate, 10)
    top = values > (table.groupby("cuts")["value"].transform("max") - 0.1).to_numpy()
    for name, rows in (
        ("all", np.ones(len(values), bool)),
        ("two and more cut points", (table["cuts"] > 1).to_numpy()),
        ("those within 10 points of the best of their k", top & (table["cuts"] > 1).to_numpy()),
    ):
        left = values[rows] - made[rows]
        print(
            f"surrogate, {name}: {rows.sum()} trainings, cross-validated R² {1 - left.var() / values[rows].var():.3f}, "
            f"standard deviation of residuals {left.std():.2%}, median {np.median(np.abs(left)):.2%}"
        )


def best_known(
    surrogate: Surrogate, many: Sequence[Binarization], encodings: Sequence[str]
) -> dict[int, tuple[Binarization, float]]:
    """Returns the best for each k, and of all under 0, by coordinate descent from the four best of each k."""
    values = surrogate(many)
    best: dict[int, tuple[Binarization, float]] = {}
    for k in range(1, MAX_CUTS + 1):
        ranked = sorted((v, i) for i, v in enumerate(values) if len(many[i].cut_points) == k)[-4:]
        for (_, i), encoding in itertools.product(ranked, encodings):
            now = Binarization(many[i].cut_points, encoding)
            value = float(surrogate([now])[0])
            while True:
                near = list(neighbors(now))
                made = surrogate(near)
                if made.max() <= value + 1e-6:
                    break
                now, value = near[int(made.argmax())], float(made.max())
            if k not in best or value > best[k][1]:
                best[k] = now, value
    best[0] = max(best.values(), key=lambda each: each[1])
    return dict(sorted(best.items()))


def neighbors(binarization: Binarization) -> Iterable[Binarization]:
    """Yields all binarizations that differ in one cut point."""
    cuts = binarization.cut_points.values
    for i, level in itertools.product(range(len(cuts)), range(1, LEVELS)):
        if level not in cuts:
            yield Binarization(CutPoints(tuple(sorted((*cuts[:i], level, *cuts[i + 1 :])))), binarization.encoding)


def simulate(
    sampler: str,
    space: Space,
    surrogate: Surrogate,
    found: Sequence[Reference],
    best: dict[int, tuple[Binarization, float]],
    pixels: Pixels,
    seeds: Iterable[int],
    checks: Sequence[int],
    noise: float,
    output: Path,
) -> None:
    """Simulates the studies of one sampler and appends their rows.

    A cold study is evaluated at each number of trials. With references there is one study per number of trials, because
    the number of references depends on it.
    """
    done = pd.read_csv(output) if output.exists() else pd.DataFrame(columns=FIELDS)
    have = set(zip(done["sampler"], done["start"], done["noise"], done["seed"], done["trials"], strict=True))
    known: dict[Binarization, float] = {}

    def value(binarization: Binarization) -> float:
        if binarization not in known:
            known[binarization] = float(surrogate([binarization])[0])
        return known[binarization]

    otsu = {k: Binarization(cuts, space.encodings[0]) for k in best if k and (cuts := multi_otsu(pixels, k))}
    plans = [("references", [n]) for n in checks]
    if sampler not in NO_SEARCH:
        plans.append(("cold", list(checks)))
    for seed, (start, read) in itertools.product(seeds, plans):
        if all((sampler, start, noise, seed, n) in have for n in read):
            continue
        tried = run_study(sampler, space, value, seed, read[-1], found if start == "references" else [], noise)
        rows = []
        for n in read:
            back = best_tried(tried[:n])
            front = [best[k][1] - value(back.get(k, otsu[k])) for k in best if k]
            regret = best[0][1] - value(back[0])
            rows.append([sampler, start, noise, seed, n, regret, float(np.mean(front)), str(back[0])])
        append(output, FIELDS, rows)
    print(sampler, file=sys.stderr, flush=True)


def show(rows: pd.DataFrame) -> None:
    """Prints Markdown tables for each noise."""
    for noise, part in rows.groupby("noise"):
        points = f"noise {100 * float(noise):g} points"
        print("\n" + mean_table(part, "regret", f"Best of all, regret in points, {points}:"))
        print(
            "\n"
            + mean_table(part, "front_regret", f"Best for each k = 1..{MAX_CUTS}, mean regret in points, {points}:")
        )


if __name__ == "__main__":
    main()
