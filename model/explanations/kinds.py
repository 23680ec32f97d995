"""Every kind of map that was tried, by its name. The one that is served is among them."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from model.explain import STEPS, after_convolutions, hires_cam, integrated, log_odds, over_picture, shades_of, tensors, up_to_one
from model.inference import check_pixels

BEFORE = "Grad-CAM of the logit, last convolution"
"""What was served at first."""

SERVED = f"HiResCAM x integrated gradients in {STEPS} steps"

Target = Callable[[Tensor, Tensor], Tensor]
"""Of logits and digits, what gradients are of."""

Weighted = Callable[[Tensor, Tensor], Tensor]
"""Of maps and their gradients, one map."""


class _Seen(NamedTuple):
    """A stage of a network: the layers up to it, what they make of pictures, and its gradient, both `[n, channels, side, side]`."""

    layers: list[nn.Module]
    maps: Tensor
    gradient: Tensor


def every_kind(layers: nn.Sequential, pixels: NDArray[np.uint8], digits: NDArray[np.integer]) -> dict[str, NDArray[np.float32]]:
    """By name, for pictures and digits as `grad_cam` takes them, maps as it gives them.

    Gradients are of log odds where nothing else is said. Convolutions are the last at each size of their maps. A product is of the last
    convolution and the picture. What is of the picture alone is a bound: nothing in it is Grad-CAM.
    Raises ValueError for another shape or dtype.
    """
    check_pixels(pixels)
    ink, asked = tensors(pixels, digits)
    logit, guided = _seen(layers, ink, asked, _logit), _seen(layers, ink, asked, _logit, guided=True)
    picture, *stages = _seen(layers, ink, asked, log_odds)
    coarse = {
        f"{name}, {stage.maps.shape[-1]} x {stage.maps.shape[-1]}": _over(stage, weighted)
        for name, weighted in (("Grad-CAM", _grad_cam), ("HiResCAM", hires_cam))
        for stage in stages
    }
    before, hires = _over(logit[-1], _grad_cam), _over(stages[-1], hires_cam)
    fine = {
        "gradient x ink": F.relu(ink * picture.gradient),
        f"integrated gradients in {STEPS} steps": _integrated(layers, ink, asked),
    }
    kinds = {
        BEFORE: before,
        "Guided Grad-CAM of the logit": before * F.relu(guided[0].gradient),
        **coarse,
        "LayerCAM": _over(stages[-1], _layer_cam),
        "Grad-CAM++": _over(stages[-1], _grad_cam_plus_plus),
        "mean of HiResCAM of each size": torch.stack([_over(stage, hires_cam) for stage in stages]).mean(0),
        "gradient x ink of the logit": F.relu(ink * logit[0].gradient),
        **fine,
        **{f"Grad-CAM x {name}": _over(stages[-1], _grad_cam) * maps for name, maps in fine.items()},
        **{f"HiResCAM x {name}": hires * maps for name, maps in fine.items()},
        **{f"mean of HiResCAM and {name}": hires + up_to_one(maps) for name, maps in fine.items()},
    }
    return {name: up_to_one(maps)[:, 0].numpy() for name, maps in kinds.items()}


def _seen(layers: nn.Sequential, ink: Tensor, digits: Tensor, target: Target, *, guided: bool = False) -> list[_Seen]:
    """The picture, then the last convolution at each size; gradients as they are, or guided backpropagation (Springenberg et al. 2015)."""
    ends, maps = set(after_convolutions(layers)), ink.clone().requires_grad_()
    stages = {"picture": (list(layers)[:0], maps)}
    for index, layer in enumerate(layers):
        maps = layer(maps)
        if guided and isinstance(layer, nn.ReLU):
            maps.register_hook(F.relu)
        if index + 1 in ends:
            stages[f"{maps.shape[-1]}"] = (list(layers)[: index + 1], maps)
    gradients = torch.autograd.grad(target(maps, digits).sum(), [maps for _, maps in stages.values()])
    return [_Seen(before, maps.detach(), gradient) for (before, maps), gradient in zip(stages.values(), gradients, strict=True)]


def _over(stage: _Seen, weighted: Weighted) -> Tensor:
    return up_to_one(over_picture(weighted(stage.maps, stage.gradient), stage.layers))


def _logit(logits: Tensor, digits: Tensor) -> Tensor:
    return logits[torch.arange(len(digits)), digits]


def _grad_cam(maps: Tensor, gradient: Tensor) -> Tensor:
    return hires_cam(maps, gradient.mean((2, 3), keepdim=True))


def _layer_cam(maps: Tensor, gradient: Tensor) -> Tensor:
    """Jiang et al. 2021."""
    return hires_cam(maps, F.relu(gradient))


def _grad_cam_plus_plus(maps: Tensor, gradient: Tensor) -> Tensor:
    """Chattopadhay et al. 2018."""
    share = 2 + maps.sum((2, 3), keepdim=True) * gradient
    weights = torch.where(gradient > 0, gradient / share, 0).sum((2, 3), keepdim=True)
    return hires_cam(maps, weights)


def _integrated(layers: nn.Sequential, ink: Tensor, digits: Tensor) -> Tensor:
    shades = shades_of(ink, STEPS).requires_grad_()
    [gradient] = torch.autograd.grad(log_odds(layers(shades), digits.repeat(STEPS + 1)).sum(), shades)
    return integrated(ink, gradient)
