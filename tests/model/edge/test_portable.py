"""What is exported computes what is served, and its multiplications are counted right."""

import numpy as np
import pytest
import torch
from torch import nn

from model.committed import RELEASED
from model.compiled import NotCompilable
from model.edge.portable import operations, portable
from model.inference import Classifier
from model.network import RELEASABLE, build
from tests.model.edge.fakes import known
from tests.model.test_inference import Release, release, trained

__all__ = ["release"]


@pytest.mark.parametrize("name", RELEASABLE)
def test_every_network_stays_the_same_function(release: Release, name: str) -> None:
    classifier = Classifier(release(trained(name), name))
    pixels = known().pixels[:8]
    with torch.inference_mode():
        logits = portable(classifier.layers)(torch.from_numpy(pixels.astype(np.float32) / 255).unsqueeze(1))
    np.testing.assert_allclose(logits.numpy(), classifier.logits(pixels), atol=1e-3, rtol=1e-4)


def test_the_served_network_is_left_as_it_was() -> None:
    classifier = Classifier(RELEASED)
    before = classifier.logits(known().pixels)
    made = portable(classifier.layers)
    np.testing.assert_array_equal(classifier.logits(known().pixels), before)
    assert not any(layer.inplace for layer in made if isinstance(layer, nn.ReLU))
    assert all(parameter.is_contiguous() for parameter in made.parameters())


def test_steps_of_the_first_layer_are_wide_enough_for_every_quantiser() -> None:
    """ExecuTorch has no step below 2^-12; folded into weights, the scaling of pixels would need one."""
    first = portable(Classifier(RELEASED).layers)[0]
    assert isinstance(first, nn.Conv2d)
    steps = first.weight.abs().amax(dim=(1, 2, 3)) / 127
    assert steps.median() > 2**-12


def test_multiplications_are_counted_layer_by_layer() -> None:
    layers = nn.Sequential(nn.Conv2d(1, 3, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(3, 4, 3), nn.Flatten(), nn.Linear(576, 10))
    assert operations(layers) == 28 * 28 * 3 * 25 + 12 * 12 * 4 * 27 + 5_760


def test_the_served_network_costs_what_its_shape_says() -> None:
    convolutions = 24**2 * 32 * 25 + 12**2 * 64 * 9 * (32 + 64) + 3 * 6**2 * 64 * 9 * 64
    assert operations(Classifier(RELEASED).layers) == convolutions + 64 * 6 * 6 * 10


def test_a_network_that_does_not_begin_with_a_convolution_is_refused() -> None:
    with pytest.raises(NotCompilable, match="cannot be exported"):
        portable(build("dense512").layers)
