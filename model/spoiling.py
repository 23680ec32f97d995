"""Pictures spoilt while training: what is around, over and behind a digit varies, the digit does not. Whole batches, on any device."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from model.preprocess.place import SIDE


@dataclass(frozen=True)
class Spoiling:
    """How often each way is taken with a picture that is spoilt: with some none is, with some several."""

    clutter: float = 0.0
    """Pieces of other pictures' ink beside and across the digit, turned, stretched and cut off along a line."""
    blocks: float = 0.0
    """Two rectangles of one level each (random erasing, Zhong et al. 2017), partly outside the picture."""
    filters: float = 0.0
    """A 5x5 kernel of random numbers, then stretched to the whole range again (Xu et al. 2021, RandConv; Modas et al. 2022, PRIME)."""
    tones: float = 0.0
    """A random curve from level to level through five knots: darker, brighter, flatter, negative or solarised (PRIME's colours)."""
    lighting: float = 0.0
    """The picture flattened and put on a ramp of light from one side to another."""
    grain: float = 0.0
    """Normal, uniform or multiplied noise on pixels or on 2x2 pixels."""
    resolution: float = 0.0
    """Fewer pixels, between 9 and 20 a side, and back."""


UNSPOILT = Spoiling()


def spoil(images: Tensor, share: float, how: Spoiling) -> Tensor:
    """`float32[n, 28, 28]` in 0..255 to the same, where about this share is spoilt and the others are untouched.

    The ways follow one another in an order that is drawn for each batch. All randomness is from torch's global generator.
    """
    chosen = torch.nonzero(torch.rand(len(images), device=images.device) < share).flatten()
    if not len(chosen):
        return images
    levels = images[chosen].unsqueeze(1) / 255
    for place in torch.randperm(len(WAYS)).tolist():
        name, way = WAYS[place]
        taken = torch.nonzero(torch.rand(len(levels), device=levels.device) < getattr(how, name)).flatten()
        if len(taken):
            levels[taken] = way(levels[taken]).clamp(0, 1)
    spoilt = images.clone()
    spoilt[chosen] = levels.squeeze(1) * 255
    return spoilt


def _between(low: float, high: float, like: Tensor, *shape: int) -> Tensor:
    return torch.rand(len(like), *(shape or (1, 1, 1)), device=like.device) * (high - low) + low


def _clutter(images: Tensor) -> Tensor:
    spoilt = images
    for _ in range(2):
        others = images[torch.randperm(len(images), device=images.device)]
        angle = _between(-torch.pi, torch.pi, images, 1).squeeze(1)
        wide, high = (torch.exp(_between(-1.1, 1.1, images, 1)).squeeze(1) for _ in range(2))
        cos, sin = torch.cos(angle), torch.sin(angle)
        x, y = (_between(-1.3, 1.3, images, 1).squeeze(1) for _ in range(2))
        theta = torch.stack([torch.stack([cos * wide, -sin * wide, x], 1), torch.stack([sin * high, cos * high, y], 1)], 1)
        pieces = functional.grid_sample(
            others, functional.affine_grid(theta, list(images.shape), align_corners=False), padding_mode="zeros", align_corners=False
        )
        pieces = pieces * (_ramp(images) > _between(0.2, 0.8, images)) * _between(0.4, 1.0, images)
        spoilt = torch.maximum(spoilt, pieces)
    return spoilt


def _blocks(images: Tensor) -> Tensor:
    rows = torch.arange(SIDE, device=images.device).view(1, 1, -1, 1)
    columns = rows.view(1, 1, 1, -1)
    for _ in range(2):
        high, wide = (_between(2, 20, images) for _ in range(2))
        top, left = (_between(-6, SIDE + 6, images) - side / 2 for side in (high, wide))
        # a block seldom hides more than a third of the picture, or there would be nothing left to read
        wide = torch.minimum(wide, 160 / high)
        inside = (rows >= top) & (rows < top + high) & (columns >= left) & (columns < left + wide)
        images = torch.where(inside, _between(0, 1, images), images)
    return images


def _filters(images: Tensor) -> Tensor:
    count = len(images)
    kernels = torch.randn(count, 1, 5, 5, device=images.device)
    middle = torch.arange(-2, 3, device=images.device).float()
    away = middle.view(-1, 1) ** 2 + middle.view(1, -1) ** 2
    kernels = kernels * torch.exp(-away / (2 * _between(0.5, 2.0, images) ** 2))
    padded = functional.pad(images, (2, 2, 2, 2), mode="replicate")
    filtered = functional.conv2d(padded.view(1, count, SIDE + 4, SIDE + 4), kernels, groups=count).view_as(images)
    filtered = torch.where(torch.rand(count, 1, 1, 1, device=images.device) < 0.5, filtered.abs(), filtered)
    low, high = filtered.amin((1, 2, 3), keepdim=True), filtered.amax((1, 2, 3), keepdim=True)
    return images.lerp((filtered - low) / (high - low).clamp(min=1e-6), _between(0.3, 1.0, images))


KNOTS = 5


def _tones(images: Tensor) -> Tensor:
    straight = torch.linspace(0, 1, KNOTS, device=images.device).view(1, -1)
    rising = torch.where(torch.rand(len(images), 1, device=images.device) < 0.4, 1 - straight, straight)
    knots = rising.lerp(_between(0, 1, images, KNOTS), _between(0.0, 0.9, images, 1))
    knots = torch.cat([knots, knots[:, -1:]], 1)
    place = images.flatten(1) * (KNOTS - 1)
    below = place.long()
    return knots.gather(1, below).lerp(knots.gather(1, below + 1), place - below).view_as(images)


def _ramp(images: Tensor) -> Tensor:
    """From 0 to 1 across each picture, in a direction of its own."""
    angle = _between(-torch.pi, torch.pi, images)
    side = torch.linspace(-1, 1, SIDE, device=images.device)
    return (torch.cos(angle) * side.view(-1, 1) + torch.sin(angle) * side) / (2 * 2**0.5) + 0.5


def _lighting(images: Tensor) -> Tensor:
    light = _between(0, 1, images).lerp(_between(0, 1, images), _ramp(images))
    return images.lerp(light, _between(0.2, 0.8, images))


def _grain(images: Tensor) -> Tensor:
    count = len(images)
    kind = torch.rand(count, 1, 1, 1, device=images.device)
    normal = torch.randn_like(images)
    coarse = torch.randn(count, 1, SIDE // 2, SIDE // 2, device=images.device).repeat_interleave(2, 2).repeat_interleave(2, 3)
    noise = torch.where(kind < 0.25, torch.rand_like(images) * 3.4 - 1.7, torch.where(kind < 0.5, coarse, normal))
    noise = torch.where(kind > 0.8, noise * images * 1.5, noise)
    return images + noise * _between(0.05, 0.45, images)


def _resolution(images: Tensor) -> Tensor:
    fewer = int(torch.randint(9, 21, ()))
    small = functional.interpolate(images, size=(fewer, fewer), mode="area")
    return functional.interpolate(small, size=(SIDE, SIDE), mode="bilinear", align_corners=False)


WAYS: tuple[tuple[str, Callable[[Tensor], Tensor]], ...] = (
    ("clutter", _clutter),
    ("blocks", _blocks),
    ("filters", _filters),
    ("tones", _tones),
    ("lighting", _lighting),
    ("grain", _grain),
    ("resolution", _resolution),
)
"""Each takes `float32[n, 1, 28, 28]` in 0..1; its name is its field's."""
