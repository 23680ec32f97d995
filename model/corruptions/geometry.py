"""Digits sheared, made smaller, turned and moved, each about the middle of its picture and to a side that is drawn."""

import numpy as np
from numpy.typing import NDArray

from model.corruptions.levels import Pixels, levels, shares
from model.metrics import Floats
from model.preprocess.place import SIDE

SHEAR_RADIANS = ROTATION_RADIANS = 0.4
"""Severity 2."""
SMALLER = 1 / 0.7
"""Pixels of the picture that one of the smaller picture shows, along a side (severity 3)."""
SHIFT_PIXELS = 3
"""Along both axes (severity 3)."""

MIDDLE = (SIDE - 1) / 2
SIGNS = (-1, 1)


def shear(pixels: Pixels, rng: np.random.Generator) -> Pixels:
    """`uint8[n, 28, 28]`. The matrix is that of scikit-image before 0.19, whose shear also stretches by 1 / cos; later ones differ."""
    sign = rng.choice(SIGNS, len(pixels))
    return _warped(pixels, sign, {s: np.array([[1, -np.sin(s * SHEAR_RADIANS)], [0, np.cos(SHEAR_RADIANS)]]) for s in SIGNS})


def rotate(pixels: Pixels, rng: np.random.Generator) -> Pixels:
    """`uint8[n, 28, 28]`."""
    sign = rng.choice(SIGNS, len(pixels))
    cos, sin = np.cos(ROTATION_RADIANS), np.sin(ROTATION_RADIANS)
    return _warped(pixels, sign, {s: np.array([[cos, -s * sin], [s * sin, cos]]) for s in SIGNS})


def scale(pixels: Pixels, rng: np.random.Generator) -> Pixels:
    """`uint8[n, 28, 28]`; nothing is drawn."""
    return _warped(pixels, np.ones(len(pixels), np.intp), {1: SMALLER * np.eye(2)})


def translate(pixels: Pixels, rng: np.random.Generator) -> Pixels:
    """`uint8[n, 28, 28]`; what leaves the picture is lost."""
    signs = rng.choice(SIGNS, (len(pixels), 2))
    padded = np.pad(pixels, ((0, 0), (SHIFT_PIXELS, SHIFT_PIXELS), (SHIFT_PIXELS, SHIFT_PIXELS)))
    rows, columns = (np.arange(SIDE) + SHIFT_PIXELS * (1 + signs[:, [axis]]) for axis in (1, 0))
    moved: Pixels = padded[np.arange(len(pixels))[:, None, None], rows[:, :, None], columns[:, None, :]]
    return moved


def _warped(pixels: Pixels, kind: NDArray[np.intp], inverses: dict[int, Floats]) -> Pixels:
    """Each picture through the matrix of its kind, which says where from `(x, y)` about the middle a pixel of the result is."""
    warped = np.empty_like(pixels)
    for which, inverse in inverses.items():
        warped[kind == which] = levels(_warp(shares(pixels[kind == which]), inverse))
    return warped


def _warp(pictures: Floats, inverse: Floats) -> Floats:
    """Bilinear, with nothing beyond the border. OpenCV's own warps round where from to 1/32 of a pixel, scikit-image's do not."""
    y, x = np.mgrid[:SIDE, :SIDE] - MIDDLE
    column, row = (np.clip(inverse @ [x.ravel(), y.ravel()] + MIDDLE, -1, SIDE)).reshape(2, SIDE, SIDE)
    top, left = np.floor(row).astype(np.intp), np.floor(column).astype(np.intp)
    padded = np.pad(pictures, ((0, 0), (1, 2), (1, 2)))
    result = np.zeros_like(pictures)
    for down in (0, 1):
        for right in (0, 1):
            weight = (1 - np.abs(row - top - down)) * (1 - np.abs(column - left - right))
            result += weight * padded[:, top + 1 + down, left + 1 + right]
    return result
