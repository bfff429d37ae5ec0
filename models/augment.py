"""Random geometric and lighting changes of images, applied before the thresholds.

Cameras and lamps differ before thresholding; a binary image can no longer be made slightly brighter.
"""

import math
from dataclasses import astuple, dataclass

import torch
from torch import Tensor
from torch.nn import functional


@dataclass(frozen=True)
class Augmentation:
    """Limits of the changes. Each change is drawn uniformly from [-limit, limit], independently for each image.

    shift: share of the height and of the width. rotation: degrees. scale: share of the size. gain: share of the grey
    level. brightness: grey levels. flip: probability of a horizontal flip. With all values 0, images stay as they are.
    """

    shift: float = 0.0
    rotation: float = 0.0
    scale: float = 0.0
    gain: float = 0.0
    brightness: float = 0.0
    flip: float = 0.0

    def __bool__(self) -> bool:
        return any(astuple(self))


def augment(images_u8: Tensor, by: Augmentation) -> Tensor:
    """Changes each image by values drawn from torch's generator; the border is repeated outside the image.

    images_u8: (N, H, W), or (N, H, W, 3) in color. Returns the same shape and type.
    """
    n, height, width = images_u8.shape[:3]
    device = images_u8.device

    def within(limit: float) -> Tensor:
        return (torch.rand(n, device=device) * 2 - 1) * limit

    angle, size = within(math.radians(by.rotation)), 1 + within(by.scale)
    mirror = torch.where(torch.rand(n, device=device) < by.flip, -1.0, 1.0)
    cos, sin = angle.cos() / size, angle.sin() / size
    # Coordinates run from -1 to 1 along each side, so a rotation depends on the aspect ratio.
    across = torch.stack([cos * mirror, -sin * height / width, within(2 * by.shift)], 1)
    down = torch.stack([sin * mirror * width / height, cos, within(2 * by.shift)], 1)
    grid = functional.affine_grid(torch.stack([across, down], 1), [n, 1, height, width], align_corners=False)
    planes = images_u8[:, None] if images_u8.ndim == 3 else images_u8.permute(0, 3, 1, 2)
    moved = functional.grid_sample(planes.float(), grid, padding_mode="border", align_corners=False)
    lit = moved * (1 + within(by.gain))[:, None, None, None] + within(by.brightness)[:, None, None, None]
    changed = lit.round_().clamp_(0, 255).to(torch.uint8)
    return changed[:, 0] if images_u8.ndim == 3 else changed.permute(0, 2, 3, 1)
