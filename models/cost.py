"""The cost of a network: parameters and multiply-accumulates."""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn


@dataclass(frozen=True)
class Cost:
    """parameters: number of trained values. macs: multiply-accumulates of convolutions and linear layers per image.

    Where weights and activations are ±1, a multiply-accumulate is one bit of an XNOR and a popcount.
    """

    parameters: int
    macs: int


def cost_of(network: nn.Module, channels: int, height: int, width_px: int) -> Cost:
    """Counts parameters, and the multiply-accumulates of one forward pass on zeros.

    network: takes (N, channels, height, width_px); it is in evaluation mode afterwards.
    """
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
