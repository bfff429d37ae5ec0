"""What a network costs: parameters and multiply-accumulates.

Enters: a network and the shape of its input. Leaves: counts. Never looks at data.
"""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn


@dataclass(frozen=True)
class Cost:
    """parameters: all that training moves. macs: multiply-accumulates of convolutions and linear layers, one picture.

    Where both factors are ±1, a multiply-accumulate is one bit of an XNOR and of a popcount.
    """

    parameters: int
    macs: int


def cost_of(network: nn.Module, channels: int, height: int, width_px: int) -> Cost:
    """Counted in one forward pass of a picture of zeros; the network is in evaluation mode afterwards."""
    macs = 0

    def count(layer: nn.Module, _: Any, out: Tensor) -> None:
        nonlocal macs
        weight = layer.weight
        assert isinstance(weight, Tensor)
        macs += out.numel() * weight[0].numel()

    layers = [m for m in network.modules() if isinstance(m, nn.Conv2d | nn.Linear)]
    handles = [layer.register_forward_hook(count) for layer in layers]
    network.eval()
    with torch.inference_mode():
        device = next(network.parameters()).device
        network(torch.zeros(1, channels, height, width_px, device=device))
    for handle in handles:
        handle.remove()
    return Cost(sum(each.numel() for each in network.parameters()), macs)
