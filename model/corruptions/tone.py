"""Pictures made brighter, and their sides turned to the negative."""

import numpy as np

from model.corruptions.levels import FULL, Pixels, levels, shares
from model.preprocess.place import SIDE

BRIGHTER = 0.5
"""Share of full ink (severity 5)."""
STRIPE_COLUMNS = 7
"""On either side."""


def brightness(pixels: Pixels, rng: np.random.Generator) -> Pixels:
    """`uint8[n, 28, 28]`. MNIST-C raises V of HSV by way of RGB, which for grey is the grey itself; nothing is drawn."""
    return levels(shares(pixels) + BRIGHTER)


def stripe(pixels: Pixels, rng: np.random.Generator) -> Pixels:
    """`uint8[n, 28, 28]`; nothing is drawn."""
    striped = pixels.copy()
    for side in (slice(STRIPE_COLUMNS), slice(SIDE - STRIPE_COLUMNS, None)):
        striped[:, :, side] = FULL - striped[:, :, side]
    return striped
