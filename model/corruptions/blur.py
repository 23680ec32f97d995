"""Blur by frosted glass and by a moving hand."""

import numpy as np

from model.corruptions.levels import FULL, Pixels, levels, shares
from model.corruptions.smoothing import smoothed
from model.metrics import Floats
from model.preprocess.place import SIDE

GLASS_SIGMA = 0.7
GLASS_PASSES = 2
"""Over all pixels but the first two rows and columns, from the last to the first (severity 1)."""

MOTION_RADIUS, MOTION_SIGMA = 10, 3.0
"""Pixels (severity 1)."""
MOTION_DEGREES = 45.0
"""Largest angle to the horizontal."""


def glass_blur(pixels: Pixels, rng: np.random.Generator) -> Pixels:
    """`uint8[n, 28, 28]`, blurred, shuffled by at most a pixel at a time, and blurred again.

    MNIST-C calls scikit-image's `gaussian` with `multichannel=True` on a grey picture, which takes its columns for channels: both blurs
    go down and not across, and so they do here.
    """
    count = len(pixels)
    shuffled = (smoothed(shares(pixels), down=GLASS_SIGMA, across=0) * FULL).astype(np.uint8)
    places = [(row, column) for _ in range(GLASS_PASSES) for row in range(SIDE - 1, 1, -1) for column in range(SIDE - 1, 1, -1)]
    drawn = rng.integers(0, 2, (count, len(places), 3), dtype=np.uint8)
    back = drawn[..., 1:] * drawn[..., :1]  # half of the pixels stay; the others change places with one up, left, both or themselves
    each = np.arange(count)
    for step, (row, column) in enumerate(places):
        other_row, other_column = row - back[:, step, 0], column - back[:, step, 1]
        here = shuffled[:, row, column].copy()
        shuffled[:, row, column] = shuffled[each, other_row, other_column]
        shuffled[each, other_row, other_column] = here
    return levels(smoothed(shares(shuffled), down=GLASS_SIGMA, across=0))


def motion_blur(pixels: Pixels, rng: np.random.Generator) -> Pixels:
    """`uint8[n, 28, 28]`, each smeared along its own angle.

    ImageMagick's MotionBlurImage: a half Gaussian from the pixel onwards, along pixels nearest to the line; beyond the border lies its
    last pixel. MNIST-C's went through ImageMagick itself, whose sums are of 16 bits in some builds: a level of 255 at most.
    """
    angles = np.deg2rad(rng.uniform(-MOTION_DEGREES, MOTION_DEGREES, len(pixels)))
    along = np.arange(2 * MOTION_RADIUS + 1)
    kernel = np.exp(-(along**2) / (2 * MOTION_SIGMA**2))
    kernel /= kernel.sum()
    values = shares(pixels)
    blurred: Floats = np.zeros_like(values)
    each = np.arange(len(pixels))[:, None, None]
    for step, weight in zip(along, kernel, strict=True):
        rows, columns = (
            np.clip(np.arange(SIDE) + np.ceil(step * part(angles) - 0.5).astype(np.intp)[:, None], 0, SIDE - 1) for part in (np.sin, np.cos)
        )
        blurred += weight * values[each, rows[:, :, None], columns[:, None, :]]
    return levels(blurred)
