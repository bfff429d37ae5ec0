"""What a network is built from."""

from dataclasses import dataclass, field

from models.quantize import Quantization


@dataclass(frozen=True)
class NetworkSpec:
    """The shape of a network's input and output, and its size.

    A network takes channels (N, channels, height, width_px) float32 and returns logits (N, classes).
    width: filters of its first block. quantization: which of its weights and activations are binary.
    Raises: ValueError for a size that is not positive, or a dropout outside of 0 to 1.
    """

    channels: int
    height: int
    width_px: int
    classes: int
    width: int = 24
    dropout: float = 0.25
    quantization: Quantization = field(default_factory=Quantization)

    def __post_init__(self) -> None:
        for name in ("channels", "height", "width_px", "classes", "width"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} {getattr(self, name)}: expected 1 or more")
        if not 0 <= self.dropout < 1:
            raise ValueError(f"dropout {self.dropout}: expected 0 or more, and less than 1")
