"""Where the network looked: Grad-CAM of the digit that it read."""

from collections.abc import Sequence

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import nn

from model.inference import check_pixels

SIDE = 28


def grad_cam(layers: nn.Sequential, pixels: NDArray[np.uint8], digits: NDArray[np.integer]) -> NDArray[np.float32]:
    """What spoke for the digit, `float32[n, 28, 28]` in 0..1, its highest 1; all 0 where nothing did.

    `layers` as `model.inference.fold` makes them, pictures `uint8[n, 28, 28]`, and of each the digit to be explained, `[n]`. The maps of
    the last convolution, weighted by the mean of the logit's gradient over each, where their sum is above 0 (Selvaraju et al. 2017).
    The last one is chosen, among all that there are, by what deleting the ink it points at does to validation pictures.
    Raises ValueError for another shape or dtype.
    """
    check_pixels(pixels)
    before = 1 + max(index for index, layer in enumerate(layers) if isinstance(layer, nn.Conv2d))
    if isinstance(layers[before], nn.ReLU):
        before += 1
    with torch.no_grad():
        maps = layers[:before](torch.from_numpy(pixels.astype(np.float32)).unsqueeze(1))
    maps.requires_grad_()
    logits = layers[before:](maps)
    chosen = logits[torch.arange(len(pixels)), torch.from_numpy(np.asarray(digits, dtype=np.int64))]
    [gradient] = torch.autograd.grad(chosen.sum(), maps)
    with torch.no_grad():
        spoken = F.relu((gradient.mean((2, 3), keepdim=True) * maps).sum(1, keepdim=True))
        placed = _placed(spoken, _stride(list(layers)[:before]))[:, 0]
        highest = placed.amax((1, 2), keepdim=True)
        told: NDArray[np.float32] = torch.where(highest > 0, placed / highest, placed).numpy()
    return told


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


def _placed(maps: torch.Tensor, stride: int) -> torch.Tensor:
    """Over the middle of the picture, from which convolutions without padding cut the edge."""
    side = min(maps.shape[-1] * stride, SIDE)
    grown = F.interpolate(maps, size=(side, side), mode="bilinear", align_corners=False)
    before = (SIDE - side) // 2
    return F.pad(grown, (before, SIDE - side - before) * 2)
