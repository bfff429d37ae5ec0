"""The compact CNN that every trial trains.

Takes a NetworkSpec. Returns an untrained network.
Never looks at data.
"""

from torch import Tensor, nn

from models.blocks import halving_blocks, halvings
from models.spec import NetworkSpec


class Compact(nn.Module):
    """Blocks of conv 3×3 → max-pool → batch norm → ReLU, dropout, one linear layer.

    A block halves the picture; there are as many as leave at least 3 pixels a side (at least two,
    at most six): 3 for 28×28, 2 for 8×8. Block i has `width · min(2^i, 4)` filters. Max-pool comes
    before batch norm because the norm then has a quarter of the pixels to work on (a part of what
    benchmarks/training.py measures), and computes the same where the norm's scale is positive.

    Sign Language MNIST, width 24, CPU, three seeds, validation pictures at the quick budget (benchmarks/networks.py):
    four cut points as a thermometer 97.9 % with 73,800 parameters and 4.8 million multiply-accumulates, greyscale 99.2.
    README.md has test accuracy at full.

    Shapes: channels (N, C, H, W) float32 → logits (N, classes).
    """

    def __init__(self, spec: NetworkSpec) -> None:
        super().__init__()
        depth = halvings(spec.height, spec.width_px, 3)
        filters = [spec.width * min(2**block, 4) for block in range(depth)]
        self.features = halving_blocks(spec.channels, filters, 3, spec.quantization)
        cells = (spec.height >> depth) * (spec.width_px >> depth)
        self.head = nn.Sequential(
            nn.Flatten(), nn.Dropout(spec.dropout), spec.quantization.last(filters[-1] * cells, spec.classes)
        )

    def forward(self, channels: Tensor) -> Tensor:
        logits: Tensor = self.head(self.features(channels))
        return logits
