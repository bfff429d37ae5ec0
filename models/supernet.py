"""A supernet: one network, trained with inputs that are drawn anew for each image, which can then predict any of them.

Takes images and labels as tensors, a recipe, and a function that draws inputs. Returns the trained network. The draws
are tables from levels to channels with a fixed number of channels; what they mean is the caller's business.

Sources: Single Path One-Shot (Guo and others, ECCV 2020), the sandwich rule (Yu and Huang, ICCV 2019).
"""

import io
import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from models.constants import LEVELS
from models.encode import look_up
from models.levels import level_image
from models.quantize import Quantization, keep_within_reach, latent_weights
from models.recipe import Recipe
from models.train import Resident, batch_loss, batches, new_network, parameter_groups, steps_an_epoch, without_tf32


@dataclass(frozen=True, eq=False)
class DrawnPart:
    """Channels of n images that are computed from one level map, with a table for each image.

    tables: (n, 256, C) from levels to channels. levels: record of the level map, see models.levels. color: index of
    the color channel of the images; None for images with one channel.
    """

    tables: npt.NDArray[np.generic]
    levels: Mapping[str, Any]
    color: int | None = None


# Draws the inputs of a batch of n images. Each item holds the parts of some consecutive images; the numbers of images
# of the items sum to n, and the numbers of channels of their parts are equal.
Draw = Callable[[int], Sequence[Sequence[DrawnPart]]]


@dataclass(frozen=True, eq=False)
class Supernet:
    """A trained supernet; None as the network if the training diverged. seconds: training time."""

    network: nn.Module | None
    seconds: float


def train_supernet(
    draw: Draw,
    channels: int,
    training: Resident,
    classes: int,
    recipe: Recipe,
    seed: int,
    check: Callable[[], None],
    quantization: Quantization | None = None,
) -> Supernet:
    """Trains one network by the recipe, with the inputs that `draw` gives for each batch.

    channels: number of channels of each draw. check(): called before each step; an exception that it raises ends the
    training. Weights are not averaged. Deterministic for a given seed, draw, CPU and number of threads.
    """
    started = time.perf_counter()
    without_tf32()
    torch.manual_seed(seed)
    network = new_network(channels, training, classes, recipe, quantization)
    latent = latent_weights(network)
    optimizer = torch.optim.AdamW(
        parameter_groups(network, latent), lr=recipe.learning_rate, weight_decay=recipe.weight_decay, fused=True
    )
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, max_lr=recipe.learning_rate, total_steps=steps_an_epoch(training, recipe) * recipe.epochs
    )
    for _ in range(recipe.epochs):
        total_loss = torch.zeros((), device=training.labels.device)
        for images_u8, labels in batches(training, recipe):
            check()
            loss = batch_loss(network, encode_drawn(images_u8, draw(len(labels))), labels, recipe)
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            optimizer.step()
            keep_within_reach(latent)
            schedule.step()
            total_loss += loss.detach()
        if not math.isfinite(total_loss.item()):
            return Supernet(None, time.perf_counter() - started)
    return Supernet(network.eval(), time.perf_counter() - started)


def encode_drawn(images_u8: Tensor, drawn: Sequence[Sequence[DrawnPart]]) -> Tensor:
    """(N, H, W) or (N, H, W, 3) uint8 → (N, C, H, W) float32 in channels-last memory format, each image by its draw."""
    found, start = [], 0
    for parts in drawn:
        size = len(parts[0].tables)
        found.append(torch.cat([_encode(images_u8[start : start + size], part) for part in parts], 1))
        start += size
    return torch.cat(found)


def _encode(images_u8: Tensor, part: DrawnPart) -> Tensor:
    plane_u8 = images_u8 if part.color is None else images_u8[..., part.color]
    levels = level_image(plane_u8, part.levels).int()
    tables = torch.as_tensor(part.tables, device=levels.device).float().flatten(0, 1)
    first = torch.arange(0, len(tables), LEVELS, dtype=levels.dtype, device=levels.device)  # row of each image's table
    return look_up(levels + first[:, None, None], tables)


def to_bytes(networks: Mapping[str, nn.Module]) -> bytes:
    """Weights and buffers of networks by name, as torch.save writes them."""
    buffer = io.BytesIO()
    torch.save({name: network.state_dict() for name, network in networks.items()}, buffer)
    return buffer.getvalue()


def weights_of(saved: bytes, device: torch.device) -> dict[str, dict[str, Tensor]]:
    """What `to_bytes` saved, on a device. Nothing but tensors is unpickled."""
    found: dict[str, dict[str, Tensor]] = torch.load(io.BytesIO(saved), map_location=device, weights_only=True)
    return found


def with_weights(
    weights: Mapping[str, Tensor],
    channels: int,
    training: Resident,
    classes: int,
    recipe: Recipe,
    quantization: Quantization | None,
) -> nn.Module:
    """The network of `train_supernet` with saved weights, in evaluation mode.

    Raises: RuntimeError if the weights are those of another network.
    """
    network = new_network(channels, training, classes, recipe, quantization)
    network.load_state_dict(weights)
    return network.eval()
