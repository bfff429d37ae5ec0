"""Coverage of the intervals of search.confirmation.statistics, by a simulation with known accuracies.

An image is classified correctly if a normal score is positive. The score is a sum of the difficulty of the photo for
all models, its difficulty for this model, the effect of a training seed on all photos, its effect on this photo, and a
small effect of the variant, so the accuracy over all photos and seeds is known. There are 316 photos of 21 variants, as
in the test set of Sign Language MNIST. A model of 97 to 100 % accuracy is compared with an equal one and with worse
ones, trained with S and T seeds. The estimate is for the worse one.

For comparison, "plain" is a percentile bootstrap over photos and seeds. "seeds" is the standard deviation, in points of
accuracy, of the effect of seeds on all photos. Shares are in per cent and widths in points. For equal models, a share
of 2.5 may be called better, and 2.5 worse. A second table shows how often a truly better model is called better.

    python -m benchmarks.coverage
"""

import argparse
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.stats import norm

from search.confirmation.statistics import Difference, Estimate, difference, estimate

PHOTOS, VARIANTS = 316, 21
COMMON, OWN, INTERACTION, VARIANT = 0.6, 0.1, 0.25, 0.05  # variances: photo, model × photo, seed × photo, variant
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Row:
    """One setting of the simulation.

    seeds_sd: standard deviation of the effect of seeds on all photos, in accuracy (of the rival, if ours is 1). truth:
    true difference between our model and its rival. rivals_seeds: seeds of the rival; None for as many as ours.
    """

    seeds: int
    seeds_sd: float
    truth: float
    accuracy: float = 0.97
    rivals_seeds: int | None = None

    @property
    def of_rival(self) -> int:
        """Number of trainings of the rival."""
        return self.seeds if self.rivals_seeds is None else self.rivals_seeds


@dataclass(frozen=True)
class Drawn:
    """Result of one simulation: intervals of the rival, of the difference, and of the difference by plain bootstrap."""

    estimate: Estimate
    difference: Difference
    plain: Difference


def trainings(
    accuracy: float, row: Row, seeds: int, common: npt.NDArray[np.float64], rng: np.random.Generator
) -> Bools:
    """Draws which images a model of this true accuracy classifies correctly after each training, (S, N)."""
    known = row.accuracy if row.accuracy < 1 else row.accuracy - row.truth
    shared = (row.seeds_sd / norm.pdf(norm.ppf(known))) ** 2
    score = norm.ppf(accuracy) * np.sqrt(COMMON + OWN + shared + INTERACTION + VARIANT)
    score = score + common + rng.normal(0, np.sqrt(OWN), PHOTOS)
    score = score + rng.normal(0, np.sqrt(shared), (seeds, 1))
    score = score + rng.normal(0, np.sqrt(INTERACTION), (seeds, PHOTOS))
    right = rng.binomial(VARIANTS, norm.cdf(score / np.sqrt(VARIANT)))
    correct: Bools = (np.arange(VARIANTS) < right[:, :, None]).reshape(seeds, -1)
    return correct


def plain(ours: Bools, theirs: Bools, photos: npt.NDArray[np.float64], rng: np.random.Generator) -> Difference:
    """Returns the percentile bootstrap that resamples photos, and each model's seeds, with replacement."""
    values = []
    for correct in (ours, theirs):
        seeds = rng.multinomial(len(correct), np.full(len(correct), 1 / len(correct)), len(photos)) / len(correct)
        by_photo = correct.reshape(len(correct), PHOTOS, VARIANTS).mean(axis=2)
        values.append(((photos @ by_photo.T) * seeds).sum(axis=1))
    low, high = np.quantile(values[0] - values[1], [0.025, 0.975])
    return Difference(float(ours.mean() - theirs.mean()), float(low), float(high), p=0.0)


def simulate(row: Row, simulations: int, resamples: int, seed: int) -> list[Drawn]:
    """Draws photos and trainings repeatedly and computes their intervals."""
    rng = np.random.default_rng(seed)
    groups = np.repeat(np.arange(PHOTOS), VARIANTS)
    photos = rng.multinomial(PHOTOS, np.full(PHOTOS, 1 / PHOTOS), resamples) / PHOTOS
    found = []
    for i in range(simulations):
        common = rng.normal(0, np.sqrt(COMMON), PHOTOS)
        ours = trainings(row.accuracy, row, row.seeds, common, rng)
        theirs = trainings(row.accuracy - row.truth, row, row.of_rival, common, rng)
        theirs_alone = estimate(theirs, groups, i, resamples)
        found.append(
            Drawn(theirs_alone, difference(ours, theirs, groups, i, resamples), plain(ours, theirs, photos, rng))
        )
    return found


