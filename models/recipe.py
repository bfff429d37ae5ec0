"""How a network is trained."""

from dataclasses import dataclass

import torch

from models.augment import Augmentation

PRECISIONS = {"float32": torch.float32, "bfloat16": torch.bfloat16}


@dataclass(frozen=True)
class Recipe:
    """How a network is trained. All of it belongs to the protocol.

    averaging: decay a step of the exponential average of the weights that is validated; 0 takes the last weights.
    precision: of the arithmetic in a training step, one of PRECISIONS; weights and predictions are always float32.
    real_layers, gradient: of networks with binary weights or activations, see Quantization.
    """

    network: str = "compact"
    width: int = 24
    epochs: int = 6
    batch_size: int = 128
    learning_rate: float = 5e-3
    weight_decay: float = 1e-2
    label_smoothing: float = 0.05
    dropout: float = 0.25
    averaging: float = 0.0
    precision: str = "float32"
    augmentation: Augmentation = Augmentation()
    real_layers: str = "last"
    gradient: str = "clipped"
