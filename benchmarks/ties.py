"""How often --pick smallest-tied calls equal binarizations distinguishable from the best, by a simulation.

Validation photos and trainings are drawn as in benchmarks.coverage: 316 photos of 21 variants, and an image is
classified correctly if a normal score is positive. The score is a sum of the difficulty of the photo, for all
binarizations and for this one, the effect of a seed on all photos and on this photo, and a small effect of the variant.
All candidates of a study are equally good and have one trial; some have a second or third.

"seeds" is the standard deviation of a trial's value between seeds, in points; "prior" is the value that
search.deploy.ties assumes without replicates. "before" is the 95 % interval over photos alone, "after" is
search.deploy.ties. Detected: how often a fixed candidate is called distinguishable from the best of the study. It is
equal, so up to 5 are allowed. In the last columns it is truly worse by the given points and should be detected. Shares
are in per cent.

    python -m benchmarks.ties
"""

import argparse
import gc
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.stats import norm

from search.deploy.ties import SEEDS_OF_SHARES, Candidate, tied
from search.evaluation.metrics import NORMAL_95
from storage.scores import Scores, mean_of

PHOTOS, VARIANTS = 316, 21
COMMON, OWN, VARIANT = 0.6, 0.1, 0.05  # variances: photo, binarization × photo, variant
WORSE = (0.01, 0.02, 0.04)
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Row:
    """One setting of the simulation.

    interaction: variance of seed × photo. shared: standard deviation of the effect of a seed on all photos, in
    accuracy. repeated: number of candidates with `trials` trials.
    """

    accuracy: float
    interaction: float
    shared: float
    candidates: int = 2
    repeated: int = 0
    trials: int = 2


def trials(row: Row, less: float, number: int, common: Floats, rng: np.random.Generator) -> list[Scores]:
    """Draws the scores of `number` trainings of a binarization whose true accuracy is `less` lower."""
    shared = (row.shared / norm.pdf(norm.ppf(row.accuracy))) ** 2
    score = norm.ppf(row.accuracy - less) * np.sqrt(COMMON + OWN + shared + row.interaction + VARIANT)
    score = score + common + rng.normal(0, np.sqrt(OWN), PHOTOS) + rng.normal(0, np.sqrt(shared), (number, 1))
    score = score + rng.normal(0, np.sqrt(row.interaction), (number, PHOTOS))
    right = rng.binomial(VARIANTS, norm.cdf(score / np.sqrt(VARIANT))) / VARIANTS
    return [Scores(each / PHOTOS, np.full(PHOTOS, 1 / PHOTOS)) for each in right]


def study(row: Row, less: float, rng: np.random.Generator) -> tuple[list[Candidate], int]:
    """Returns the candidates of a study, best first, and the position of the one that is `less` worse."""
    common = rng.normal(0, np.sqrt(COMMON), PHOTOS)
    made = []
    for i in range(row.candidates):
        number = row.trials if i < row.repeated else 1
        scores = trials(row, less if i == 0 else 0.0, number, common, rng)
        mean = mean_of(scores)
        made.append(Candidate(mean.value, [each.value for each in scores], mean.standard_error, mean))
    order = sorted(range(row.candidates), key=lambda i: -made[i].value)
    return [made[i] for i in order], order.index(0)


def detected_before(candidates: list[Candidate], named: int) -> bool:
    """Returns whether 1.96 standard errors over photos separate the named candidate from the best."""
    best, one = candidates[0].scores, candidates[named].scores
    assert best is not None
    assert one is not None
    difference = best - one
    return bool(difference.value > NORMAL_95 * difference.standard_error)


def shares(row: Row, less: float, simulations: int, seed: int) -> tuple[float, float]:
    """Returns how often the named candidate is detected, before and after."""
    rng, before, after = np.random.default_rng(seed), 0, 0
    for _ in range(simulations):
        candidates, named = study(row, less, rng)
        before += detected_before(candidates, named)
        after += not tied(candidates, is_share=True)[named]
    return before / simulations, after / simulations


def seeds_sd(row: Row, seed: int) -> float:
    """Returns the standard deviation of a trial's value between seeds, on the same photos."""
    rng, variances = np.random.default_rng(seed), []
    for _ in range(20):
        common = rng.normal(0, np.sqrt(COMMON), PHOTOS)
        variances.append(np.var([each.value for each in trials(row, 0.0, 40, common, rng)], ddof=1))
    return float(np.sqrt(np.mean(variances)))


def line(row: Row, simulations: int, seed: int) -> str:
    """Returns one row of the table."""
    prior = np.sqrt(SEEDS_OF_SHARES * row.accuracy * (1 - row.accuracy))
    before, after = shares(row, 0.0, simulations, seed)
    found = [shares(row, less, simulations // 4, seed)[1] for less in WORSE]
    sds = [f"{100 * x:.2f}" for x in (seeds_sd(row, seed), prior)]
    repeats = f"{row.repeated} × {row.trials}" if row.repeated else ""
    cells = [f"{100 * row.accuracy:.4g}", *sds, f"{row.candidates}", repeats]
    cells += [f"{100 * x:.1f}" for x in (before, after)] + [f"{100 * x:.0f}" for x in found]
    return f"| {' | '.join(cells)} |"


HEADER = f"""\
| accuracy | seeds | prior | candidates | with replicates | detected before | detected after | \
{" | ".join(f"{100 * less:g} worse: detected" for less in WORSE)} |
|---|---|---|---|---|---|---|---|---|---|"""


def settings() -> list[Row]:
    """Returns the settings of the table."""
    rows = []
    for accuracy in (0.955, 0.98, 0.995):
        prior = float(np.sqrt(SEEDS_OF_SHARES * accuracy * (1 - accuracy)))
        rows += [Row(accuracy, 0.05, share * prior) for share in (0.0, 1.0, 2.0)]
    prior = float(np.sqrt(SEEDS_OF_SHARES * 0.98 * 0.02))
    for candidates in (10, 40, 100):
        rows += [Row(0.98, 0.05, share * prior, candidates) for share in (0.0, 1.0, 2.0)]
    for repeated, number in ((1, 2), (10, 2), (20, 3)):
        rows += [Row(0.98, 0.05, share * prior, 40, repeated, number) for share in (0.0, 1.0, 2.0)]
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--simulations", type=int, default=400, help="simulations per row (default: %(default)s)")
    args = parser.parse_args()
    gc.freeze()  # statsmodels collects garbage at each call, which otherwise takes most of the time
    print(HEADER)
    for seed, row in enumerate(settings()):
        print(line(row, args.simulations, seed), flush=True)
    print(f"\n{args.simulations} simulations per row, a quarter of that for worse candidates")


if __name__ == "__main__":
    main()
