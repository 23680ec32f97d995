"""Known pictures made into photographs: seeded, so that what preprocessing loses can be measured on any set of digits."""

import cv2
import numpy as np
from numpy.typing import NDArray

INTERPOLATIONS = (cv2.INTER_NEAREST, cv2.INTER_LINEAR, cv2.INTER_CUBIC)


def degrade(pixels: NDArray[np.uint8], rng: np.random.Generator) -> bytes:
    """One MNIST picture, uint8 (28, 28), as a JPEG photograph of a dark digit on light paper.

    Enlarged 4 to 10 times, off centre on a canvas of 260 to 900 pixels a side, a lightness slope of up to 30 %, sometimes blurred,
    Gaussian noise of standard deviation up to 8 of 255, JPEG quality 60 to 95.
    """
    canvas = photograph(pixels, rng)
    return cv2.imencode(".jpg", canvas, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(60, 96))])[1].tobytes()


def photograph(pixels: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    """The same without the JPEG coding: uint8 (height, width), each 260 to 900."""
    times = rng.uniform(4, 10)
    side = round(28 * times)
    ink = cv2.resize(pixels, (side, side), interpolation=int(rng.choice(INTERPOLATIONS)))
    height, width = (int(rng.integers(max(260, side), 901)) for _ in range(2))
    top, left = int(rng.integers(0, height - side + 1)), int(rng.integers(0, width - side + 1))
    layer = np.zeros((height, width), np.float32)
    layer[top : top + side, left : left + side] = ink / np.float32(255)
    if rng.random() < 0.5:
        layer = cv2.GaussianBlur(layer, (0, 0), rng.uniform(0.3, 0.4 * times)).astype(np.float32)
    paper, pen = rng.uniform(190, 255), rng.uniform(0, 90)
    lit = paper + (pen - paper) * layer
    return exposed(lit, rng, slope=rng.uniform(0, 0.3), noise=rng.uniform(0, 8))


def exposed(lit: NDArray[np.float32], rng: np.random.Generator, *, slope: float, noise: float) -> NDArray[np.uint8]:
    """Light that falls off by `slope` (fraction) from one side to the other in a random direction, and sensor noise (levels)."""
    height, width = lit.shape
    angle = rng.uniform(0, 2 * np.pi)
    along = np.cos(angle) * np.linspace(-1, 1, width)[None, :] + np.sin(angle) * np.linspace(-1, 1, height)[:, None]
    along = (along - along.min()) / max(float(np.ptp(along)), 1e-9)
    shown: NDArray[np.float64] = lit * (1 - slope * along) + rng.normal(0, noise, lit.shape)
    return np.clip(np.rint(shown), 0, 255).astype(np.uint8)
