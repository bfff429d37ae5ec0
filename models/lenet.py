"""A network like LeNet-5, for comparison with published results."""

from torch import Tensor, nn

from models.blocks import halving_blocks, halvings
from models.spec import NetworkSpec


class LeNet(nn.Module):
    """Blocks of conv 5×5 → max-pool → batch norm → ReLU, a hidden linear layer, dropout, a linear layer.

    LeNet-5 (LeCun, Bottou, Bengio and Haffner 1998) with padding, max-pooling and batch norm. Each block halves the
    image, until at least 4 pixels a side are left (two to six blocks): 2 blocks for 28×28. The first block has `width`
    filters, the others `2 · width`, the hidden layer has `5 · width` units.

    Sign Language MNIST, width 24, four cut points as a thermometer: 97.9 % of validation images at the quick budget,
    CPU, mean of two seeds; 316,728 parameters, 7.8 million multiply-accumulates (benchmarks/networks.py).

    Shapes: channels (N, C, H, W) float32 → logits (N, classes).
    """

    def __init__(self, spec: NetworkSpec) -> None:
        super().__init__()
        depth = halvings(spec.height, spec.width_px, 4)
        filters = [spec.width, *[2 * spec.width] * (depth - 1)]
        self.features = halving_blocks(spec.channels, filters, 5, spec.quantization)
        cells, hidden = (spec.height >> depth) * (spec.width_px >> depth), 5 * spec.width
        self.head = nn.Sequential(
            nn.Flatten(),
            spec.quantization.hidden(filters[-1] * cells, hidden),
            nn.BatchNorm1d(hidden),
            spec.quantization.activation(),
            nn.Dropout(spec.dropout),
            spec.quantization.last(hidden, spec.classes),
        )

    def forward(self, channels: Tensor) -> Tensor:
        logits: Tensor = self.head(self.features(channels))
        return logits
