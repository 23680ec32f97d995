"""The adversary of training moves pictures within its bounds, uphill, and leaves the network as it was."""

from dataclasses import replace

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from model.adversarial.ascent import perturbed
from model.network import build
from model.recipes import Adversary

FULL = Adversary(epsilon=0.1, steps=5, step=0.05, warm_up=0.5)
ROUNDING = 1e-3


@pytest.fixture
def batch() -> tuple[nn.Module, Tensor, Tensor]:
    torch.set_num_threads(1)
    torch.manual_seed(0)
    return build("strided", dropout=0.0), torch.randint(0, 256, (16, 28, 28)).to(torch.uint8), torch.arange(16) % 10


def test_no_pixel_moves_further_than_epsilon_or_out_of_its_range(batch: tuple[nn.Module, Tensor, Tensor]) -> None:
    network, pixels, labels = batch
    moved = perturbed(network, pixels, labels, FULL)
    assert (moved - pixels).abs().max() <= 255 * FULL.epsilon + ROUNDING
    assert moved.min() >= 0
    assert moved.max() <= 255


def test_the_loss_is_greater_than_after_as_large_a_random_move(batch: tuple[nn.Module, Tensor, Tensor]) -> None:
    network, pixels, labels = batch
    at_random = perturbed(network, pixels, labels, replace(FULL, steps=0))
    climbed = perturbed(network, pixels, labels, FULL)
    assert functional.cross_entropy(network(climbed), labels) > functional.cross_entropy(network(at_random), labels) + 0.01


@pytest.mark.parametrize(("progress", "share"), [(0.0, 0.0), (0.25, 0.5), (0.5, 1.0), (1.0, 1.0)])
def test_the_bounds_grow_until_training_has_warmed_up(batch: tuple[nn.Module, Tensor, Tensor], progress: float, share: float) -> None:
    network, pixels, labels = batch
    furthest = float((perturbed(network, pixels, labels, FULL, progress) - pixels).abs().max())
    assert furthest == pytest.approx(share * 255 * FULL.epsilon, abs=ROUNDING)


@pytest.mark.parametrize("training", [True, False])
def test_the_network_is_left_as_it_was(batch: tuple[nn.Module, Tensor, Tensor], training: bool) -> None:
    _, pixels, labels = batch
    network = build("article").train(training)
    before = {name: value.clone() for name, value in network.state_dict().items()}
    moved = perturbed(network, pixels, labels, FULL)
    assert network.training is training
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())
    assert all(parameter.grad is None for parameter in network.parameters())
    assert not moved.requires_grad
