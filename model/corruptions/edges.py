"""Edges alone, as Canny's detector finds them."""

import cv2
import numpy as np
from numpy.typing import NDArray

from model.corruptions.levels import FULL, Pixels, shares
from model.corruptions.smoothing import smoothed
from model.metrics import Floats
from model.preprocess.place import SIDE

SIGMA = 1.0
LOW, HIGH = 0.1, 0.2
"""An edge is as steep as the first all along and as the second somewhere: scikit-image's defaults."""
BLOCK = 500
"""Pictures at once, so that memory stays small."""


def canny_edges(pixels: Pixels, rng: np.random.Generator) -> Pixels:
    """`uint8[n, 28, 28]` of 0 and 255; nothing is drawn.

    Canny 1986 as in scikit-image: smoothed without what the border lacks, Sobel's gradient, maxima along it between two neighbours.
    OpenCV's own takes whole levels and the nearest neighbour, and finds other edges.
    """
    found = np.zeros_like(pixels)
    for start in range(0, len(pixels), BLOCK):
        block = slice(start, start + BLOCK)
        found[block] = _edges(shares(pixels[block]))
    return found


def _edges(pictures: Floats) -> Pixels:
    whole = smoothed(np.ones((1, SIDE, SIDE)), down=SIGMA, across=SIGMA, border="zero")
    around = np.pad(smoothed(pictures, down=SIGMA, across=SIGMA, border="zero") / whole, ((0, 0), (1, 1), (1, 1)), mode="edge")
    sums_across = around[:, :, :-2] + 2 * around[:, :, 1:-1] + around[:, :, 2:]
    sums_down = around[:, :-2] + 2 * around[:, 1:-1] + around[:, 2:]
    down = sums_across[:, 2:] - sums_across[:, :-2]
    across = sums_down[:, :, 2:] - sums_down[:, :, :-2]
    steepness = np.hypot(down, across)
    peaks = _peaks(down, across, steepness)
    weak, strong = peaks & (steepness >= LOW), peaks & (steepness >= HIGH)
    return np.stack([_connected(some, sure) for some, sure in zip(weak, strong, strict=True)])


def _peaks(down: Floats, across: Floats, steepness: Floats) -> NDArray[np.bool_]:
    """Where neither neighbour along the gradient is steeper, each between a straight and a diagonal one; never at the border."""
    padded = np.pad(steepness, ((0, 0), (1, 1), (1, 1)))

    def at(rows: int, columns: int) -> Floats:
        return padded[:, 1 + rows : 1 + rows + SIDE, 1 + columns : 1 + columns + SIDE]

    upright, same = np.abs(down) >= np.abs(across), down * across >= 0
    larger = np.maximum(np.abs(down), np.abs(across))
    diagonal = np.minimum(np.abs(down), np.abs(across)) / np.where(larger > 0, larger, 1)
    peaks = steepness > 0
    for way in (1, -1):
        straight = np.where(upright, at(way, 0), at(0, way))
        slanted = np.where(same, at(way, way), np.where(upright, at(way, -way), at(-way, way)))
        peaks &= slanted * diagonal + straight * (1 - diagonal) <= steepness
    peaks[:, [0, -1]] = peaks[:, :, [0, -1]] = False
    return peaks


def _connected(weak: NDArray[np.bool_], strong: NDArray[np.bool_]) -> Pixels:
    """What hangs together with anything strong, at corners too."""
    _, part = cv2.connectedComponents(weak.astype(np.uint8), connectivity=8)
    kept = np.isin(part, np.unique(part[strong]))
    return np.where(kept, np.uint8(FULL), np.uint8(0))
