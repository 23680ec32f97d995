"""Several answers about a picture made one: of networks trained apart, and of one network about the picture moved a pixel.

Probabilities are averaged, not logits: on validation pictures that is the better calibrated mean.
"""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from model.inference import softmax
from model.metrics import Floats

SHIFTS = ((0, 0), (-1, 0), (1, 0), (0, -1), (0, 1))
"""Down and right, in pixels. Set once, before anything was measured; a picture's own place is among them."""

Logits = Callable[[NDArray[np.uint8]], NDArray[np.float32]]


def moved(pixels: NDArray[np.uint8], down: int, right: int) -> NDArray[np.uint8]:
    """`uint8[n, 28, 28]`, moved by whole pixels; black comes in, and what leaves is lost."""
    there = np.roll(pixels, (down, right), axis=(1, 2))
    for axis, by in ((1, down), (2, right)):
        rows = np.moveaxis(there, axis, 0)
        rows[: max(by, 0)] = 0
        rows[len(rows) + min(by, 0) :] = 0
    return there


def moved_about(logits: Logits, pixels: NDArray[np.uint8]) -> Floats:
    """Test-time augmentation: `float64[n, 10]`, the mean of the probabilities of every one of `SHIFTS`."""
    return together([softmax(logits(moved(pixels, down, right))) for down, right in SHIFTS])


def together(probabilities: Sequence[Floats]) -> Floats:
    """An ensemble's `float64[n, 10]`, from each network's. Raises ValueError for none."""
    if not probabilities:
        raise ValueError("nobody answered")
    mean: Floats = np.mean(probabilities, axis=0)
    return mean
