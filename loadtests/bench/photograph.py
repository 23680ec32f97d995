"""A photograph of a digit as a telephone takes it: 12 megapixels of unevenly lit paper, ink that is not quite black, grain."""

import cv2
import numpy as np
from numpy.typing import NDArray

from loadtests.pictures import Pixels

WIDTH, HEIGHT = 4_000, 3_000
DIGIT_SIDE = 1_400
INK, DARK_CORNER, BRIGHT_CORNER = 60.0, 150.0, 230.0
"""Grey levels."""
GRAIN = 6.0
"""Standard deviation of the noise in grey levels."""
QUALITY = 90


def photograph(digit: Pixels, seed: int = 0) -> bytes:
    """A baseline JPEG, `uint8[3000, 4000, 3]`, of this `uint8[28, 28]`."""
    light = np.linspace(DARK_CORNER, BRIGHT_CORNER, WIDTH, dtype=np.float32) * np.linspace(1, 0.9, HEIGHT, dtype=np.float32)[:, None]
    strength = np.zeros((HEIGHT, WIDTH), np.float32)
    top, left = (HEIGHT - DIGIT_SIDE) // 2, (WIDTH - DIGIT_SIDE) // 2
    written = cv2.resize(digit, (DIGIT_SIDE, DIGIT_SIDE), interpolation=cv2.INTER_CUBIC)
    strength[top : top + DIGIT_SIDE, left : left + DIGIT_SIDE] = written.astype(np.float32) / 255
    seen = light * (1 - strength) + INK * strength
    grain = np.random.default_rng(seed).standard_normal((HEIGHT, WIDTH, 3), np.float32) * GRAIN
    coloured: NDArray[np.float32] = seen[..., None] * np.array([0.94, 0.98, 1.0], np.float32) + grain  # blue, green, red: warm light
    return cv2.imencode(".jpg", np.clip(coloured, 0, 255).astype(np.uint8), [cv2.IMWRITE_JPEG_QUALITY, QUALITY])[1].tobytes()
