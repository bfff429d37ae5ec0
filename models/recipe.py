"""How a network is trained."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any

import torch

from models.augment import Augmentation
from models.quantize import GRADIENTS, REAL_LAYERS

PRECISIONS = {"float32": torch.float32, "bfloat16": torch.bfloat16}


def setting(default: Any, choices: Iterable[str] | None = None, confirmed: bool = False) -> Any:
    """A field of Recipe.

    choices: the values that exist. confirmed: whether a confirmation takes the study's value instead of its budget's.
    """
    return field(default=default, metadata={"choices": choices and tuple(choices), "confirmed": confirmed})


@dataclass(frozen=True)
class Recipe:
    """How a network is trained. Every field is part of the protocol.

    averaging: decay per step of the exponential moving average of the weights that is validated; 0 validates the last
    weights.
    precision: of the arithmetic in a training step; weights and predictions are always float32.
    real_layers, gradient: of networks with binary weights or activations, see Quantization.
    Raises: ValueError for an invalid value.
    """

    network: str = setting("compact", confirmed=True)
    width: int = setting(24)
    epochs: int = setting(6)
    batch_size: int = setting(128)
    learning_rate: float = setting(5e-3)
    weight_decay: float = setting(1e-2)
    label_smoothing: float = setting(0.05)
    dropout: float = setting(0.25)
    averaging: float = setting(0.0)
    precision: str = setting("float32", PRECISIONS)
    augmentation: Augmentation = setting(Augmentation())
    real_layers: str = setting("last", REAL_LAYERS, confirmed=True)
    gradient: str = setting("clipped", GRADIENTS, confirmed=True)

    def __post_init__(self) -> None:
        for each in fields(self):
            value, choices = getattr(self, each.name), each.metadata["choices"]
            kind = (int, float) if isinstance(each.default, float) else type(each.default)
            if not isinstance(value, kind):
                raise ValueError(f"{each.name} {value!r}: expected {type(each.default).__name__}")
            if choices is not None and value not in choices:
                raise ValueError(f"{each.name} {value!r}: expected {', '.join(choices)}")

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> "Recipe":
        """The inverse of dataclasses.asdict. Raises: TypeError, ValueError for anything else."""
        return cls(**{**values, "augmentation": Augmentation(**values["augmentation"])})


CONFIRMED = tuple(each.name for each in fields(Recipe) if each.metadata["confirmed"])
