"""Compares the values of --color on generated images in which color matters, with one study each.

There are six classes: a disc or a square in red, green or blue of the same luma, on a noisy background of that luma.
Grey by luma contains only noise, one channel separates one color from the other two, and three channels separate all.
Prints the best candidate of each study.

    python -m benchmarks.color --trials 30 -o results/colors
"""

import argparse
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from search.binarization.binarization import Binarization
from search.config import StudyConfig
from search.console.tables import markdown
from search.data.color import COLOR_CHOICES
from search.evaluation.metrics import METRICS
from search.study import run_study
from storage.database import open_database
from storage.results import load_results

SIDE, PHOTOS, LUMA, LOW = 16, 80, 60.0, 40.0  # LOW: level of the other two colors inside a shape
LUMA_WEIGHTS = np.array([0.299, 0.587, 0.114])
NAMES = [f"{hue} {shape}" for shape in ("disc", "square") for hue in ("red", "green", "blue")]


def pictures(seed: int = 0) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.int64]]:
    """Returns images (N, 16, 16, 3) and labels (N,), PHOTOS of each class."""
    rng = np.random.default_rng(seed)
    labels = np.arange(len(NAMES) * PHOTOS) % len(NAMES)
    down, across = np.mgrid[:SIDE, :SIDE]
    images = np.full((len(labels), SIDE, SIDE, 3), LUMA)
    for image, label in zip(images, labels, strict=True):
        center, size = rng.uniform(5, SIDE - 6, 2), rng.uniform(3, 5)
        distances = np.abs(down - center[0]), np.abs(across - center[1])
        inside = np.hypot(*distances) < size if label < 3 else np.maximum(*distances) < size * 0.886  # of equal area
        own = label % 3
        image[inside] = LOW
        image[inside, own] += (LUMA - LOW) / LUMA_WEIGHTS[own]
    noisy = images + rng.normal(0, 8, images.shape)
    return np.clip(np.rint(noisy), 0, 255).astype(np.uint8), labels


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trials", type=int, default=30)
    parser.add_argument("-o", "--output", type=Path, required=True, help="folder for images, database and reports")
    args = parser.parse_args()
    args.output.mkdir(parents=True, exist_ok=True)
    images, labels = pictures()
    np.savez(args.output / "colors.npz", images=images, labels=labels, class_names=np.array(NAMES))
    storage, rows = f"sqlite:///{args.output}/studies.db", []
    for color in COLOR_CHOICES:
        name = color.replace(":", "-")
        config = StudyConfig(
            data=str(args.output / "colors.npz"),
            color=color,
            trials=args.trials,
            max_cuts=3,
            width=12,
            augmentation="none",
            study_name=name,
            output_dir=args.output / name,
        )
        run_study(config, storage)
        results = load_results(open_database(storage), name)
        best, metric = results.candidates.iloc[0], METRICS["accuracy"]
        without = results.greyscale
        rows.append(
            {
                "--color": color,
                "best": str(Binarization.from_key(best["key"])),
                "bits per pixel": best["channels"],
                "validation accuracy": metric.shown(best["value"], best["standard_error"]),
                "without cut points": "" if without is None else metric.shown(without.value, without.standard_error),
            }
        )
    print(markdown(pd.DataFrame(rows)))


if __name__ == "__main__":
    main()
