"""A picture to canonical pixels, and what was done to get there. Canonical pixels come back as they are."""

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from model.preprocess.decode import Limits, decode
from model.preprocess.header import Header
from model.preprocess.ink import find_ink
from model.preprocess.judge import ragged, reasons, several
from model.preprocess.place import BLACK, INK_SIDE, Shape, canonical_shape, place
from model.preprocess.stroke import Outline, visible

SEARCHED_SIDE = 450
"""Pixels that the long side of the picture searched for ink has at most; it is shrunk by a whole factor, which is fast and exact."""


class Canonical(NamedTuple):
    """Canonical pixels, and what was seen on the way to them."""

    pixels: NDArray[np.uint8]
    """uint8 (28, 28), contiguous: white ink on black."""
    width: int
    """Pixels across of the upload, seen upright."""
    height: int
    """Pixels down."""
    inverted: bool
    """The upload was dark ink on a light ground."""
    box: tuple[int, int, int, int] | None
    """Left, top, right and bottom of the ink in the upright upload's pixels, right and bottom exclusive; None where there is none."""
    reasons: tuple[str, ...]
    """Why this should not be trusted to be one digit, out of REASONS; empty where it should."""
    shape: Shape | None = None
    outline: Outline | None = None
    """Both of the pixels, where they had to be known on the way; what measures them needs them again."""


def canonicalise(upload: bytes, limits: Limits = Limits(), header: Header | None = None) -> Canonical:  # noqa: B008 - frozen
    """Canonical pixels of the bytes of a PNG, JPEG, WebP, BMP or TIFF picture, or of the first frame of a GIF.

    `header` is the upload's own, where somebody has it.
    Raises ImageError, and nothing else, for any bytes: EmptyUpload, UnsupportedImage, UnreadableImage or ImageTooLarge.
    """
    picture = decode(upload, limits, header)
    found = canonicalise_picture(picture.grey)
    height, width = picture.grey.shape
    if (width, height) == (picture.width, picture.height):
        return found
    box = found.box and _scaled(found.box, picture.width / width, picture.height / height, picture.width, picture.height)
    return found._replace(width=picture.width, height=picture.height, box=box)


def canonicalise_picture(grey: NDArray[np.uint8]) -> Canonical:
    """Canonical pixels of a decoded picture, uint8 (h, w) of at least 1 x 1: the part after decoding."""
    height, width = grey.shape
    if (shape := canonical_shape(grey)) is not None:
        pixels = np.ascontiguousarray(grey)
        left, top, across, down, _ = shape
        if not across:
            return Canonical(pixels, width, height, False, None, ("blank",), shape)
        box = (left, top, left + across, top + down)
        shown = pixels[top : top + down, left : left + across]
        outline = Outline.of(pixels)
        why = ("noise",) if ragged(shown, outline) else ("several",) * several(shown)
        return Canonical(pixels, width, height, False, box, why, shape, outline)
    times = -(-max(height, width) // SEARCHED_SIDE)
    searched = grey
    if times > 1:
        size = (max(1, round(width / times)), max(1, round(height / times)))
        searched = cv2.resize(grey, size, interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)
    ink = find_ink(searched)
    shown = visible(ink.strength, INK_SIDE) if ink.parts else ink.strength
    why = reasons(ink, shown, grey)
    if "blank" in why or not ink.parts:
        return Canonical(BLACK.copy(), width, height, ink.dark, None, why)
    pixels = place(shown)
    rows, columns = ink.strength.shape
    found = (ink.left, ink.top, ink.left + columns, ink.top + rows)
    box = _scaled(found, width / searched.shape[1], height / searched.shape[0], width, height)
    return Canonical(pixels, width, height, ink.dark, box, why)


def _scaled(box: tuple[int, int, int, int], across: float, down: float, width: int, height: int) -> tuple[int, int, int, int]:
    left, top, right, bottom = box
    return int(left * across), int(top * down), min(width, -int(-right * across // 1)), min(height, -int(-bottom * down // 1))
