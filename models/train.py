"""Training one network on pictures that stay uint8 until their batch is encoded.

Enters: lanes (lookup tables and a seed each), pictures and labels as tensors, a recipe.
Leaves: an outcome a lane. Knows nothing of data sets, cut points or studies.

The choices that make it fast on a CPU (measured side by side in benchmarks/training.py): pictures
resident as uint8 and picked by a permutation, encoding by an embedding lookup that comes out
channels-last, channels-last convolutions, max-pool before batch norm, fused AdamW.
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
from models.encode import encode
from models.load import load_network
from models.quantize import Quantization, keep_within_reach, latent_weights
from models.recipe import PRECISIONS, Recipe
from models.spec import NetworkSpec

Logits = npt.NDArray[np.float32]  # (N, classes)


@dataclass(frozen=True, eq=False)
class Lane:
    """One model: what each grey level becomes, and the seed of its training.

    tables: (256, C) for each channel of the pictures, one or three. local: whether they are of the picture's own levels
    instead of the grey levels.
    """

    tables: tuple[npt.NDArray[np.generic], ...]
    seed: int
    local: bool = False
    weights: str = "real"
    activations: str = "real"


@dataclass(frozen=True, eq=False)
class Resident:
    """Pictures on the device for the whole run: images_u8 (N, H, W) or in color (N, H, W, 3), labels (N,)."""

    images_u8: Tensor
    labels: Tensor

    @classmethod
    def of(cls, images: npt.NDArray[np.uint8], labels: npt.NDArray[np.int64], device: torch.device) -> "Resident":
        return cls(torch.from_numpy(images).to(device), torch.from_numpy(labels).to(device))


@dataclass(eq=False)
class Outcome:
    """What one lane's training came to.

    logits: (N, classes) float32 for each validation picture after the last epoch that was trained; None
    before the first. pruned, diverged: whether and how it ended early; diverged: the loss or a logit was not finite.
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
    """Trains the lanes one after the other: the readable reference for any faster way.

    validation_u8: (M, H, W) or (M, H, W, 3) uint8; their labels are not asked for.
    report(lane, epoch, logits): called after each epoch with (N, classes) of the validation pictures; True ends
    that lane as pruned. None predicts them once, at the end.
    check(): called before each step; what it raises ends everything.
    Deterministic for a seed on one CPU with one number of threads.
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
    tables = [torch.as_tensor(table, dtype=torch.float32, device=device) for table in lane.tables]
    quantization = Quantization(lane.weights, lane.activations, recipe.real_layers, recipe.gradient)
    network = new_network(sum(table.shape[1] for table in tables), training, classes, recipe, quantization)
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
            loss = batch_loss(network, encode(images_u8, tables, lane.local), labels, recipe)
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
        outcome.logits = predict(averaged or network, validation_u8, tables, lane.local).cpu().numpy()
        if not np.isfinite(outcome.logits).all():
            outcome.diverged = True
            break
        if report is not None and report(epoch, outcome.logits) and epoch + 1 < recipe.epochs:
            outcome.pruned = True
            break
    outcome.seconds = time.perf_counter() - started
    return outcome


def without_tf32() -> None:
    """Makes float32 mean float32 on a GPU too: without this, convolutions there round to TF32's 10 bits."""
    torch.set_float32_matmul_precision("highest")
    torch.backends.cudnn.conv.fp32_precision = "ieee"  # type: ignore[attr-defined]


def new_network(
    channels: int, training: Resident, classes: int, recipe: Recipe, quantization: Quantization | None = None
) -> nn.Module:
    """An untrained network for pictures of that size, where they are; all of it is real without a quantization."""
    height, width_px = training.images_u8.shape[1:3]
    spec = NetworkSpec(
        channels, height, width_px, classes, recipe.width, recipe.dropout, quantization or Quantization()
    )
    network = load_network(recipe.network)(spec)
    return network.to(training.labels.device, memory_format=torch.channels_last)  # type: ignore[call-overload, no-any-return]


def parameter_groups(network: nn.Module, latent: Sequence[nn.Parameter]) -> list[dict[str, Any]]:
    """What an optimizer trains: latent weights without decay, which would only make signs change more easily."""
    ids = {id(weights) for weights in latent}
    groups: list[dict[str, Any]] = [{"params": [p for p in network.parameters() if id(p) not in ids]}]
    return groups + ([{"params": list(latent), "weight_decay": 0.0}] if latent else [])


def steps_an_epoch(training: Resident, recipe: Recipe) -> int:
    """Batches that batches() gives."""
    return math.ceil(len(training.labels) / recipe.batch_size)


def batches(training: Resident, recipe: Recipe) -> Iterator[tuple[Tensor, Tensor]]:
    """One epoch: images_u8 (n, H, W[, 3]), augmented, and labels (n,), in an order drawn from torch's generator."""
    order = torch.randperm(len(training.labels), device=training.labels.device)
    # Pieces of equal size: a last batch of one picture would have no batch statistics.
    for rows in order.tensor_split(steps_an_epoch(training, recipe)):
        images_u8 = training.images_u8[rows]
        if recipe.augmentation:
            images_u8 = augment(images_u8, recipe.augmentation)
        yield images_u8, training.labels[rows]


def batch_loss(network: nn.Module, channels: Tensor, labels: Tensor, recipe: Recipe) -> Tensor:
    """The mean loss, (), of channels (n, C, H, W): the forward pass in the recipe's precision, the loss in float32."""
    dtype = PRECISIONS[recipe.precision]
    with torch.autocast(channels.device.type, dtype, enabled=dtype != torch.float32):
        logits = network(channels)
    return functional.cross_entropy(logits.float(), labels, label_smoothing=recipe.label_smoothing)


@torch.inference_mode()
def predict(
    network: nn.Module, images_u8: Tensor, tables: Sequence[Tensor], local: bool = False, batch_size: int = 1024
) -> Tensor:
    """Logits (N, classes) float32 of each picture."""
    network.eval()
    return torch.cat([network(encode(batch, tables, local)) for batch in images_u8.split(batch_size)])
