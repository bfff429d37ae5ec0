"""A trial run of a network on a few empty images, before anything is trained.

Takes what a training would build and feed. Raises UnusableNetwork for a network that could not be trained.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.parameter import is_lazy

from models.constants import REAL
from models.load import UnusableNetwork
from models.quantize import BinaryActivation, Quantization, latent_weights
from models.recipe import PRECISIONS
from models.spec import NetworkSpec

BATCH = 2  # images


def try_out(
    build: Callable[[NetworkSpec], nn.Module], spec: NetworkSpec, device: torch.device, precision: str = "float32"
) -> None:
    """Builds a network and runs it on zeros: a training step, then predictions of two images and of one.

    The input has the memory layout that training uses (channels last). The state of torch's random generator is kept.
    Raises: UnusableNetwork when building or running fails, and when the network has nothing to train, returns
    something other than floating-point logits (N, classes), or ignores spec.quantization.
    """
    with torch.random.fork_rng([device] if device.type == "cuda" else []):
        network = _run("building it", spec, partial(build, spec))
        if not isinstance(network, nn.Module):
            raise UnusableNetwork(f"expected it to return a torch.nn.Module, not a {type(network).__name__}")
        _check_parameters(network)
        _check_quantization(network, spec.quantization)
        network.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        _run("a training step", spec, partial(_step, network, spec, device, precision))
        for images in (BATCH, 1):
            _run(f"predicting a batch of {images}", spec, partial(_predict, network, images, spec, device))


def _run(what: str, spec: NetworkSpec, body: Callable[[], Any]) -> Any:
    try:
        return body()
    except UnusableNetwork:
        raise
    except (Exception, SystemExit) as error:
        shape = (spec.channels, spec.height, spec.width_px)
        raise UnusableNetwork(f"{what} failed for channels {shape}: {type(error).__name__}: {error}") from error


def _zeros(images: int, spec: NetworkSpec, device: torch.device) -> Tensor:
    return torch.zeros(images, spec.height, spec.width_px, spec.channels, device=device).permute(0, 3, 1, 2)


def _step(network: nn.Module, spec: NetworkSpec, device: torch.device, precision: str) -> None:
    network.train()
    dtype = PRECISIONS[precision]
    with torch.autocast(device.type, dtype, enabled=dtype != torch.float32):
        logits = network(_zeros(BATCH, spec, device))
    _check_logits(logits, BATCH, spec)
    labels = torch.zeros(BATCH, dtype=torch.long, device=device)
    functional.cross_entropy(logits.float(), labels).backward()


@torch.inference_mode()
def _predict(network: nn.Module, images: int, spec: NetworkSpec, device: torch.device) -> None:
    network.eval()
    _check_logits(network(_zeros(images, spec, device)), images, spec)


def _check_logits(logits: Any, images: int, spec: NetworkSpec) -> None:
    expected = f"expected floating-point logits (N, classes), here {(images, spec.classes)}"
    if not isinstance(logits, Tensor):
        raise UnusableNetwork(f"its output is a {type(logits).__name__}; {expected}")
    if logits.shape != (images, spec.classes) or not logits.is_floating_point():
        raise UnusableNetwork(f"its output is {logits.dtype} {tuple(logits.shape)}; {expected}")


def _check_parameters(network: nn.Module) -> None:
    parameters = list(network.parameters())
    if any(is_lazy(each) for each in parameters):
        raise UnusableNetwork("it has lazy layers, whose size is not known before training; use spec.channels")
    if not any(each.requires_grad for each in parameters):
        raise UnusableNetwork("it has no parameters that can be trained")


def _check_quantization(network: nn.Module, quantization: Quantization) -> None:
    if quantization.weights != REAL and not latent_weights(network):
        raise UnusableNetwork(
            f"--weights {quantization.weights}: none of its layers is binary; build them with spec.quantization.conv, "
            ".hidden and .last"
        )
    if quantization.activations != REAL and not any(isinstance(each, BinaryActivation) for each in network.modules()):
        raise UnusableNetwork(
            f"--activations {quantization.activations}: none of its activations is binary; build them with "
            "spec.quantization.activation()"
        )
