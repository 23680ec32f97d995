"""Between levels of 0 to 255 and shares of 0 to 1. Going there and back changes nothing."""

import numpy as np
from numpy.typing import NDArray

from model.metrics import Floats

FULL = 255

Pixels = NDArray[np.uint8]


def shares(pixels: Pixels) -> Floats:
    """Levels, `uint8`, as shares of full ink."""
    return pixels / float(FULL)


def levels(values: Floats) -> Pixels:
    """Shares, cut to 0..1, as whole levels; halves go to the even one, as where MNIST-C was rounded."""
    return np.rint(np.clip(values, 0, 1) * FULL).astype(np.uint8)
