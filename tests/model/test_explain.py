"""A map is Grad-CAM of the digit that is asked about, and depends on the digit and on the weights."""

from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import nn

from model.choice import KNOWN
from model.explain import grad_cam
from model.faithful import DELETED, faithfulness, without_ink
from model.inference import Classifier
from model.network import RELEASABLE
from tests.model.test_inference import Release, pictures, release, trained

__all__ = ["release"]

RELEASED = Path(__file__).parents[2] / "model" / "released"


@pytest.fixture(scope="module")
def known() -> NDArray[np.uint8]:
    with np.load(KNOWN) as stored:
        pixels: NDArray[np.uint8] = stored["pixels"]
    return pixels


def one_by_one() -> nn.Sequential:
    """A network whose map can be told by hand: each pixel alone makes two channels."""
    convolution, linear = nn.Conv2d(1, 2, 1), nn.Linear(2 * 28 * 28, 10)
    generator = torch.Generator().manual_seed(5)
    with torch.no_grad():
        convolution.weight.copy_(torch.tensor([1.0, -1.0]).reshape(2, 1, 1, 1))
        convolution.bias.copy_(torch.tensor([0.0, 255.0])) if convolution.bias is not None else None
        linear.weight.normal_(generator=generator)
    return nn.Sequential(convolution, nn.ReLU(), nn.Flatten(), linear).requires_grad_(False)


def test_a_map_is_channels_weighted_by_the_mean_of_the_gradient() -> None:
    network, picture = one_by_one(), pictures(1)
    linear = network[-1]
    assert isinstance(linear, nn.Linear)
    for digit in (3, 8):
        light, dark = linear.weight[digit].reshape(2, -1).mean(1).tolist()
        expected = np.maximum(light * picture[0] + dark * (255.0 - picture[0]), 0)
        if expected.max() > 0:
            expected /= expected.max()
        np.testing.assert_allclose(grad_cam(network, picture, np.array([digit]))[0], expected, atol=1e-5)


def test_where_nothing_speaks_for_a_digit_the_map_is_empty() -> None:
    network = one_by_one()
    linear = network[-1]
    assert isinstance(linear, nn.Linear)
    linear.weight.fill_(-1.0)
    assert not grad_cam(network, pictures(1), np.array([0])).any()


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


@pytest.mark.parametrize("corner", [(4, 4), (4, 20), (20, 12)])
def test_a_map_lies_where_the_ink_does_that_convolutions_saw(corner: tuple[int, int]) -> None:
    """Convolutions without padding cut two pixels off each edge, and a pooling halves what is left."""
    layers = nn.Sequential(nn.Conv2d(1, 1, 5), nn.MaxPool2d(2), nn.Conv2d(1, 1, 1), nn.ReLU(), nn.Flatten(), nn.Linear(144, 10))
    layers.requires_grad_(False)
    for parameter in layers.parameters():
        parameter.fill_(0.0 if parameter.ndim == 1 else 1.0)
    picture = np.zeros((1, 28, 28), np.uint8)
    top, left = corner
    picture[0, top : top + 4, left : left + 4] = 255
    [found] = grad_cam(layers, picture, np.array([7]))
    rows, columns = np.nonzero(found == 1)
    assert (rows.mean(), columns.mean()) == pytest.approx((top + 1.5, left + 1.5), abs=1)


def test_what_is_not_canonical_pixels_is_refused() -> None:
    with pytest.raises(ValueError, match="canonical pixels are"):
        grad_cam(Classifier(RELEASED).layers, np.zeros((1, 28, 27), np.uint8), np.array([0]))


def test_deleting_takes_the_ink_of_the_highest_score_alone(known: NDArray[np.uint8]) -> None:
    picture, score = known[0], np.arange(784.0).reshape(28, 28)
    left = without_ink(picture, score)
    gone = np.flatnonzero((picture != left).ravel())
    ink = np.flatnonzero(picture)
    assert list(gone) == list(ink[len(ink) - round(DELETED * len(ink)) :])


def test_maps_of_the_released_network_depend_on_the_digit_and_on_the_weights(known: NDArray[np.uint8]) -> None:
    told = faithfulness(Classifier(RELEASED), known[:30])
    assert told["n"] == 30
    assert told["difference"]["low"] <= told["difference"]["mean"] <= told["difference"]["high"]
    assert told["difference"]["mean"] == pytest.approx(told["fall_salient"] - told["fall_random"])
    assert max(told["alike"].values()) < 0.5
    assert told == faithfulness(Classifier(RELEASED), known[:30]), "the seed decides"
