"""A picture's own grey levels: how bright each pixel is among the others of its picture.

Enters: images_u8 (N, H, W). Leaves: levels (N, H, W) uint8 that keep the order of pixels, and are spread evenly.
"""

import torch
from torch import Tensor

LEVELS = 256


def own_levels(images_u8: Tensor) -> Tensor:
    """(N, H, W) uint8 → ⌊256 · darker / pixels⌋ (N, H, W) uint8; darker: how many pixels of the picture are darker."""
    flat = images_u8.flatten(1).long()
    counts = torch.zeros(len(flat), LEVELS, dtype=torch.long, device=flat.device)
    counts.scatter_add_(1, flat, torch.ones_like(flat))
    darker = counts.cumsum(1) - counts
    levels = (LEVELS * darker).div(flat.shape[1], rounding_mode="floor")
    return levels.gather(1, flat).to(torch.uint8).view_as(images_u8)
