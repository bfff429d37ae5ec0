"""The networks by name.

Each is made of channels, height, width in pixels, classes, filters of its first block, dropout and a quantization.
"""

from torch import nn

from models.compact import Compact
from models.lenet import LeNet
from models.residual import Residual

NETWORKS: dict[str, type[nn.Module]] = {"compact": Compact, "lenet": LeNet, "residual": Residual}
