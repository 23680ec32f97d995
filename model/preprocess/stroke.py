"""The width of pen strokes: measured, and made wider only where shrinking to 20 pixels would otherwise leave next to nothing of them."""

from collections.abc import Sequence
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
        """Of uint8 (h, w) of strengths, on bare paper."""
        [outline] = cls.of_each([ink])
        return outline

    @classmethod
    def of_each(cls, inks: Sequence[NDArray[np.uint8]]) -> "list[Outline]":
        """Of pictures of one shape. Counted in the bits of one number each, which is faster than several calls of OpenCV."""
        if not inks:
            return []
        height, width = inks[0].shape
        on = np.zeros((len(inks), height + 2, -(-(width + 2) // 8) * 8), np.bool_)
        np.greater(inks, FULL, out=on[:, 1:-1, 1 : width + 1])
        row = on.shape[2]
        size = (height + 2) * row // 8
        packed = np.packbits(on).tobytes()
        outlines = []
        for start in range(0, len(packed), size):
            bits = int.from_bytes(packed[start : start + size], "big")
            outlines.append(cls(bits.bit_count(), (bits ^ bits >> 1).bit_count(), (bits ^ bits >> row).bit_count()))
        return outlines


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
