"""The released network as exporters want it: plain layers of pixels in 0..1, and how many multiplications it takes."""

import copy

import torch
from torch import nn

from model.compiled import NotCompilable


def portable(layers: nn.Sequential) -> nn.Sequential:
    """The same function as `layers` (of pixels in 0..255, as `model.inference.fold` makes them) of pixels in 0..1, `float[n, 1, 28, 28]`.

    The scaling of pixels leaves the first layer because ExecuTorch's quantiser knows no step below 2^-12, which is wide beside weights that
    are divided by 255 (LOG.md says what that cost). Weights lie in rows, and nothing is done in place. Raises NotCompilable.
    """
    made = nn.Sequential(*(nn.ReLU() if isinstance(layer, nn.ReLU) else copy.deepcopy(layer) for layer in layers))
    first = made[0]
    if not isinstance(first, nn.Conv2d):
        raise NotCompilable("a network that does not begin with a convolution cannot be exported")
    with torch.no_grad():
        first.weight.mul_(255)
        for parameter in made.parameters():
            parameter.data = parameter.data.contiguous(memory_format=torch.contiguous_format)
    return made.eval().requires_grad_(False)


def operations(layers: nn.Sequential) -> int:
    """Multiply-accumulate operations for one picture: those of convolutions and linear layers."""
    total = 0
    with torch.inference_mode():
        x = torch.zeros(1, 1, 28, 28)
        for layer in layers:
            x = layer(x.clone())
            match layer:
                case nn.Conv2d():
                    total += x.numel() * layer.weight[0].numel()
                case nn.Linear():
                    total += layer.weight.numel()
    return total
