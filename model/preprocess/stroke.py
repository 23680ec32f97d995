"""The width of pen strokes: measured, and made wider only where shrinking to 20 pixels would otherwise leave next to nothing of them."""

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

FULL = 127
"""Strength, of 255, above which a pixel counts as ink."""
THIN = 1.4
"""Pixels of a picture whose ink is 20 long, under which strokes fade: of MNIST's training pictures one in a hundred has thinner ones."""
WIDENED = 2.2
"""Pixels of such a picture that thin strokes are brought to; MNIST's median is 2.9."""


class Outline(NamedTuple):
    """Full ink, and how often a row or a column enters or leaves it."""

    area: int
    """Pixels."""
    across: int
    """Along all rows together."""
    down: int
    """Along all columns together."""

    @classmethod
    def of(cls, ink: NDArray[np.uint8]) -> "Outline":
        """Of uint8 (h, w) of strengths, on bare paper. Counted in the bits of one number, which is faster than several calls of OpenCV."""
        height, width = ink.shape
        on = np.zeros((height + 2, width + 2), np.bool_)
        np.greater(ink, FULL, out=on[1:-1, 1:-1])
        bits = int.from_bytes(np.packbits(on).tobytes(), "big")
        return cls(bits.bit_count(), (bits ^ bits >> 1).bit_count(), (bits ^ bits >> width + 2).bit_count())


def stroke_width(outline: Outline) -> float:
    """Mean width in pixels of the strokes with this outline: twice their area over the length of their outline; 0 of none.

    Along rows and columns together an outline is crossed 4/pi times its length, averaged over directions (Cauchy and Crofton).
    """
    crossed = outline.across + outline.down
    return 2 * outline.area / (crossed * np.pi / 4) if crossed else 0.0


def visible(ink: NDArray[np.uint8], long_side: int) -> NDArray[np.uint8]:
    """Ink, uint8 (h, w) and cut to its box, that will show when its long side is shrunk to `long_side` pixels: the same, or widened."""
    scale = long_side / max(ink.shape)
    width = stroke_width(Outline.of(ink)) * scale
    wider = round((WIDENED - width) / scale)
    if not 0 < width < THIN or wider < 1:
        return ink
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (wider + 1, wider + 1))
    margin = wider // 2 + 1
    padded = cv2.copyMakeBorder(ink, margin, margin, margin, margin, cv2.BORDER_CONSTANT, value=0)
    grown = cv2.dilate(padded, kernel)
    left, top, across, down = cv2.boundingRect(grown)
    return grown[top : top + down, left : left + across].astype(np.uint8, copy=False)
