"""What one trial may spend: pictures, epochs, width."""

from dataclasses import dataclass

from models.augment import Augmentation
from models.recipe import Recipe


@dataclass(frozen=True)
class Budget:
    """What one training may spend: variants per photo (0: all), and a recipe."""

    variants: int
    recipe: Recipe


# Chosen on validation photos of Sign Language MNIST, see docs/budgets.md. Shares and degrees suit any picture; where
# light or place matter, --augmentation none leaves pictures as they are.
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
    """128, and less on small sets, so that an epoch has about 32 steps.

    With 128 the digits would have 9 steps an epoch, too few for the quick budget's six epochs.
    """
    return min(max(pictures // 32, 16), 128)
