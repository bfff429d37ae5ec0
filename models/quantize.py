"""Binary weights and activations: sign with a surrogate gradient, and the layers that use it.

Enters: tensors of real numbers. Leaves: the same shapes, with the values -1 and +1 (times a mean for each filter, where
weights are xnor). The numbers behind binary weights, the latent ones, stay float32, are kept in -1..1 and trained like
any others. sign(0) is +1, also of -0.0; torch.sign would give 0, a third value.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import torch
from torch import Tensor, nn
from torch.nn.utils import parametrize

from models.constants import ACTIVATIONS, BINARY, REAL, WEIGHTS, XNOR


def sign(x: Tensor) -> Tensor:
    """+1 where x >= 0, otherwise -1. It has no useful gradient of its own."""
    return torch.where(x >= 0, 1.0, -1.0).to(x.dtype)


class _Sign(torch.autograd.Function):
    """sign forward; backward the incoming gradient times slope(x)."""

    @staticmethod
    def slope(x: Tensor) -> Tensor:
        raise AssertionError("each surrogate has its own")

    @classmethod
    def of(cls, x: Tensor) -> Tensor:
        found: Tensor = cls.apply(x)  # type: ignore[no-untyped-call]
        return found

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        ctx.save_for_backward(x)
        return sign(x)

    @classmethod
    def backward(cls, ctx: Any, *gradients: Tensor) -> Tensor:
        (x,) = ctx.saved_tensors
        return gradients[0] * cls.slope(x)


class StraightThrough(_Sign):
    """Forward: sign(x), +1 at exactly 0. Surrogate gradient: 1 everywhere, so also at 0.

    Source: the straight-through estimator, Bengio, Léonard and Courville 2013.
    """

    @staticmethod
    def slope(x: Tensor) -> Tensor:
        return torch.ones_like(x)


class Clipped(_Sign):
    """Forward: sign(x), +1 at exactly 0. Surrogate gradient: 1 where |x| <= 1, both ends included, otherwise 0; 1 at 0.

    That of clamp(x, -1, 1). Source: Hubara, Courbariaux, Soudry, El-Yaniv and Bengio 2016.
    """

    @staticmethod
    def slope(x: Tensor) -> Tensor:
        return (x.abs() <= 1).to(x.dtype)


class ApproxSign(_Sign):
    """Forward: sign(x), +1 at exactly 0. Surrogate gradient: 2 - 2|x| where |x| < 1, otherwise 0; 2 at 0.

    That of a piecewise quadratic that runs from -1 to 1. Source: Bi-Real Net, Liu and others 2018.
    """

    @staticmethod
    def slope(x: Tensor) -> Tensor:
        return (2 - 2 * x.abs()).clamp_min(0)


GRADIENTS: dict[str, type[_Sign]] = {"straight-through": StraightThrough, "clipped": Clipped, "approx-sign": ApproxSign}


class BinaryWeights(nn.Module):
    """Forward: sign(w), +1 at exactly 0. Surrogate gradient: that of the sign it is given.

    Source: BinaryConnect, Courbariaux, Bengio and David 2015.
    """

    def __init__(self, surrogate: type[_Sign]) -> None:
        super().__init__()
        self.surrogate = surrogate

    def forward(self, latent: Tensor) -> Tensor:
        return self.surrogate.of(latent)


class XnorWeights(BinaryWeights):
    """Forward: sign(w) · mean|w| over each filter, so +mean|w| at exactly 0.

    Surrogate gradient: that of the sign it is given, times the mean; the mean's own gradient is exact, by autograd.
    Source: XNOR-Net, Rastegari, Ordonez, Redmon and Farhadi 2016, with the mean differentiated.
    """

    def forward(self, latent: Tensor) -> Tensor:
        mean = latent.abs().mean(dim=tuple(range(1, latent.ndim)), keepdim=True)
        return self.surrogate.of(latent) * mean


class BinaryActivation(nn.Module):
    """Forward: sign(x), +1 at exactly 0; takes the place of ReLU. Surrogate gradient: that of the sign it is given."""

    def __init__(self, surrogate: type[_Sign]) -> None:
        super().__init__()
        self.surrogate = surrogate

    def forward(self, x: Tensor) -> Tensor:
        return self.surrogate.of(x)


Layer = TypeVar("Layer", bound=nn.Module)
WEIGHT_QUANTIZERS: dict[str, Callable[[type[_Sign]], nn.Module] | None] = {
    REAL: None,
    BINARY: BinaryWeights,
    XNOR: XnorWeights,
}
ACTIVATION_LAYERS: dict[str, Callable[[type[_Sign]], nn.Module]] = {
    REAL: lambda surrogate: nn.ReLU(inplace=True),
    BINARY: BinaryActivation,
}
REAL_LAYERS = ("last", "first,last", "none")  # which layers keep real weights whatever --weights says
BELOW = -1.0  # what a map of -1 and +1 is padded with; with 0 it would have three values


@dataclass(frozen=True)
class Quantization:
    """What of a network is binary. Raises: ValueError for an unknown kind.

    With everything real its layers are PyTorch's own, drawn in the same order as without it.
    """

    weights: str = REAL
    activations: str = REAL
    real_layers: str = "last"
    gradient: str = "clipped"

    def __post_init__(self) -> None:
        known = (
            ("weights", WEIGHTS),
            ("activations", ACTIVATIONS),
            ("real_layers", REAL_LAYERS),
            ("gradient", GRADIENTS),
        )
        for name, choices in known:
            if getattr(self, name) not in choices:
                raise ValueError(f"{name.replace('_', ' ')} {getattr(self, name)!r}: expected {', '.join(choices)}")

    def conv(self, before: int, filters: int, size: int, first: bool = False) -> list[nn.Module]:
        """A convolution without bias that keeps the picture's size. first: it reads the picture's channels."""
        made = self._with_weights(
            nn.Conv2d(before, filters, size, padding=size // 2, bias=False), "first" if first else ""
        )
        if first or self.activations == REAL:
            return [made]
        made.padding = (0, 0)
        return [nn.ConstantPad2d(size // 2, BELOW), made]

    def hidden(self, before: int, after: int) -> nn.Module:
        """A linear layer without bias between others."""
        return self._with_weights(nn.Linear(before, after, bias=False), "")

    def last(self, before: int, classes: int) -> nn.Module:
        """The linear layer that gives logits; a binary one sums hundreds of ±1, which a batch norm brings to size."""
        made = self._with_weights(nn.Linear(before, classes), "last")
        return nn.Sequential(made, nn.BatchNorm1d(classes)) if parametrize.is_parametrized(made) else made

    def activation(self) -> nn.Module:
        """What follows a batch norm."""
        return ACTIVATION_LAYERS[self.activations](GRADIENTS[self.gradient])

    def _with_weights(self, layer: Layer, place: str) -> Layer:
        quantizer = WEIGHT_QUANTIZERS[self.weights]
        if quantizer is not None and not (place and place in self.real_layers.split(",")):
            parametrize.register_parametrization(layer, "weight", quantizer(GRADIENTS[self.gradient]))
        return layer


def latent_weights(network: nn.Module) -> list[nn.Parameter]:
    """The real numbers behind binary weights, in the network's order."""
    return [p for name, p in network.named_parameters() if name.endswith(".parametrizations.weight.original")]


@torch.no_grad()
def keep_within_reach(latent: list[nn.Parameter]) -> None:
    """Clamps latent weights to -1..1, in place: one that ran far away could never change its sign again."""
    for weights in latent:
        weights.clamp_(-1, 1)
