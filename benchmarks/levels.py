"""Time of each level map on tensors, beside a training step.

Prints the median milliseconds for a batch of 128 random images of 28×28 on one thread: for each level map but grey with
windows of 3, 9 and 31 or the whole image, and for a training step of the quick budget with one channel.

    python -m benchmarks.levels
"""

import argparse
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial

import numpy as np
import torch

from models.levels import level_image
from models.train import Resident, train
from search.binarization.binarization import Binarization
from search.binarization.cut_points import CutPoints
from search.binarization.levels import LEVEL_MAPS, Dither, Rank
from search.binarization.windows import WindowMap
from search.evaluation.budgets import BUDGETS
from search.evaluation.objective import lane_of

BATCH, SIDE, CLASSES, STEPS = 128, 28, 24, 10


def milliseconds(run: Callable[[], object], repeats: int) -> float:
    """The median time of a call, after one call to warm up."""
    times = []
    for _ in range(repeats + 1):
        started = time.perf_counter()
        run()
        times.append(time.perf_counter() - started)
    return 1000 * float(np.median(times[1:]))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=50)
    repeats = parser.parse_args().repeats
    torch.set_num_threads(1)
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (STEPS * BATCH, SIDE, SIDE), dtype=np.uint8)
    batch_u8 = torch.from_numpy(images[:BATCH])
    windowed = [kind for kind in LEVEL_MAPS.values() if issubclass(kind, WindowMap)]
    made = [kind(window) for kind in windowed for window in (0, 3, 9, 31) if window or kind.whole]
    for each in (Rank(), *made, Dither.bayer(4, 64)):
        print(f"{each}: {milliseconds(partial(level_image, batch_u8, each.record), repeats):.2f} ms")
    data = Resident.of(images, rng.integers(0, CLASSES, len(images)), torch.device("cpu"))
    recipe = replace(BUDGETS["quick"].recipe, epochs=1, batch_size=BATCH)
    lane = lane_of(Binarization(CutPoints((128,)), "thermometer"), seed=0)
    epoch = milliseconds(lambda: train([lane], data, data.images_u8[:1], CLASSES, recipe, None, lambda: None), 5)
    print(f"training step: {epoch / STEPS:.1f} ms")


if __name__ == "__main__":
    main()
