"""Noise on single pixels: of few photons, and of dead and stuck ones."""

import numpy as np

from model.corruptions.levels import FULL, Pixels, levels, shares

PHOTONS = 3.0
"""That a pixel of full ink is counted by on average (severity 5)."""

STRUCK = 0.17
"""Share of pixels that lose their value; half of them become 0, half 255 (severity 4)."""


def shot_noise(pixels: Pixels, rng: np.random.Generator) -> Pixels:
    """`uint8[n, 28, 28]`, each pixel drawn from Poisson's distribution about its own value."""
    return levels(rng.poisson(shares(pixels) * PHOTONS) / PHOTONS)


def impulse_noise(pixels: Pixels, rng: np.random.Generator) -> Pixels:
    """`uint8[n, 28, 28]` with salt and pepper. One draw a pixel where scikit-image makes two: the distribution is the same."""
    drawn = rng.random(pixels.shape)
    noisy = np.where(drawn < STRUCK, np.uint8(FULL), pixels)
    return np.where(drawn < STRUCK / 2, np.uint8(0), noisy)
