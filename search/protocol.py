"""What makes two trial values comparable, written down and given a fingerprint."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from models.train import Recipe

TRAINING_VERSION = 1  # raise it when the training code changes what a seed gives


@dataclass(frozen=True)
class Budget:
    """What one trial may spend: variants per photo (0: all), epochs, filters of the first block."""

    variants: int
    epochs: int
    width: int


BUDGETS = {
    "quick": Budget(variants=6, epochs=6, width=24),
    "standard": Budget(variants=12, epochs=8, width=32),
    "full": Budget(variants=0, epochs=8, width=32),
}


@dataclass(frozen=True)
class Protocol:
    """Everything that a value depends on beside the binarization and the replicate's number.

    A value is only compared with values of the same protocol.
    """

    data: str  # name
    data_fingerprint: str
    split_fingerprint: str
    variants: int
    recipe: Recipe
    seed: int  # of the split, the variants and the first training of each binarization
    metric: str = "validation accuracy"
    training_version: int = TRAINING_VERSION

    def as_dict(self) -> dict[str, Any]:
        """Plain values, nested one level at the most; what is stored with a study."""
        return asdict(self)

    @property
    def fingerprint(self) -> str:
        """8 hexadecimal digits."""
        return fingerprint(self.as_dict())


def fingerprint(values: Mapping[str, Any]) -> str:
    """8 hexadecimal digits of SHA-256 over plain values."""
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()[:8]


def differences(stored: Mapping[str, Any], now: Mapping[str, Any], prefix: str = "") -> list[str]:
    """What differs, one short phrase for each: `recipe.epochs: 6 in the study, 8 now`."""
    found: list[str] = []
    for key in sorted(stored.keys() | now.keys()):
        before, after = stored.get(key), now.get(key)
        if isinstance(before, Mapping) and isinstance(after, Mapping):
            found += differences(before, after, f"{prefix}{key}.")
        elif before != after:
            found.append(f"{prefix}{key}: {before} in the study, {after} now")
    return found


def batch_size_for(pictures: int) -> int:
    """128, and less on small sets, so that an epoch has about 32 steps.

    With 128 the digits would have 9 steps an epoch, too few for the quick budget's six epochs.
    """
    return min(max(pictures // 32, 16), 128)
