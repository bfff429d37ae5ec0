"""The arguments that every network is built from."""

from dataclasses import dataclass, field

from models.quantize import Quantization


@dataclass(frozen=True)
class NetworkSpec:
    """The shapes of a network's input and output, its size, and which of its layers are binary.

    A network takes channels (N, channels, height, width_px) float32 and returns logits (N, classes). The channels of
    binary input are 0 or 1; those of greyscale input are in 0..1.

    channels: number of input channels, which differs between the trials of a study. height, width_px: image size in
    pixels. classes: number of classes. width: size of the network, the number of filters of its first block. dropout:
    probability of dropping a feature before the last layer. quantization: builds layers with real or binary weights and
    activations, as `--weights` and `--activations` say.
    Raises: ValueError for a size below 1, or a dropout that is not in [0, 1).
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
