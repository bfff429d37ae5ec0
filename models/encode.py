"""Grey levels to channels by lookup tables, on the device."""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional

from models.constants import LEVELS


def own_levels(images_u8: Tensor) -> Tensor:
    """The rank of each pixel among the pixels of its image: (N, H, W) uint8 → (N, H, W) uint8.

    The rank is ⌊256 · darker / pixels⌋, where `darker` is the number of darker pixels in the image.
    """
    flat = images_u8.flatten(1).long()
    counts = torch.zeros(len(flat), LEVELS, dtype=torch.long, device=flat.device)
    counts.scatter_add_(1, flat, torch.ones_like(flat))
    darker = counts.cumsum(1) - counts
    levels = (LEVELS * darker).div(flat.shape[1], rounding_mode="floor")
    return levels.gather(1, flat).to(torch.uint8).view_as(images_u8)


def encode(images_u8: Tensor, tables: Sequence[Tensor], local: bool = False) -> Tensor:
    """Looks up each pixel: (N, H, W) uint8 and a table (256, C) → (N, C, H, W) float32 in channels-last memory format.

    Color images (N, H, W, 3) take three tables; the channels of red, green and blue follow one another.
    local: looks up the rank of each pixel in its image (own_levels) instead of its grey level.
    """
    planes = [images_u8] if images_u8.ndim == 3 else images_u8.unbind(-1)
    levels = [own_levels(plane) if local else plane for plane in planes]
    found = [functional.embedding(plane.int(), table) for plane, table in zip(levels, tables, strict=True)]
    return (found[0] if len(found) == 1 else torch.cat(found, -1)).permute(0, 3, 1, 2)
