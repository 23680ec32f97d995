"""A map is Guided Grad-CAM of the digit that is asked about, as its docstring says, of every network that can be served."""

from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import nn

from model.committed import RELEASED
from model.explain import STEPS, grad_cam
from model.inference import Classifier
from model.network import RELEASABLE
from tests.model.test_inference import Release, pictures, release, trained

__all__ = ["release"]


Floats = NDArray[np.float64]


def one_by_one() -> nn.Sequential:
    """A network whose map can be told by hand: each pixel alone makes two channels, itself and what it lacks of 255."""
    convolution, linear = nn.Conv2d(1, 2, 1), nn.Linear(2 * 28 * 28, 10, bias=False)
    assert convolution.bias is not None
    generator = torch.Generator().manual_seed(5)
    with torch.no_grad():
        convolution.weight.copy_(torch.tensor([1.0, -1.0]).reshape(2, 1, 1, 1))
        convolution.bias.copy_(torch.tensor([0.0, 255.0]))
        linear.weight.normal_(std=2e-4, generator=generator)
    return nn.Sequential(convolution, nn.ReLU(), nn.Flatten(), linear).requires_grad_(False)


def weights(network: nn.Sequential) -> torch.Tensor:
    linear = network[-1]
    assert isinstance(linear, nn.Linear)
    return linear.weight


def gradient_of_log_odds(weight: Floats, picture: Floats, digit: int) -> Floats:
    """Of `one_by_one`, by channel and place `[2, 28, 28]`: the digit's weights, less those of the others by their probabilities."""
    channels = np.stack([picture, 255 - picture]).reshape(-1)
    others = np.delete(np.arange(10), digit)
    powers = np.exp(weight[others] @ channels)
    return np.asarray((weight[digit] - powers @ weight[others] / powers.sum()).reshape(2, 28, 28))


def test_a_map_is_the_last_convolution_s_times_the_gradient_from_black() -> None:
    network, picture = one_by_one(), pictures(1)
    weight, ink = weights(network).double().numpy(), picture[0].astype(np.float64)
    for digit in (3, 8):
        light, dark = gradient_of_log_odds(weight, ink, digit)
        shades = [gradient_of_log_odds(weight, ink * (step + 0.5) / STEPS, digit) for step in range(STEPS)]
        of_pixels = np.mean([of_light - of_dark for of_light, of_dark in shades], axis=0)
        expected = np.maximum(light * ink + dark * (255 - ink), 0) * np.maximum(ink * of_pixels, 0)
        np.testing.assert_allclose(grad_cam(network, picture, np.array([digit]))[0], expected / expected.max(), atol=1e-4)


def test_where_nothing_speaks_for_a_digit_the_map_is_empty() -> None:
    network = one_by_one()
    weights(network).fill_(0.0)[0] = -1.0
    assert not grad_cam(network, pictures(1), np.array([0])).any()


def test_a_picture_without_ink_has_an_empty_map() -> None:
    assert not grad_cam(Classifier(RELEASED).layers, np.zeros((1, 28, 28), np.uint8), np.array([1])).any()


@pytest.mark.parametrize("name", RELEASABLE)
def test_every_network_is_explained(release: Release, name: str) -> None:
    layers = Classifier(release(trained(name), name)).layers
    together = grad_cam(layers, pictures(5), np.arange(5))
    assert together.shape == (5, 28, 28)
    assert together.dtype == np.float32
    assert together.min() >= 0
    assert set(together.max((1, 2))) <= {0.0, 1.0}
    alone = [grad_cam(layers, pictures(5)[index : index + 1], np.array([index]))[0] for index in range(5)]
    np.testing.assert_allclose(together, alone, atol=1e-4)


@pytest.mark.parametrize("place", [(1, 1), (1, 9), (10, 5)])
def test_a_map_lies_where_the_network_looked(place: tuple[int, int]) -> None:
    """A convolution without padding cuts two pixels off each edge, a pooling halves the rest: one place of 12 x 12 is looked at."""
    layers = nn.Sequential(nn.Conv2d(1, 1, 5), nn.MaxPool2d(2), nn.Conv2d(1, 1, 1), nn.ReLU(), nn.Flatten(), nn.Linear(144, 10))
    layers.requires_grad_(False)
    for parameter in layers.parameters():
        parameter.fill_(0.0 if parameter.ndim == 1 else 1.0)
    weights(layers).fill_(0.0)[7, place[0] * 12 + place[1]] = 0.01
    [found] = grad_cam(layers, np.full((1, 28, 28), 255, np.uint8), np.array([7]))
    middle = [float(np.average(np.arange(28), weights=found.sum(axis))) for axis in (1, 0)]
    assert middle == pytest.approx([2 + 2 * row_or_column + 0.5 for row_or_column in place], abs=0.5)


def test_what_is_not_canonical_pixels_is_refused() -> None:
    with pytest.raises(ValueError, match="canonical pixels are"):
        grad_cam(Classifier(RELEASED).layers, np.zeros((1, 28, 27), np.uint8), np.array([0]))


def test_a_map_has_the_side_of_its_picture(larger: Path) -> None:
    with np.load(larger / "known.npz") as known:
        told = grad_cam(Classifier(larger).layers, known["pixels"], known["labels"], side=32)
        assert told.shape == known["pixels"].shape
        assert told.max() == 1.0
        assert not told[known["pixels"] == 0].any(), "where there is no ink nothing speaks"
