"""Changes of lighting after training: gain, gamma and brightness, applied to images before they are encoded.

Levels outside 0..255 are clipped, as in a camera.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from models.constants import LEVELS

TOP = LEVELS - 1
Levels = npt.NDArray[np.float64]

# Each kind of drift maps grey levels 0..255 and an amount to grey levels, before rounding.
KINDS: dict[str, Callable[[Levels, float], Levels]] = {
    "gain": lambda x, amount: x * amount,
    "gamma": lambda x, amount: TOP * (x / TOP) ** amount,
    "brightness": lambda x, amount: x + amount,
}
NOTHING = {"gain": 1.0, "gamma": 1.0, "brightness": 0.0}
AMOUNTS = {
    "gain": (0.4, 0.6, 0.8, 1.0, 1.25, 1.6, 2.0),
    "gamma": (0.4, 0.6, 0.8, 1.0, 1.25, 1.6, 2.5),
    "brightness": (-80.0, -40.0, -20.0, 0.0, 20.0, 40.0, 80.0),
}


@dataclass(frozen=True)
class Drift:
    """One change of lighting. Raises: ValueError for an unknown kind."""

    kind: str
    amount: float

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"drift {self.kind!r}: expected {', '.join(KINDS)}")

    def __str__(self) -> str:
        return f"{self.kind} {self.amount:+g}" if self.kind == "brightness" else f"{self.kind} {self.amount:g}"

    @property
    def is_none(self) -> bool:
        """Whether it leaves images as they are."""
        return self.amount == NOTHING[self.kind]

    def applied(self, images: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
        """The images under this lighting, rounded and clipped to 0..255; any shape, which is kept."""
        table = np.clip(np.rint(KINDS[self.kind](np.arange(LEVELS, dtype=np.float64), self.amount)), 0, TOP)
        return table.astype(np.uint8)[images]


def drifts() -> list[Drift]:
    """All changes that are evaluated."""
    return [Drift(kind, amount) for kind, amounts in AMOUNTS.items() for amount in amounts]
