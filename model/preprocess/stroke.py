"""The width of pen strokes: measured, and made wider only where shrinking to 20 pixels would otherwise leave next to nothing of them."""

import cv2
import numpy as np
from numpy.typing import NDArray

FULL = 127
"""Strength, of 255, above which a pixel counts as ink."""
THIN = 1.4
"""Pixels of a picture whose ink is 20 long, under which strokes fade: of MNIST's training pictures one in a hundred has thinner ones."""
WIDENED = 2.2
"""Pixels of such a picture that thin strokes are brought to; MNIST's median is 2.9."""


def stroke_width(ink: NDArray[np.uint8]) -> float:
    """Mean width in pixels of the strokes of ink, uint8 (h, w) of strengths: twice their area over the length of their outline; 0 of none.

    Along rows and columns together an outline is crossed 4/pi times its length, averaged over directions (Cauchy and Crofton).
    """
    _, on = cv2.threshold(cv2.copyMakeBorder(ink, 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=0), FULL, 1, cv2.THRESH_BINARY)
    crossed = cv2.norm(on[:, 1:], on[:, :-1], cv2.NORM_L1) + cv2.norm(on[1:], on[:-1], cv2.NORM_L1)
    return 2 * cv2.countNonZero(on) / (crossed * np.pi / 4) if crossed else 0.0


def visible(ink: NDArray[np.uint8], long_side: int) -> NDArray[np.uint8]:
    """Ink, uint8 (h, w) and cut to its box, that will show when its long side is shrunk to `long_side` pixels: the same, or widened."""
    scale = long_side / max(ink.shape)
    width = stroke_width(ink) * scale
    wider = round((WIDENED - width) / scale)
    if not 0 < width < THIN or wider < 1:
        return ink
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (wider + 1, wider + 1))
    margin = wider // 2 + 1
    padded = cv2.copyMakeBorder(ink, margin, margin, margin, margin, cv2.BORDER_CONSTANT, value=0)
    grown = cv2.dilate(padded, kernel)
    left, top, across, down = cv2.boundingRect(grown)
    return grown[top : top + down, left : left + across].astype(np.uint8, copy=False)
