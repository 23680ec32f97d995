"""Every kind of map is one: of the pictures' shape and in 0..1. Among them are what is served and what was served at first."""

import numpy as np

from model.choice import KNOWN
from model.committed import RELEASED
from model.explain import grad_cam
from model.explanations.kinds import BEFORE, SERVED, every_kind
from model.inference import Classifier
from tests.model.test_explain import one_by_one, weights
from tests.model.test_inference import pictures

with np.load(KNOWN) as stored:
    PIXELS, DIGITS = stored["pixels"][:4], stored["labels"][:4]


def test_every_kind_is_maps_of_its_own() -> None:
    kinds = every_kind(Classifier(RELEASED).layers, PIXELS, DIGITS)
    for name, maps in kinds.items():
        assert maps.shape == (4, 28, 28), name
        assert maps.dtype == np.float32, name
        assert maps.min() >= 0, name
        assert set(maps.max((1, 2))) == {1.0}, name
    assert len({maps.tobytes() for maps in kinds.values()}) == len(kinds)


def test_the_served_kind_is_what_is_served() -> None:
    layers = Classifier(RELEASED).layers
    np.testing.assert_allclose(every_kind(layers, PIXELS, DIGITS)[SERVED], grad_cam(layers, PIXELS, DIGITS), atol=1e-4)


def test_grad_cam_is_channels_weighted_by_the_mean_of_the_gradient() -> None:
    network, picture = one_by_one(), pictures(1)
    for digit in (3, 8):
        light, dark = weights(network)[digit].reshape(2, -1).mean(1).tolist()
        expected = np.maximum(light * picture[0] + dark * (255.0 - picture[0]), 0)
        if expected.max() > 0:
            expected /= expected.max()
        np.testing.assert_allclose(every_kind(network, picture, np.array([digit]))[BEFORE][0], expected, atol=1e-5)
