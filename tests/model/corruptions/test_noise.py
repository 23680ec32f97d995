"""Noise is as strong as MNIST-C's says: photons are counted, and so many pixels are struck."""

import numpy as np
import pytest

from model.corruptions.levels import Pixels
from model.corruptions.noise import PHOTONS, STRUCK, impulse_noise, shot_noise


def test_shot_noise_counts_whole_photons_and_leaves_the_dark_dark(pixels: Pixels, rng: np.random.Generator) -> None:
    noisy = shot_noise(pixels, rng)
    assert not noisy[pixels == 0].any()
    assert set(np.unique(noisy).tolist()) == {0, 85, 170, 255}


def test_shot_noise_is_right_on_average_where_nothing_is_cut(rng: np.random.Generator) -> None:
    dim = np.full((500, 28, 28), 17, np.uint8)
    photons = shot_noise(dim, rng) / 255 * PHOTONS
    assert photons.mean() == pytest.approx(17 / 255 * PHOTONS, rel=0.02)
    assert photons.var() == pytest.approx(17 / 255 * PHOTONS, rel=0.02)


def test_impulse_noise_strikes_its_share_half_dark_half_full(rng: np.random.Generator) -> None:
    grey = np.full((500, 28, 28), 100, np.uint8)
    struck = impulse_noise(grey, rng)
    assert set(np.unique(struck).tolist()) == {0, 100, 255}
    for level in (0, 255):
        assert (struck == level).mean() == pytest.approx(STRUCK / 2, rel=0.03)
