"""The training loop.

Takes lanes (one model each), images and labels as tensors, and a recipe. Returns one outcome per lane.

Images stay uint8 on the device until their batch is encoded. benchmarks/training.py measures what makes this fast on a
CPU: batches picked by a permutation, encoding by an embedding lookup, channels-last memory format, max-pooling before
batch norm, and fused AdamW.
"""

import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from models.augment import augment
from models.encode import Encoder, Part
from models.load import load_network
from models.quantize import Quantization, keep_within_reach, latent_weights
from models.recipe import PRECISIONS, Recipe
from models.spec import NetworkSpec

Logits = npt.NDArray[np.float32]  # (N, classes)


@dataclass(frozen=True, eq=False)
class Lane:
    """One model to train.

    parts: of its input. seed: of its training. weights, activations: see Quantization.
    """

    parts: tuple[Part, ...]
    seed: int
    weights: str = "real"
    activations: str = "real"


@dataclass(frozen=True, eq=False)
class Resident:
    """Images on the device: images_u8 (N, H, W), or (N, H, W, 3) in color, and labels (N,)."""

    images_u8: Tensor
    labels: Tensor

    @classmethod
    def of(cls, images: npt.NDArray[np.uint8], labels: npt.NDArray[np.int64], device: torch.device) -> "Resident":
        return cls(torch.from_numpy(images).to(device), torch.from_numpy(labels).to(device))


@dataclass(eq=False)
class Outcome:
    """The result of training one lane.

    logits: (N, classes) float32 of the validation images after the last trained epoch; None if there are none.
    seconds: training time. pruned: whether `report` ended it early. diverged: whether the loss or a logit became NaN or
    infinite.
    """

    logits: Logits | None = None
    seconds: float = 0.0
    pruned: bool = False
    diverged: bool = False


def train(
    lanes: Sequence[Lane],
    training: Resident,
    validation_u8: Tensor,
    classes: int,
    recipe: Recipe,
    report: Callable[[int, int, Logits], bool] | None,
    check: Callable[[], None],
) -> list[Outcome]:
    """Trains the lanes one after the other. Faster implementations must give the same outcomes.

    validation_u8: (N, H, W) or (N, H, W, 3) uint8; predicted only, so no labels are needed.
    report(lane, epoch, logits): called after each epoch with the logits (N, classes) of the validation images; True
    prunes the lane. If it is None, the validation images are predicted once, after the last epoch.
    check(): called before each step; an exception that it raises ends the training.
    Deterministic for given seeds, CPU and number of threads.
    """
    return [
        _train_one(
            lane, training, validation_u8, classes, recipe, report and (lambda e, a, i=i: report(i, e, a)), check
        )
        for i, lane in enumerate(lanes)
    ]


def _train_one(
    lane: Lane,
    training: Resident,
    validation_u8: Tensor,
    classes: int,
    recipe: Recipe,
    report: Callable[[int, Logits], bool] | None,
    check: Callable[[], None],
) -> Outcome:
    started = time.perf_counter()
    device = training.labels.device
    without_tf32()
    torch.manual_seed(lane.seed)
    encode = Encoder(lane.parts, device)
    quantization = Quantization(lane.weights, lane.activations, recipe.real_layers, recipe.gradient)
    network = new_network(encode.channels, training, classes, recipe, quantization)
    latent = latent_weights(network)
    optimizer = torch.optim.AdamW(
        parameter_groups(network, latent), lr=recipe.learning_rate, weight_decay=recipe.weight_decay, fused=True
    )
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, max_lr=recipe.learning_rate, total_steps=steps_an_epoch(training, recipe) * recipe.epochs
    )
    averaged = None
    if recipe.averaging:
        averaged = AveragedModel(network, multi_avg_fn=get_ema_multi_avg_fn(recipe.averaging), use_buffers=True)
    outcome = Outcome()
    for epoch in range(recipe.epochs):
        network.train()
        total_loss = torch.zeros((), device=device)
        for images_u8, labels in batches(training, recipe):
            check()
            loss = batch_loss(network, encode(images_u8), labels, recipe)
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            optimizer.step()
            keep_within_reach(latent)
            schedule.step()
            if averaged is not None:
                averaged.update_parameters(network)
            total_loss += loss.detach()
        if not math.isfinite(total_loss.item()):
            outcome.diverged = True
            break
        if report is None and epoch + 1 < recipe.epochs:
            continue
        outcome.logits = predict(averaged or network, validation_u8, encode).cpu().numpy()
        if not np.isfinite(outcome.logits).all():
            outcome.diverged = True
            break
        if report is not None and report(epoch, outcome.logits) and epoch + 1 < recipe.epochs:
            outcome.pruned = True
            break
    outcome.seconds = time.perf_counter() - started
    return outcome


