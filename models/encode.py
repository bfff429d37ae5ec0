"""A picture's own grey levels: how bright each pixel is among the others of its picture.

Enters: images_u8 (N, H, W). Leaves: levels (N, H, W) uint8 that keep the order of pixels, and are spread evenly.
"""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional

from models.constants import LEVELS


def own_levels(images_u8: Tensor) -> Tensor:
    """(N, H, W) uint8 → ⌊256 · darker / pixels⌋ (N, H, W) uint8; darker: how many pixels of the picture are darker."""
    flat = images_u8.flatten(1).long()
    counts = torch.zeros(len(flat), LEVELS, dtype=torch.long, device=flat.device)
    counts.scatter_add_(1, flat, torch.ones_like(flat))
    darker = counts.cumsum(1) - counts
    levels = (LEVELS * darker).div(flat.shape[1], rounding_mode="floor")
    return levels.gather(1, flat).to(torch.uint8).view_as(images_u8)


def encode(images_u8: Tensor, tables: Sequence[Tensor], local: bool = False) -> Tensor:
    """(N, H, W) uint8 and one table (256, C) → channels (N, C, H, W) float32, channels-last in memory.

    Pictures in color are (N, H, W, 3) and have three tables; their channels follow one another.
    local: looks the picture's own levels up instead of the grey levels.
    """
    planes = [images_u8] if images_u8.ndim == 3 else images_u8.unbind(-1)
    levels = [own_levels(plane) if local else plane for plane in planes]
    found = [functional.embedding(plane.int(), table) for plane, table in zip(levels, tables, strict=True)]
    return (found[0] if len(found) == 1 else torch.cat(found, -1)).permute(0, 3, 1, 2)
