"""The networks that come with Cutpoints, by name."""

from collections.abc import Callable

from torch import nn

from models.compact import Compact
from models.lenet import LeNet
from models.residual import Residual
from models.spec import NetworkSpec

NETWORKS: dict[str, Callable[[NetworkSpec], nn.Module]] = {"compact": Compact, "lenet": LeNet, "residual": Residual}
