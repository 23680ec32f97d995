"""Pictures varied while training: the same digit, written a little differently. Works on whole batches, on any device."""

from dataclasses import dataclass
from functools import cache

import torch
from torch import Tensor
from torch.nn import functional


@dataclass(frozen=True)
class Augmentation:
    """How far pictures are varied; each figure is the end of a uniform range around nothing, unless it says otherwise."""

    rotation_degrees: float = 0.0
    shift_pixels: float = 0.0
    zoom: float = 0.0
    """0.1: between 0.9 and 1.1 times, each axis by its own factor half of the way."""
    shear_degrees: float = 0.0
    elastic_pixels: float = 0.0
    """Root mean square of the displacement on a 5x5 grid, bicubic between (after Simard et al. 2003)."""
    stroke_probability: float = 0.0
    """How often strokes are made thicker or thinner, by up to a pixel."""
    erase_probability: float = 0.0
    """How often a 4x4 patch is blanked (Zhong et al. 2017)."""


def augment(pixels: Tensor, augmentation: Augmentation) -> Tensor:
    """`uint8[n, 28, 28]` to `float32[n, 28, 28]` in 0..255; all randomness from torch's global generator."""
    if augmentation == Augmentation():
        return pixels.float()
    images = pixels.unsqueeze(1).float()
    images = _move(images, augmentation)
    if augmentation.stroke_probability:
        images = _change_strokes(images, augmentation.stroke_probability)
    if augmentation.erase_probability:
        images = _erase(images, augmentation.erase_probability)
    return images.squeeze(1)


def _uniform(count: int, end: float, like: Tensor) -> Tensor:
    return (torch.rand(count, device=like.device) * 2 - 1) * end


def _move(images: Tensor, by: Augmentation) -> Tensor:
    count, _, height, _ = images.shape
    angle = torch.deg2rad(_uniform(count, by.rotation_degrees, images))
    shear = torch.tan(torch.deg2rad(_uniform(count, by.shear_degrees, images)))
    zoom = 1 + _uniform(count, by.zoom, images)
    stretch = 1 + _uniform(count, by.zoom / 2, images)
    shift = by.shift_pixels * 2 / height
    cos, sin = torch.cos(angle), torch.sin(angle)
    theta = torch.stack(
        [
            torch.stack([cos * zoom * stretch, (cos * shear - sin) * zoom, _uniform(count, shift, images)], 1),
            torch.stack([sin * zoom * stretch, (sin * shear + cos) * zoom, _uniform(count, shift, images)], 1),
        ],
        1,
    )
    grid = functional.affine_grid(theta, list(images.shape), align_corners=False)
    if by.elastic_pixels:
        coarse = torch.randn(count, 2, 5, 5, device=images.device) * (by.elastic_pixels * 2 / height)
        between = _bicubic(5, height).to(images.device)
        grid = grid + (between @ coarse @ between.T).permute(0, 2, 3, 1)
    return functional.grid_sample(images, grid, mode="bilinear", padding_mode="zeros", align_corners=False)


@cache
def _bicubic(coarse: int, fine: int) -> Tensor:
    """`float32[fine, coarse]`: bicubic interpolation of a column, ends on ends. As a matrix it is seven times as fast as in place."""
    columns = functional.interpolate(torch.eye(coarse).view(1, coarse, coarse, 1), size=(fine, 1), mode="bicubic", align_corners=True)
    return columns[0, :, :, 0].T.contiguous()


def _change_strokes(images: Tensor, probability: float) -> Tensor:
    count = images.shape[0]
    chance = torch.rand(count, device=images.device)
    amount = (torch.rand(count, device=images.device) * 0.8).view(-1, 1, 1, 1)
    thicker = chance < probability / 2
    thinner = ~thicker & (chance < probability)
    changed = images.clone()
    changed[thicker] = images[thicker].lerp(functional.max_pool2d(images[thicker], 3, stride=1, padding=1), amount[thicker])
    worn = -functional.max_pool2d(-images[thinner], (2, 2), stride=1, padding=1)[..., :-1, :-1]
    changed[thinner] = images[thinner].lerp(worn, amount[thinner])
    return changed


def _erase(images: Tensor, probability: float, side: int = 4) -> Tensor:
    count, _, height, width = images.shape
    top = torch.randint(0, height - side + 1, (count, 1, 1, 1), device=images.device)
    left = torch.randint(0, width - side + 1, (count, 1, 1, 1), device=images.device)
    rows = torch.arange(height, device=images.device).view(1, 1, -1, 1)
    columns = torch.arange(width, device=images.device).view(1, 1, 1, -1)
    patch = (rows >= top) & (rows < top + side) & (columns >= left) & (columns < left + side)
    chosen = torch.rand(count, 1, 1, 1, device=images.device) < probability
    return images.masked_fill(patch & chosen, 0.0)
