"""Binary weights and activations: sign with a surrogate gradient, and the layers that use it.

Binary values are -1 and +1, multiplied by the mean of each filter for `xnor` weights. Latent weights are the real
numbers whose sign is used. They are float32, are trained like other weights and are clamped to -1..1. sign(0) and
sign(-0.0) are +1; torch.sign would return a third value, 0.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import torch
from torch import Tensor, nn
from torch.nn.utils import parametrize

from models.constants import ACTIVATIONS, BINARY, REAL, WEIGHTS, XNOR


def sign(x: Tensor) -> Tensor:
    """+1 where x >= 0, otherwise -1. Its gradient is 0 almost everywhere; see GRADIENTS for surrogates."""
    return torch.where(x >= 0, 1.0, -1.0).to(x.dtype)


class _Sign(torch.autograd.Function):
    """Base class: sign in the forward pass, the incoming gradient times slope(x) in the backward pass."""

    @staticmethod
    def slope(x: Tensor) -> Tensor:
        raise NotImplementedError

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
    """Forward: sign(x), +1 at exactly 0. Surrogate gradient: 1 everywhere, including at 0.

    Source: the straight-through estimator, Bengio, Léonard and Courville 2013.
    """

    @staticmethod
    def slope(x: Tensor) -> Tensor:
        return torch.ones_like(x)


class Clipped(_Sign):
    """Forward: sign(x), +1 at exactly 0. Surrogate gradient: 1 where |x| <= 1, otherwise 0; 1 at 0 and at ±1.

    This is the gradient of clamp(x, -1, 1). Source: Hubara, Courbariaux, Soudry, El-Yaniv and Bengio 2016.
    """

    @staticmethod
    def slope(x: Tensor) -> Tensor:
        return (x.abs() <= 1).to(x.dtype)


class ApproxSign(_Sign):
    """Forward: sign(x), +1 at exactly 0. Surrogate gradient: 2 - 2|x| where |x| < 1, otherwise 0; 2 at 0.

    This is the gradient of a piecewise quadratic approximation of sign. Source: Bi-Real Net, Liu and others 2018.
    """

    @staticmethod
    def slope(x: Tensor) -> Tensor:
        return (2 - 2 * x.abs()).clamp_min(0)


GRADIENTS: dict[str, type[_Sign]] = {"straight-through": StraightThrough, "clipped": Clipped, "approx-sign": ApproxSign}


class BinaryWeights(nn.Module):
    """Forward: sign(w), +1 at exactly 0. Surrogate gradient: that of `surrogate`, one of GRADIENTS.

    Source: BinaryConnect, Courbariaux, Bengio and David 2015.
    """

    def __init__(self, surrogate: type[_Sign]) -> None:
        super().__init__()
        self.surrogate = surrogate

    def forward(self, latent: Tensor) -> Tensor:
        return self.surrogate.of(latent)


class XnorWeights(BinaryWeights):
    """Forward: sign(w) · mean|w| over each filter, +mean|w| at exactly 0.

    Surrogate gradient: that of `surrogate` times the mean, plus the exact gradient of the mean.
    Source: XNOR-Net, Rastegari, Ordonez, Redmon and Farhadi 2016, which treats the mean as a constant.
    """

    def forward(self, latent: Tensor) -> Tensor:
        mean = latent.abs().mean(dim=tuple(range(1, latent.ndim)), keepdim=True)
        return self.surrogate.of(latent) * mean


class BinaryActivation(nn.Module):
    """Forward: sign(x), +1 at exactly 0; replaces ReLU. Surrogate gradient: that of `surrogate`, one of GRADIENTS."""

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
REAL_LAYERS = ("last", "first,last", "none")  # layers whose weights are always real
PADDING = -1.0  # padding of feature maps of -1 and +1; 0 would be a third value


@dataclass(frozen=True)
class Quantization:
    """Which weights and activations of a network are binary, and the layers that implement it.

    weights: `real`, `binary` or `xnor`. activations: `real` (ReLU) or `binary` (sign). real_layers: the layers whose
    weights are always real: `last`, `first,last` or `none`. gradient: the surrogate gradient of sign, one of GRADIENTS.

    A network that builds its layers with the methods below can be trained with each of these settings. With real
    weights and activations the methods return plain PyTorch layers with PyTorch's initialization.
    Raises: ValueError for an unknown setting.
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

    def conv(self, before: int, filters: int, size: int, first: bool = False, stride: int = 1) -> list[nn.Module]:
        """A convolution without bias: (N, before, H, W) → (N, filters, ⌈H / stride⌉, ⌈W / stride⌉).

        size: of the kernel, odd. first: whether its input is the network's input. Returns one layer, or two where the
        padding is a layer of its own.
        """
        made = self._with_weights(
            nn.Conv2d(before, filters, size, stride, size // 2, bias=False), "first" if first else ""
        )
        if first or self.activations == REAL:
            return [made]
        made.padding = (0, 0)
        return [nn.ConstantPad2d(size // 2, PADDING), made]

    def hidden(self, before: int, after: int) -> nn.Module:
        """A linear layer without bias, other than the last: (N, before) → (N, after)."""
        return self._with_weights(nn.Linear(before, after, bias=False), "")

    def last(self, before: int, classes: int) -> nn.Module:
        """The linear layer that returns logits: (N, before) → (N, classes).

        Binary weights are followed by batch norm, because sums of hundreds of ±1 are too large for logits.
        """
        made = self._with_weights(nn.Linear(before, classes), "last")
        return nn.Sequential(made, nn.BatchNorm1d(classes)) if parametrize.is_parametrized(made) else made

    def activation(self, inplace: bool = True) -> nn.Module:
        """ReLU or sign, usually after batch norm. inplace: whether ReLU overwrites its input."""
        return nn.ReLU(inplace) if self.activations == REAL else BinaryActivation(GRADIENTS[self.gradient])

    def _with_weights(self, layer: Layer, place: str) -> Layer:
        quantizer = WEIGHT_QUANTIZERS[self.weights]
        if quantizer is not None and not (place and place in self.real_layers.split(",")):
            parametrize.register_parametrization(layer, "weight", quantizer(GRADIENTS[self.gradient]))
        return layer


def latent_weights(network: nn.Module) -> list[nn.Parameter]:
    """The real parameters whose sign is used as binary weights, in the network's order."""
    return [p for name, p in network.named_parameters() if name.endswith(".parametrizations.weight.original")]


@torch.no_grad()
def keep_within_reach(latent: list[nn.Parameter]) -> None:
    """Clamps latent weights to -1..1, in place, so that their signs can still change."""
    for weights in latent:
        weights.clamp_(-1, 1)