def covered(intervals: list[Estimate] | list[Difference], truth: float) -> float:
    """Returns the share of intervals that contain the true value."""
    return float(np.mean([i.low <= truth <= i.high for i in intervals]))


def called(drawn: list[Drawn], verdict: str) -> float:
    """Returns the share of simulations with this verdict."""
    return float(np.mean([d.difference.verdict == verdict for d in drawn]))


def line(row: Row, drawn: list[Drawn]) -> str:
    """Returns one row of the table."""
    ours, plains = [d.difference for d in drawn], [d.plain for d in drawn]
    widths = [[i.high - i.low for i in intervals] for intervals in ([d.estimate for d in drawn], ours, plains)]
    shares = [covered([d.estimate for d in drawn], row.accuracy - row.truth), covered(ours, row.truth)]
    shares += [called(drawn, "better"), called(drawn, "worse")]
    cells = [
        f"{100 * row.accuracy:.4g}",
        f"{100 * row.truth:.4g}",
        f"{row.seeds}",
        f"{row.of_rival}",
        f"{100 * row.seeds_sd:.4g}",
        *[f"{100 * x:.1f}" for x in shares],
    ]
    cells += [f"{100 * np.mean(w):.2f} ({100 * np.median(w):.2f})" for w in widths[:2]]
    cells += [f"{100 * covered(plains, row.truth):.1f}", f"{100 * np.mean(widths[2]):.2f}"]
    return f"| {' | '.join(cells)} |"


HEADER = """\
| accuracy | true difference | S | T | seeds | estimate covers | difference covers | called better | called worse \
| estimate's width, mean (median) | difference's width | plain covers | plain width |
|---|---|---|---|---|---|---|---|---|---|---|---|---|"""


DETECTED = """\
| accuracy | true difference | seeds | detected with 3 seeds | detected with 10 seeds |
|---|---|---|---|---|"""


def settings() -> list[Row]:
    """Returns the settings of the first table."""
    rows = [Row(s, sd, 0.0) for s in (2, 3, 5, 10) for sd in (0.0, 0.003, 0.01)]
    rows += [Row(s, 0.003, 0.01) for s in (2, 3, 5, 10)]
    rows += [Row(s, 0.003, 0.0, 0.99) for s in (3, 5, 10)]
    rows += [Row(s, 0.002, 0.0, 0.995) for s in (3, 10)]
    for s in (3, 10):
        rows += [Row(s, 0.0003, 0.0, accuracy) for accuracy in (0.998, 0.999, 0.9996)]
        rows += [Row(s, 0.0003, 0.0004, 0.9996)]
        rows += [Row(s, 0.0001, truth, 0.9999) for truth in (0.0, 0.0004, 0.001, 0.002, 0.004)]
        rows += [Row(s, sd, truth, 1.0) for sd, truth in ((0.0003, 0.001), (0.001, 0.004), (0.003, 0.02))]
    for s, t in ((10, 3), (3, 10), (10, 2), (5, 3)):
        rows += [Row(s, 0.0003, 0.0, accuracy, t) for accuracy in (0.9985, 0.999, 0.9996)]
    rows += [Row(10, 0.003, 0.0, accuracy, 3) for accuracy in (0.97, 0.99)]
    rows += [Row(10, 0.0003, 0.002, accuracy, 3) for accuracy in (0.999, 0.9996)]
    return rows


# Accuracy, standard deviation of seeds, and true differences of the second table.
DIFFERENCES = (
    (0.98, 0.003, (0.01, 0.02, 0.03)),
    (0.995, 0.002, (0.005, 0.01, 0.02)),
    (0.999, 0.0003, (0.002, 0.004, 0.01)),
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--simulations", type=int, default=500, help="simulations per row (default: %(default)s)")
    parser.add_argument("--resamples", type=int, default=999, help="resamples of each bootstrap (default: %(default)s)")
    args = parser.parse_args()
    print(HEADER)
    for seed, row in enumerate(settings()):
        print(line(row, simulate(row, args.simulations, args.resamples, seed)), flush=True)
    print(f"\n{DETECTED}")
    for accuracy, sd, truths in DIFFERENCES:
        for truth in truths:
            found = [
                called(simulate(Row(s, sd, truth, accuracy), args.simulations, args.resamples, s), "better")
                for s in (3, 10)
            ]
            cells = [f"{100 * x:.4g}" for x in (accuracy, truth, sd)] + [f"{100 * x:.0f}" for x in found]
            print(f"| {' | '.join(cells)} |", flush=True)
    print(f"\n{args.simulations} simulations per row, {args.resamples} resamples each")


if __name__ == "__main__":
    main()
