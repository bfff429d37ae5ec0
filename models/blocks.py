"""Building blocks that the networks share."""

import math
from collections.abc import Sequence

from torch import nn

from models.quantize import Quantization


def halvings(height: int, width_px: int, smallest: int) -> int:
    """The number of halvings, from two to six, that leaves at least `smallest` pixels a side where possible."""
    return min(max(int(math.log2(max(min(height, width_px), 1) / smallest)), 2), 6)


def halving_blocks(channels: int, filters: Sequence[int], size: int, quantization: Quantization) -> nn.Sequential:
    """One block of conv size×size → max-pool → batch norm → activation for each number in `filters`.

    (N, channels, H, W) → (N, filters[-1], H >> len(filters), W >> len(filters)).
    """
    layers: list[nn.Module] = []
    before = channels
    for block, own in enumerate(filters):
        layers += [
            *quantization.conv(before, own, size, first=block == 0),
            nn.MaxPool2d(2),
            nn.BatchNorm2d(own),
            quantization.activation(),
        ]
        before = own
    return nn.Sequential(*layers)
