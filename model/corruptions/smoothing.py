"""Gaussian blur of whole stacks of pictures as a product of matrices, equal to scipy's `gaussian_filter` to rounding."""

from typing import Literal

import numpy as np

from model.metrics import Floats
from model.preprocess.place import SIDE

CUT_OFF = 4.0
"""Standard deviations beyond which a kernel is cut, as scipy and scikit-image do."""


def smoothed(pictures: Floats, *, down: float, across: float, border: Literal["edge", "zero"] = "edge") -> Floats:
    """Pictures `float64[n, 28, 28]` blurred by these standard deviations in pixels along columns and along rows; 0 does not blur.

    Beyond the border lies its own last pixel, or nothing.
    """
    blurred: Floats = _matrix(down, border) @ pictures @ _matrix(across, border).T
    return blurred


def _matrix(sigma: float, border: str) -> Floats:
    if sigma == 0:
        return np.eye(SIDE)
    reach = int(CUT_OFF * sigma + 0.5)
    offsets = np.arange(-reach, reach + 1)
    weights = np.exp(-(offsets**2) / (2 * sigma**2))
    weights /= weights.sum()
    rows, columns = np.broadcast_arrays(np.arange(SIDE)[:, None], np.arange(SIDE)[:, None] + offsets)
    inside = (columns >= 0) & (columns < SIDE)
    kept = np.broadcast_to(weights, columns.shape) * (inside if border == "zero" else 1.0)
    matrix = np.zeros((SIDE, SIDE))
    np.add.at(matrix, (rows, np.clip(columns, 0, SIDE - 1)), kept)
    return matrix
