"""The adversary that a network is trained against: pictures moved, within bounds, to where the network's loss is greater."""

import torch
from torch import Tensor, nn
from torch.nn import functional

from model.recipes import Adversary

WHITE = 255.0


def perturbed(network: nn.Module, pixels: Tensor, labels: Tensor, adversary: Adversary, progress: float = 1.0) -> Tensor:
    """Pixels in 0..255, `[n, 28, 28]`, moved by at most the epsilon that is due at `progress` of the training: `float32[n, 28, 28]`.

    Begins anywhere within the bounds, then follows the sign of the gradient (PGD, Madry et al. 2018). The network is asked in evaluation
    mode, so its running statistics are of what it learns alone, and keeps no gradient of this; its mode is as it was.
    """
    grown = 1.0 if adversary.warm_up == 0 else min(1.0, progress / adversary.warm_up)
    epsilon, step = grown * adversary.epsilon * WHITE, grown * adversary.step * WHITE
    clean, training = pixels.float(), network.training
    network.eval()
    moved = _within(clean + torch.empty_like(clean).uniform_(-epsilon, epsilon), clean, epsilon)
    for _ in range(adversary.steps):
        moved.requires_grad_()
        (uphill,) = torch.autograd.grad(functional.cross_entropy(network(moved), labels), moved)
        moved = _within(moved.detach() + step * uphill.sign(), clean, epsilon)
    network.train(training)
    return moved


def _within(moved: Tensor, clean: Tensor, epsilon: float) -> Tensor:
    return torch.minimum(torch.maximum(moved, clean - epsilon), clean + epsilon).clamp(0, WHITE)
