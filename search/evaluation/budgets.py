"""Budgets: how many images and epochs one training uses, how wide the network is, and how images are augmented."""

from dataclasses import dataclass

from models.augment import Augmentation
from models.recipe import Recipe


@dataclass(frozen=True)
class Budget:
    """What one training may spend. variants: number of variants per photo group that are trained on, 0 for all."""

    variants: int
    recipe: Recipe


# Chosen on validation photos of Sign Language MNIST, see docs/budgets.md. Use --augmentation none where brightness or
# position carries information.
AUGMENTATIONS = {
    "none": Augmentation(),
    "mild": Augmentation(shift=0.07, rotation=6, scale=0.08, gain=0.1, brightness=10),
    "strong": Augmentation(shift=0.11, rotation=10, scale=0.12, gain=0.2, brightness=25),
}
BUDGETS = {
    "quick": Budget(6, Recipe(epochs=6, width=24, augmentation=AUGMENTATIONS["mild"])),
    "standard": Budget(12, Recipe(epochs=6, width=32, augmentation=AUGMENTATIONS["strong"])),
    "full": Budget(0, Recipe(epochs=8, width=32, augmentation=AUGMENTATIONS["strong"])),
}


def batch_size_for(pictures: int) -> int:
    """The default batch size: 128, or less on small data sets, so that an epoch has about 32 steps.

    With 128, an epoch on the digits would have 9 steps, which is too few for the six epochs of the quick budget.
    """
    return min(max(pictures // 32, 16), 128)
