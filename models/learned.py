"""Thresholds learned by gradient descent together with a network, which is discarded afterwards."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from models.constants import LEVELS
from models.encode import look_up
from models.levels import level_image
from models.recipe import Recipe
from models.train import Resident, batch_loss, batches, new_network, steps_an_epoch, without_tf32

WINDOW = 32.0  # pixels within this many grey levels of a threshold contribute to its gradient
RATE = 1.0  # largest step of a threshold, in grey levels, at the peak of the one-cycle schedule


@dataclass(frozen=True)
class Learned:
    """Increasing thresholds in 1..255, not rounded, and the training time; None if the training diverged."""

    thresholds: tuple[float, ...] | None
    seconds: float


class _Thermometer(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, images_u8: Tensor, thresholds: Tensor) -> Tensor:
        distance = torch.arange(LEVELS, device=thresholds.device)[:, None] - thresholds
        ctx.save_for_backward(images_u8, distance)
        return look_up(images_u8, (distance >= 0).to(thresholds.dtype))

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[None, Tensor]:
        images_u8, distance = ctx.saved_tensors
        # A lookup, like the forward pass. One step of 128 images at width 24 takes 58 ms with fixed thresholds, 64 ms
        # with this, and 69 ms with the gradient of an embedding table (CPU time, one thread, median of 12).
        inside = look_up(images_u8, (distance.abs() <= WINDOW).to(distance.dtype))
        return None, -(inside * gradients[0]).sum(dim=(0, 2, 3)) / (2 * WINDOW)


def thermometer(images_u8: Tensor, thresholds: Tensor) -> Tensor:
    """images_u8 (N, H, W) and thresholds (K,) → channels (N, K, H, W), with a straight-through gradient.

    Forward: y_i = 1 where x >= c_i, otherwise 0; 1 at equality.
    Surrogate gradient: that of clamp((x - c_i) / 2w + 1/2, 0, 1), so dy_i / dc_i = -1 / 2w where |x - c_i| <= w, both
    ends included, otherwise 0; w = 32 grey levels. Sources: the straight-through estimator with a window, Bengio,
    Léonard and Courville 2013 and Hubara et al. 2016. Nguyen and Guicquero, arXiv 2505.13462, also learn the thresholds
    of a thermometer, with another gradient.
    """
    channels: Tensor = _Thermometer.apply(images_u8, thresholds)  # type: ignore[no-untyped-call]
    return channels


def learn_thresholds(
    start: Sequence[float],
    training: Resident,
    classes: int,
    recipe: Recipe,
    seed: int,
    check: Callable[[], None],
    levels: Mapping[str, Any],
    rate: float = RATE,
) -> Learned:
    """Trains thresholds and a network on their thermometer by the recipe, at about the cost of one training.

    start: initial thresholds (K,) in levels. levels: record of the level map that thresholds are compared with, see
    models.levels. rate: learning rate of the thresholds, in levels. Thresholds are kept in 1..255; they may change
    their order, which permutes channels. check(): called before each step; an exception that it raises ends the
    training.
    Deterministic for a given seed, CPU and number of threads.
    """
    started = time.perf_counter()
    without_tf32()
    torch.manual_seed(seed)
    network = new_network(len(start), training, classes, recipe)
    thresholds = nn.Parameter(torch.tensor(start, dtype=torch.float32, device=training.labels.device))
    groups: list[dict[str, Any]] = [{"params": network.parameters()}, {"params": [thresholds], "weight_decay": 0.0}]
    optimizer = torch.optim.AdamW(groups, lr=recipe.learning_rate, weight_decay=recipe.weight_decay, fused=True)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, max_lr=[recipe.learning_rate, rate], total_steps=steps_an_epoch(training, recipe) * recipe.epochs
    )
    for _ in range(recipe.epochs):
        for images_u8, labels in batches(training, recipe):
            check()
            loss = batch_loss(network, thermometer(level_image(images_u8, levels), thresholds), labels, recipe)
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            optimizer.step()
            schedule.step()
            with torch.no_grad():
                thresholds.clamp_(1, LEVELS - 1)
        if not torch.isfinite(thresholds).all():
            return Learned(None, time.perf_counter() - started)
    return Learned(tuple(sorted(thresholds.tolist())), time.perf_counter() - started)
