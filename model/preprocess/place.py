"""Ink to canonical pixels: 28 x 28, the long side of the ink 20, its centre of mass in the middle. Tells what is so already.

For a network that looks closer any other side can be asked for: the ink has the same share of it.
"""

from typing import Any, NamedTuple, TypeGuard

import cv2
import numpy as np
from numpy.typing import NDArray

SIDE = 28
"""Of canonical pixels, where a release does not say another."""

INK_SIDE = 20
"""Of a side of 28; others in proportion."""
SHORTEST_SHARE = 0.9
"""Of that: faint outermost rows round to nothing. Of MNIST's 60,000 training pictures 13 have a long side of 19, the others 20."""
DIMMEST_PEAK = 250
"""MNIST's training pictures all reach 254 or 255."""
OFF_CENTRE = 0.6
"""Pixels of any side. MNIST's centres of mass lie within 0.52 of the middle: placing is by whole pixels (QMNIST, Yadav and Bottou 2019)."""


class Shape(NamedTuple):
    """Where ink is in a picture, and how it lies. Of a picture without ink all is 0."""

    left: int
    top: int
    width: int
    height: int
    mass: float = 0.0
    """Sum of all strengths."""
    x: float = 0.0
    """Of the centre of mass, pixels."""
    y: float = 0.0
    mu11: float = 0.0
    """Central moment of both directions."""
    mu02: float = 0.0
    """Central moment of the second order, down."""

    @classmethod
    def of(cls, pixels: NDArray[np.uint8]) -> "Shape":
        """Of uint8 (h, w)."""
        left, top, width, height = cv2.boundingRect(pixels)
        if not width:
            return NO_INK
        moments = cv2.moments(pixels)
        mass = moments["m00"]
        return cls(left, top, width, height, mass, moments["m10"] / mass, moments["m01"] / mass, moments["mu11"], moments["mu02"])


NO_INK = Shape(0, 0, 0, 0)


def ink_side(side: int = SIDE) -> int:
    """How long the ink of canonical pixels of this side is, whichever way it is longer: 20 of 28, 34 of 48."""
    return round(side * INK_SIDE / SIDE)


def black(side: int = SIDE) -> NDArray[np.uint8]:
    """Canonical pixels without ink, uint8 (side, side)."""
    return np.zeros((side, side), np.uint8)


def is_canonical(pixels: Any, side: int = SIDE) -> TypeGuard[NDArray[np.uint8]]:
    """Whether these are canonical pixels: uint8 (side, side), all black or placed as `place` would place them."""
    return canonical_shape(pixels, side) is not None


def canonical_shape(pixels: Any, side: int = SIDE) -> Shape | None:
    """The shape of canonical pixels; None where these are not canonical."""
    if not (isinstance(pixels, np.ndarray) and pixels.shape == (side, side) and pixels.dtype == np.uint8):
        return None
    shape = Shape.of(pixels)
    if not shape.width:
        return shape
    longest = ink_side(side)
    if not _shortest(longest) <= max(shape.width, shape.height) <= longest or cv2.norm(pixels, cv2.NORM_INF) < DIMMEST_PEAK:
        return None
    centred = _in_the_middle(shape.x, shape.left, shape.width, side) and _in_the_middle(shape.y, shape.top, shape.height, side)
    return shape if centred else None


def place(ink: NDArray[np.uint8], side: int = SIDE) -> NDArray[np.uint8]:
    """Fit ink, uint8 (h, w) of strengths 0..255 and cut to its box, into 20 x 20 without stretching, and place it by its centre of mass.

    Shrinks by area averages and centres to whole pixels, as MNIST was made (LeCun, Cortes and Burges). The peak becomes 255.
    Returns canonical pixels, for any ink: uint8 (28, 28); black where there is no ink. Of another `side` everything is in proportion.
    """
    if not ink.any():
        return black(side)
    longest = ink_side(side)
    ink = _bright(ink)
    fitted = _fit(ink, longest, cv2.INTER_AREA if max(ink.shape) >= longest else cv2.INTER_LINEAR)
    if not fitted.any():  # dust: each grain averaged away
        grain = np.ones((max(ink.shape) // longest | 1,) * 2, np.uint8)
        fitted = _fit(cv2.dilate(ink, grain).astype(np.uint8, copy=False), longest, cv2.INTER_AREA)
    fitted = _trimmed(_bright(fitted))
    if max(fitted.shape) < _shortest(longest):
        fitted = _fit(fitted, longest, cv2.INTER_NEAREST)  # which loses no row
    height, width = fitted.shape
    moments = cv2.moments(fitted)
    left = _start(moments["m10"] / moments["m00"], width, side)
    top = _start(moments["m01"] / moments["m00"], height, side)
    pixels = black(side)
    pixels[top : top + height, left : left + width] = fitted
    return pixels


def _shortest(longest: int) -> int:
    return round(SHORTEST_SHARE * longest)


def _in_the_middle(centre: float, start: int, length: int, side: int) -> bool:
    """Whether the ink lies as near the middle as the frame lets it: a lopsided digit stops at the edge."""
    off = centre - side / 2
    return abs(off) <= OFF_CENTRE or (off > 0 and start == 0) or (off < 0 and start + length == side)


def _start(centre: float, length: int, side: int) -> int:
    return min(max(round(side / 2 - centre), 0), side - length)


def _fit(ink: NDArray[np.uint8], side: int, interpolation: int) -> NDArray[np.uint8]:
    height, width = ink.shape
    longest = max(height, width)
    size = (max(1, round(width * side / longest)), max(1, round(height * side / longest)))
    return cv2.resize(ink, size, interpolation=interpolation).astype(np.uint8, copy=False)


def _bright(ink: NDArray[np.uint8]) -> NDArray[np.uint8]:
    peak = int(ink.max())
    return ink if peak >= DIMMEST_PEAK else np.rint(ink * np.float32(255 / peak)).astype(np.uint8)


def _trimmed(ink: NDArray[np.uint8]) -> NDArray[np.uint8]:
    left, top, width, height = cv2.boundingRect(ink)
    return ink[top : top + height, left : left + width]
