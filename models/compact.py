"""The compact CNN that trials train by default."""

from torch import Tensor, nn

from models.blocks import halving_blocks, halvings
from models.spec import NetworkSpec


class Compact(nn.Module):
    """Blocks of conv 3×3 → max-pool → batch norm → ReLU, dropout, one linear layer.

    Each block halves the image, until at least 3 pixels a side are left (two to six blocks): 3 blocks for 28×28, 2 for
    8×8. Block i = 0, 1, … has `width · min(2^i, 4)` filters. Max-pooling before batch norm leaves batch norm a quarter
    of the pixels (benchmarks/training.py measures the speed); the result is the same where its scale is positive.

    Sign Language MNIST, width 24, validation images at the quick budget, CPU, mean of three seeds: 97.9 % with four
    cut points as a thermometer (73,800 parameters, 4.8 million multiply-accumulates), 99.2 % with greyscale
    (benchmarks/networks.py). README.md reports the test accuracy at the full budget.

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
