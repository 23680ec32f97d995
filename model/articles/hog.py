"""Histograms of oriented gradients (Dalal and Triggs 2005): how much edge runs in which direction, cell by cell, whatever the contrast."""

import numpy as np
from numpy.typing import NDArray

CELL, BLOCK, DIRECTIONS = 4, 2, 9
"""Pixels of a cell's side, cells of a block's side, and directions over half a turn."""

CLIP = 0.2
"""No direction counts for more of a block than this (their L2-Hys)."""

CHUNK = 1_000
TINY = 1e-5


def features(pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
    """`float32[n, 1296]` of `uint8[n, 28, 28]`: 6 x 6 overlapping blocks of 2 x 2 cells of 9 directions, each block of length 1."""
    parts = [_features(pixels[start : start + CHUNK]) for start in range(0, len(pixels), CHUNK)]
    return np.concatenate(parts) if parts else np.empty((0, 1_296), np.float32)


def _features(pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
    cells = _cells(pixels.astype(np.float32))
    across = cells.shape[1] - BLOCK + 1
    corners = [cells[:, row : row + across, column : column + across] for row in range(BLOCK) for column in range(BLOCK)]
    blocks = _unit(np.minimum(_unit(np.concatenate(corners, axis=-1)), CLIP))
    vectors: NDArray[np.float32] = blocks.reshape(len(pixels), -1)
    return vectors


def _cells(images: NDArray[np.float32]) -> NDArray[np.float32]:
    """`float32[n, 7, 7, 9]`: gradients' lengths summed by direction, each shared between its two nearest directions."""
    down, right = np.gradient(images, axis=(1, 2))
    length = np.hypot(down, right)
    place = np.arctan2(down, right) / np.pi % 1 * DIRECTIONS
    lower = np.floor(place)
    share = place - lower
    side = images.shape[1] // CELL
    found = np.zeros((len(images), side, side, DIRECTIONS), np.float32)
    for direction in range(DIRECTIONS):
        weight = length * ((lower % DIRECTIONS == direction) * (1 - share) + ((lower + 1) % DIRECTIONS == direction) * share)
        found[..., direction] = weight.reshape(len(images), side, CELL, side, CELL).sum(axis=(2, 4))
    return found


def _unit(blocks: NDArray[np.float32]) -> NDArray[np.float32]:
    unit: NDArray[np.float32] = (blocks / np.sqrt((blocks**2).sum(axis=-1, keepdims=True) + TINY**2)).astype(np.float32)
    return unit
