"""The drift features say what they say."""

import numpy as np
import pytest

from model.preprocess import Features, measure
from tests.model.preprocess.pictures import DIGITS


def test_a_bar_is_measured() -> None:
    pixels = np.zeros((28, 28), np.uint8)
    pixels[4:24, 12:16] = 255
    features = measure(pixels)
    assert features.ink == pytest.approx(80 / 784)
    assert features.aspect == pytest.approx(0.2)
    assert features.slant == pytest.approx(0, abs=1e-6)
    assert 3.5 < features.stroke < 5


@pytest.mark.parametrize("lean", [-0.5, 0.5])
def test_slant_is_the_shear_and_positive_to_the_right(lean: float) -> None:
    pixels = np.zeros((28, 28), np.uint8)
    for y in range(4, 24):
        at = round(14 - lean * (y - 14))
        pixels[y, at - 1 : at + 2] = 255
    assert measure(pixels).slant == pytest.approx(lean, abs=0.08)


def test_black_measures_nothing() -> None:
    assert measure(np.zeros((28, 28), np.uint8)) == Features(0, 0, 0, 0)


def test_known_digits_lie_where_digits_lie() -> None:
    for pixels in DIGITS:
        features = measure(pixels)
        assert 0.02 < features.ink < 0.35
        assert 0.1 < features.aspect < 2.5
        assert -1.3 < features.slant < 1.3
        assert 0.9 < features.stroke < 8
