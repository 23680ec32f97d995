"""Slant taken out of a digit: a shear that makes the ink's own axis upright, about its centre of mass (after LeCun et al. 1998)."""

import cv2
import numpy as np
from numpy.typing import NDArray

from model.metrics import Floats
from model.preprocess.place import SIDE

LEAST_SPREAD = 1e-2
"""Ink less high than this, in squared pixels, has no slant."""


def deskewed(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """`uint8[n, 28, 28]`, each sheared along its rows so that ink far above the centre leans to neither side; blank ones as they are."""
    if not len(pixels):
        return pixels
    return np.stack([_upright(picture) for picture in pixels])


def slant(picture: NDArray[np.uint8]) -> float:
    """How many columns the ink moves to the right, a row further down: the covariance of both over the variance of rows."""
    moments = cv2.moments(picture)
    if moments["m00"] == 0 or moments["mu02"] / moments["m00"] < LEAST_SPREAD:
        return 0.0
    return float(moments["mu11"] / moments["mu02"])


def _upright(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    moments = cv2.moments(picture)
    if moments["m00"] == 0:
        return picture
    lean, centre = slant(picture), moments["m01"] / moments["m00"]
    shear: Floats = np.array([[1.0, lean, -lean * centre], [0.0, 1.0, 0.0]])
    sheared: NDArray[np.uint8] = cv2.warpAffine(picture, shear, (SIDE, SIDE), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP).astype(
        np.uint8
    )
    return sheared
