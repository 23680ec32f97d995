"""Pictures that a small network learns to tell apart in a second: each digit is a bar in its own place, under noise."""

import numpy as np

from model.data import Digits
from model.judge import Panel
from model.splitting import Writers


def bars(count: int, seed: int, *, ink: int = 255, lower: int = 0) -> Digits:
    """`count` of them, the digits in turn. `ink` is how white a bar is; noise is below 60. `lower` moves
    all of them down, which is another way of writing."""
    rng = np.random.default_rng(seed)
    labels = (np.arange(count) % 10).astype(np.uint8)
    pixels = rng.integers(0, 60, (count, 28, 28)).astype(np.uint8)
    for picture, label in zip(pixels, labels, strict=True):
        picture[4 + lower : 18 + lower, 4 + 2 * label : 6 + 2 * label] = ink
    return Digits(pixels, labels)


def bars_panel(*label_errors: int) -> Panel:
    """Sixty of them by one writer; the labels at these places are said to be wrong."""
    return Panel("bars", bars(60, 0), Writers(np.zeros(60, np.uint16), np.zeros(60, np.uint8)), label_errors)