def without_tf32() -> None:
    """Computes float32 in full precision on a GPU, where convolutions use TF32 (10 bits of mantissa) by default."""
    torch.set_float32_matmul_precision("highest")
    torch.backends.cudnn.conv.fp32_precision = "ieee"  # type: ignore[attr-defined]


def new_network(
    channels: int, training: Resident, classes: int, recipe: Recipe, quantization: Quantization | None = None
) -> nn.Module:
    """An untrained network by the recipe, for the image size and on the device of `training`.

    channels: of its input. quantization: None for real weights and activations.
    Raises: UnusableNetwork when a network of the user's own cannot be imported.
    """
    height, width_px = training.images_u8.shape[1:3]
    spec = NetworkSpec(
        channels, height, width_px, classes, recipe.width, recipe.dropout, quantization or Quantization()
    )
    network = load_network(recipe.network)(spec)
    return network.to(training.labels.device, memory_format=torch.channels_last)  # type: ignore[call-overload, no-any-return]


def parameter_groups(network: nn.Module, latent: Sequence[nn.Parameter]) -> list[dict[str, Any]]:
    """Parameter groups for an optimizer. Latent weights have no weight decay, which would only favor sign changes."""
    ids = {id(weights) for weights in latent}
    groups: list[dict[str, Any]] = [{"params": [p for p in network.parameters() if id(p) not in ids]}]
    return groups + ([{"params": list(latent), "weight_decay": 0.0}] if latent else [])


def steps_an_epoch(training: Resident, recipe: Recipe) -> int:
    """The number of batches in an epoch."""
    return math.ceil(len(training.labels) / recipe.batch_size)


def batches(training: Resident, recipe: Recipe) -> Iterator[tuple[Tensor, Tensor]]:
    """One epoch of augmented images_u8 (n, H, W[, 3]) and labels (n,), shuffled by torch's generator."""
    order = torch.randperm(len(training.labels), device=training.labels.device)
    # Batches differ by one image at most: a last batch of a single image would have no batch statistics.
    for rows in order.tensor_split(steps_an_epoch(training, recipe)):
        images_u8 = training.images_u8[rows]
        if recipe.augmentation:
            images_u8 = augment(images_u8, recipe.augmentation)
        yield images_u8, training.labels[rows]


def batch_loss(network: nn.Module, channels: Tensor, labels: Tensor, recipe: Recipe) -> Tensor:
    """The mean cross-entropy, shape (), of channels (n, C, H, W) and labels (n,).

    The forward pass uses the precision of the recipe, the loss is computed in float32.
    """
    dtype = PRECISIONS[recipe.precision]
    with torch.autocast(channels.device.type, dtype, enabled=dtype != torch.float32):
        logits = network(channels)
    return functional.cross_entropy(logits.float(), labels, label_smoothing=recipe.label_smoothing)


@torch.inference_mode()
def predict(network: nn.Module, images_u8: Tensor, encode: Encoder, batch_size: int = 1024) -> Tensor:
    """Predicts images_u8 (N, H, W[, 3]) in evaluation mode. Returns logits (N, classes) float32."""
    network.eval()
    return torch.cat([network(encode(batch)) for batch in images_u8.split(batch_size)])
