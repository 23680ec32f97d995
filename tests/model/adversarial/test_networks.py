"""What is attacked answers as the network does; noise is drawn anew; a hidden gradient is seen to be hidden."""

import pytest
import torch
from torch import Tensor, nn

from model.adversarial.networks import Noisy, Reading, answers, without_gradient
from model.network import DigitNetwork, build


@pytest.fixture
def network() -> DigitNetwork:
    torch.set_num_threads(1)
    torch.manual_seed(0)
    return build("strided", dropout=0.0).eval()


@pytest.fixture
def images() -> Tensor:
    return torch.randint(0, 256, (12, 1, 28, 28), generator=torch.Generator().manual_seed(1)).float() / 255


def test_an_image_is_read_as_its_pixels_are(network: DigitNetwork, images: Tensor) -> None:
    pixels = (255 * images).round().squeeze(1)
    assert torch.allclose(Reading(network)(images), network(pixels), atol=1e-5)
    assert torch.allclose(Reading(network, 10.0)(images), network(pixels) / 10, atol=1e-5)


def test_folded_layers_are_read_as_their_network_is(network: DigitNetwork, images: Tensor) -> None:
    layers = nn.Sequential(_Scaled(), *network.layers)
    assert torch.allclose(Reading(layers)(images), Reading(network)(images), atol=1e-5)


class _Scaled(nn.Module):
    def forward(self, pixels: Tensor) -> Tensor:
        assert pixels.shape[1:] == (1, 28, 28)
        return pixels / 255


def test_noise_is_drawn_anew_at_every_call_and_its_mean_varies_less(network: DigitNetwork, images: Tensor) -> None:
    torch.manual_seed(0)
    spread = {}
    for draws in (1, 50):
        noisy = Noisy(Reading(network), 0.5, draws)
        spread[draws] = float(torch.stack([noisy(images).softmax(1) for _ in range(20)]).std(0).mean())
    assert 0 < spread[50] < spread[1] / 3


def test_without_noise_there_is_nothing_to_average(network: DigitNetwork, images: Tensor) -> None:
    reading = Reading(network)
    assert torch.allclose(Noisy(reading, 0.0, 3)(images), reading(images).log_softmax(1), atol=1e-5)


def test_the_mean_of_the_draws_has_a_gradient(network: DigitNetwork, images: Tensor) -> None:
    asked = images.requires_grad_()
    (gradient,) = torch.autograd.grad(Noisy(Reading(network), 0.1, 3)(asked)[:, 0].sum(), asked)
    assert (gradient.flatten(1).abs().amax(1) > 0).all()


def test_answers_are_one_for_each_picture_whatever_the_batch(network: DigitNetwork, images: Tensor) -> None:
    assert torch.equal(answers(Reading(network), images, batch=5), Reading(network)(images).argmax(1))
    assert len(answers(Reading(network), images[:0])) == 0


def test_a_gradient_that_saturation_hides_is_counted_and_found_again_at_the_temperature(network: DigitNetwork, images: Tensor) -> None:
    with torch.no_grad():
        last = network.layers[-1]
        assert isinstance(last, nn.Linear)
        last.weight.mul_(1e5)
    right = answers(Reading(network), images)
    assert without_gradient(Reading(network), images, right) > 0.9
    assert without_gradient(Reading(network, 1e5), images, right) == 0
