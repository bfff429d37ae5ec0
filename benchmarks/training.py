"""Time of one training epoch, compared with a straightforward implementation.

Both train the same network on 8,000 random 28×28 images with four cut points (five channels) and batch size 128.
`loader` is a DataLoader over a data set that binarizes in `__getitem__`, with contiguous tensors, Adam, and batch norm
before max-pooling. `resident` is models.train, in each precision. Prints the minimum seconds per epoch over some
repeats, in which the variants alternate.

    python -m benchmarks.training
"""

import argparse
import time
from collections.abc import Callable
from functools import partial

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.utils.data import DataLoader, Dataset

from models.recipe import PRECISIONS, Recipe
from models.train import Resident, train
from search.binarization.binarization import Binarization
from search.binarization.cut_points import CutPoints
from search.evaluation.objective import lane_of

N, CLASSES = 8000, 24
BINARIZATION = Binarization(CutPoints((90, 150, 170, 210)), "range")


class Binarizing(Dataset[tuple[Tensor, int]]):
    """A data set that binarizes one image at a time."""

    def __init__(self, images: np.ndarray, labels: np.ndarray) -> None:
        self.images, self.labels = images, labels

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, i: int) -> tuple[Tensor, int]:
        ranges = BINARIZATION.cut_points.ranges
        upper = [*ranges[1:-1], 256]
        planes = [(self.images[i] >= a) & (self.images[i] < b) for a, b in zip(ranges, upper, strict=False)]
        return torch.tensor(np.stack(planes), dtype=torch.float32), int(self.labels[i])


def loader_epoch(images: np.ndarray, labels: np.ndarray) -> None:
    """Trains one epoch with a straightforward implementation."""
    layers: list[nn.Module] = []
    for before, filters in ((5, 24), (24, 48), (48, 96)):
        layers += [nn.Conv2d(before, filters, 3, padding=1), nn.BatchNorm2d(filters), nn.ReLU(), nn.MaxPool2d(2)]
    network = nn.Sequential(*layers, nn.Flatten(), nn.Dropout(0.25), nn.Linear(96 * 9, CLASSES))
    optimizer = torch.optim.Adam(network.parameters())
    for x, y in DataLoader(Binarizing(images, labels), batch_size=128, shuffle=True):
        loss = functional.cross_entropy(network(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()


def resident_epoch(precision: str, images: np.ndarray, labels: np.ndarray) -> None:
    """Trains one epoch with models.train and a validation set of one batch."""
    device = torch.device("cpu")
    training = Resident.of(images, labels, device)
    validation = Resident.of(images[:128], labels[:128], device)
    recipe = Recipe(epochs=1, precision=precision)
    train([lane_of(BINARIZATION, 0)], training, validation.images_u8, CLASSES, recipe, lambda *_: False, lambda: None)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=3)
    args = parser.parse_args()
    rng = np.random.default_rng(0)
    images, labels = rng.integers(0, 256, (N, 28, 28), dtype=np.uint8), rng.integers(0, CLASSES, N)
    epochs: dict[str, Callable[[np.ndarray, np.ndarray], None]] = {
        "loader": loader_epoch,
        **{f"resident {p}": partial(resident_epoch, p) for p in PRECISIONS},
    }
    seconds: dict[str, list[float]] = {name: [] for name in epochs}
    for _ in range(args.repeats + 1):  # the first run of each is a warm-up
        for name, epoch in epochs.items():
            started = time.perf_counter()
            epoch(images, labels)
            seconds[name].append(time.perf_counter() - started)
    fastest = {name: min(times[1:]) for name, times in seconds.items()}
    print(f"{N} images, {torch.get_num_threads()} threads")
    for name, each in fastest.items():
        print(f"{name}: {each:.2f} s, {fastest['loader'] / each:.1f}× loader's speed")


if __name__ == "__main__":
    main()
