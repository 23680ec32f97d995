"""Where the network looked: which ink of a picture spoke for the digit that it read."""

from collections.abc import Sequence

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from model.inference import check_pixels
from model.preprocess.place import SIDE

STEPS = 4
"""Shades of the picture, from dark to its own, over which what ink does is averaged: with one the network's answer is saturated."""


def grad_cam(layers: nn.Sequential, pixels: NDArray[np.uint8], digits: NDArray[np.integer], side: int = SIDE) -> NDArray[np.float32]:
    """Ink that spoke for the digit, `float32[n, side, side]` in 0..1, its highest 1; all 0 where none did.

    `layers` as `model.inference.fold` makes them, pictures `uint8[n, side, side]`, and of each the digit to be explained, `[n]`.

    Guided Grad-CAM (Selvaraju et al. 2017): a coarse map of the last convolution times a fine one of the picture. The coarse one weights
    each place by its own gradient (HiResCAM, Draelos and Carin 2020), where Grad-CAM takes the mean over all. The fine one is integrated
    gradients from black (Sundararajan et al. 2017), since guided backpropagation says nearly the same whatever the weights and the digit
    are. Gradients are of the digit's log odds, not of its logit, so a map tells it from the others. All this was chosen among what
    `model.explanations.kinds` holds, by what deleting the ink it points at does to validation pictures. One pass there and back, of
    STEPS + 1 shades a picture.
    Raises ValueError for another shape or dtype.
    """
    check_pixels(pixels, side)
    ink, asked = tensors(pixels, digits)
    before = after_convolutions(layers)[-1]
    shades = shades_of(ink, STEPS).requires_grad_()
    maps = layers[:before](shades)
    spoken = log_odds(layers[before:](maps), asked.repeat(STEPS + 1))
    of_maps, of_ink = torch.autograd.grad(spoken.sum(), (maps, shades))
    with torch.no_grad():
        own = slice(0, len(ink))
        coarse = over_picture(hires_cam(maps[own], of_maps[own]), list(layers)[:before], side)
        told: NDArray[np.float32] = up_to_one(coarse * integrated(ink, of_ink))[:, 0].numpy()
    return told


def tensors(pixels: NDArray[np.uint8], digits: NDArray[np.integer]) -> tuple[Tensor, Tensor]:
    """Pictures as `float32[n, 1, side, side]` and digits as `int64[n]`."""
    return torch.from_numpy(pixels.astype(np.float32)).unsqueeze(1), torch.from_numpy(np.asarray(digits, dtype=np.int64))


def shades_of(ink: Tensor, steps: int) -> Tensor:
    """The pictures `[n, 1, side, side]` themselves, and after them each in shades, dark to its own: `[(1 + steps) * n, 1, side, side]`."""
    shares = torch.tensor([1.0, *((step + 0.5) / steps for step in range(steps))])
    return (shares.reshape(-1, 1, 1, 1, 1) * ink).flatten(0, 1)


def integrated(ink: Tensor, gradient: Tensor) -> Tensor:
    """What each pixel of `ink`, `[n, 1, side, side]`, adds to what the gradient, of `shades_of`, is of, where that is above 0."""
    return F.relu(ink * gradient[len(ink) :].reshape(-1, *ink.shape).mean(0))


def log_odds(logits: Tensor, digits: Tensor) -> Tensor:
    """Of each digit `[n]` by logits `[n, 10]`: log p / (1 - p), whose gradient does not vanish where p is nearly 1."""
    each = torch.arange(len(digits))
    others = logits.clone()
    others[each, digits] = -torch.inf
    return logits[each, digits] - others.logsumexp(1)


def hires_cam(maps: Tensor, gradient: Tensor) -> Tensor:
    """Where maps `[n, channels, side, side]` times their gradients sum to above 0, `[n, 1, side, side]`."""
    return F.relu((maps * gradient).sum(1, keepdim=True))


def after_convolutions(layers: nn.Sequential) -> list[int]:
    """How many layers there are up to each convolution and its rectification."""
    ends = [1 + index for index, layer in enumerate(layers) if isinstance(layer, nn.Conv2d)]
    return [end + isinstance(layers[end], nn.ReLU) for end in ends]


def over_picture(maps: Tensor, layers: Sequence[nn.Module], side: int = SIDE) -> Tensor:
    """Square maps `[n, 1, ., .]` of what these layers make of a picture, over its middle: convolutions without padding cut its edge.

    `[n, 1, side, side]`, `side` that of the picture.
    """
    covered = min(maps.shape[-1] * _stride(layers), side)
    grown = F.interpolate(maps, size=(covered, covered), mode="bilinear", align_corners=False)
    before = (side - covered) // 2
    return F.pad(grown, (before, side - covered - before) * 2)


def up_to_one(maps: Tensor) -> Tensor:
    """Each of the maps `[n, 1, side, side]` divided by its highest, but where that is 0."""
    highest = maps.amax((2, 3), keepdim=True)
    return torch.where(highest > 0, maps / highest, maps)


def _stride(layers: Sequence[nn.Module]) -> int:
    """Pixels of the picture between two neighbours in what these layers make of it."""
    stride = 1
    for layer in layers:
        match layer:
            case nn.Conv2d():
                stride *= layer.stride[0]
            case nn.MaxPool2d(stride=int(pooled)):
                stride *= pooled
    return stride
