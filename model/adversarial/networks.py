"""What is attacked: a network as it answers pictures in 0..1, alone or behind one of the article's two defences."""

import math

import torch
from torch import Tensor, nn

from model.adversarial.ascent import WHITE
from model.network import DigitNetwork


class Reading(nn.Module):
    """Images `float32[n, 1, 28, 28]` in 0..1 to logits `float32[n, 10]`, divided by `temperature`; of a network of canonical pixels.

    `network` is a `DigitNetwork`, or the folded layers of `model.inference.Classifier`.
    """

    def __init__(self, network: nn.Module, temperature: float = 1.0) -> None:
        super().__init__()
        self.network = network.eval().requires_grad_(False)
        self.temperature = temperature

    def forward(self, images: Tensor) -> Tensor:
        pixels = images * WHITE
        logits: Tensor = self.network(pixels.squeeze(1) if isinstance(self.network, DigitNetwork) else pixels)
        return logits / self.temperature


class Noisy(nn.Module):
    """Random Gaussian noise of `sigma` (of 0..1) is added to every picture before it is read, anew at every call.

    With several `draws` the logits are the logarithm of the mean of their probabilities: what such a network says on average. An attacker
    who follows that mean's gradient is not confused by the noise (expectation over transformation, Athalye et al. 2018).
    """

    def __init__(self, reading: nn.Module, sigma: float, draws: int = 1) -> None:
        super().__init__()
        self.reading, self.sigma, self.draws = reading, sigma, draws

    def forward(self, images: Tensor) -> Tensor:
        repeated = images.repeat(self.draws, 1, 1, 1)
        noisy = (repeated + self.sigma * torch.randn_like(repeated)).clamp(0, 1)
        said = torch.log_softmax(self.reading(noisy), dim=1).reshape(self.draws, len(images), -1)
        return torch.logsumexp(said, dim=0) - math.log(self.draws)


def answers(reading: nn.Module, images: Tensor, batch: int = 250) -> Tensor:
    """The digits read, `int64[n]`."""
    with torch.no_grad():
        return torch.cat([reading(part).argmax(1) for part in torch.split(images, batch)])


def without_gradient(reading: nn.Module, images: Tensor, labels: Tensor, batch: int = 250) -> float:
    """The share of pictures whose cross-entropy has a gradient of exactly nothing: there an attack that follows it stands still."""
    still = 0
    for part, right in zip(torch.split(images, batch), torch.split(labels, batch), strict=True):
        asked = part.clone().requires_grad_()
        (gradient,) = torch.autograd.grad(nn.functional.cross_entropy(reading(asked), right, reduction="sum"), asked)
        still += int((gradient.flatten(1).abs().amax(1) == 0).sum())
    return still / len(images)
