"""A photograph of a digit as a telephone takes it: megapixels of unevenly lit paper, ink that is not quite black, grain."""

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from loadtests.pictures import Pixels

WIDTH, HEIGHT = 4, 3
"""To each other."""
DIGIT_SIDE = 1.4
"""To these."""
INK, DARK_CORNER, BRIGHT_CORNER = 60.0, 150.0, 230.0
"""Grey levels."""
GRAIN = 6.0
"""Standard deviation of the noise in grey levels."""
QUALITY = 90


def photograph(digit: Pixels, megapixels: float = 12.0, seed: int = 0) -> bytes:
    """A baseline JPEG of this `uint8[28, 28]`: `uint8[3000, 4000, 3]` for 12 megapixels, that shape for others."""
    scale = math.sqrt(megapixels * 1e6 / (WIDTH * HEIGHT))
    width, height, side = round(scale * WIDTH), round(scale * HEIGHT), round(scale * DIGIT_SIDE)
    light = np.linspace(DARK_CORNER, BRIGHT_CORNER, width, dtype=np.float32) * np.linspace(1, 0.9, height, dtype=np.float32)[:, None]
    strength = np.zeros((height, width), np.float32)
    top, left = (height - side) // 2, (width - side) // 2
    written = cv2.resize(digit, (side, side), interpolation=cv2.INTER_CUBIC)
    strength[top : top + side, left : left + side] = written.astype(np.float32) / 255
    seen = light * (1 - strength) + INK * strength
    grain = np.random.default_rng(seed).standard_normal((height, width, 3), np.float32) * GRAIN
    coloured: NDArray[np.float32] = seen[..., None] * np.array([0.94, 0.98, 1.0], np.float32) + grain  # blue, green, red: warm light
    return cv2.imencode(".jpg", np.clip(coloured, 0, 255).astype(np.uint8), [cv2.IMWRITE_JPEG_QUALITY, QUALITY])[1].tobytes()
