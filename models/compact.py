"""The compact CNN that every trial trains.

Enters: the picture's size, the channels, the classes, a width. Leaves: an untrained network.
Never looks at data.
"""

import math

from torch import Tensor, nn


class Compact(nn.Module):
    """Blocks of conv 3×3 → max-pool → batch norm → ReLU, dropout, one linear layer.

    A block halves the picture; there are as many as leave at least 3 pixels a side (at least two,
    at most six): 3 for 28×28, 2 for 8×8. Block i has `width · min(2^i, 4)` filters. Max-pool comes
    before batch norm because the norm then has a quarter of the pixels to work on (a part of what
    benchmarks/training.py measures), and computes the same where the norm's scale is positive.

    Sign Language MNIST, greyscale, 80 % of the training photos, CPU, one seed: 99.5 % of the validation pictures at
    the quick budget (python -m search.study). README.md has test accuracy at full.

    Shapes: channels (N, C, H, W) float32 → logits (N, classes).
    """

    def __init__(self, channels: int, height: int, width_px: int, classes: int, width: int, dropout: float) -> None:
        super().__init__()
        side = min(height, width_px)
        depth = min(max(int(math.log2(max(side, 1) / 3)), 2), 6)
        layers: list[nn.Module] = []
        before = channels
        for block in range(depth):
            filters = width * min(2**block, 4)
            layers += [
                nn.Conv2d(before, filters, 3, padding=1, bias=False),
                nn.MaxPool2d(2),
                nn.BatchNorm2d(filters),
                nn.ReLU(inplace=True),
            ]
            before = filters
        self.features = nn.Sequential(*layers)
        cells = (height >> depth) * (width_px >> depth)
        self.head = nn.Sequential(nn.Flatten(), nn.Dropout(dropout), nn.Linear(before * cells, classes))

    def forward(self, channels: Tensor) -> Tensor:
        logits: Tensor = self.head(self.features(channels))
        return logits


NETWORKS: dict[str, type[nn.Module]] = {"compact": Compact}
