"""A small residual network.

Takes a NetworkSpec. Returns an untrained network. Never looks at data.
"""

import torch
from torch import Tensor, nn

from models.blocks import halvings
from models.constants import REAL
from models.quantize import Quantization
from models.spec import NetworkSpec


class Block(nn.Module):
    """Twice x + batch norm(conv 3×3(activation(x))); (N, C, H, W) → the same shape.

    The shortcut stays real-valued: with binary activations it is what keeps more than a bit of each pixel (Bi-Real Net,
    Liu and others 2018).
    """

    def __init__(self, filters: int, quantization: Quantization) -> None:
        super().__init__()
        self.halves = nn.ModuleList(
            nn.Sequential(
                # ReLU in place would change the shortcut.
                nn.ReLU() if quantization.activations == REAL else quantization.activation(),
                *quantization.conv(filters, filters, 3),
                nn.BatchNorm2d(filters),
            )
            for _ in range(2)
        )

    def forward(self, x: Tensor) -> Tensor:
        for half in self.halves:
            x = x + half(x)
        return x


class Residual(nn.Module):
    """conv 3×3 → max-pool → batch norm, then a block at each size, max-pooled and doubled in between, global average,
    dropout, one linear layer.

    As many sizes as leave at least 3 pixels a side (at least two, at most six halvings). Filters double up to
    `4 · width` by repeating the map, which costs no weights. The average is of real numbers, whatever the activations.

    Sign Language MNIST, width 24, four cut points as a thermometer: 221,640 parameters, 6.2 million
    multiply-accumulates, 97.0 % of the validation pictures at the quick budget, CPU, one seed (benchmarks/networks.py).

    Shapes: channels (N, C, H, W) float32 → logits (N, classes).
    """

    def __init__(self, spec: NetworkSpec) -> None:
        super().__init__()
        self.stem = nn.Sequential(
            *spec.quantization.conv(spec.channels, spec.width, 3, first=True),
            nn.MaxPool2d(2),
            nn.BatchNorm2d(spec.width),
        )
        self.sizes = [spec.width * min(2**stage, 4) for stage in range(halvings(spec.height, spec.width_px, 3))]
        self.stages = nn.ModuleList(Block(filters, spec.quantization) for filters in self.sizes)
        self.pool = nn.MaxPool2d(2)
        self.head = nn.Sequential(
            nn.ReLU(),
            nn.AdaptiveAvgPool2d(1),
            nn.Flatten(),
            nn.Dropout(spec.dropout),
            spec.quantization.last(self.sizes[-1], spec.classes),
        )

    def forward(self, channels: Tensor) -> Tensor:
        x = self.stem(channels)
        for i, (filters, stage) in enumerate(zip(self.sizes, self.stages, strict=True)):
            if i:
                x = self.pool(x)
                x = torch.cat([x] * (filters // x.shape[1]), dim=1)
            x = stage(x)
        logits: Tensor = self.head(x)
        return logits
