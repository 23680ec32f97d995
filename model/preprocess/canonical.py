"""A picture to canonical pixels, and what was done to get there. Canonical pixels come back as they are."""

from collections.abc import Iterable
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from model.preprocess.decode import Limits, Picture, decode
from model.preprocess.errors import ImageError
from model.preprocess.header import Header
from model.preprocess.ink import find_ink
from model.preprocess.judge import ragged, reasons, several
from model.preprocess.place import INK_SIDE, SIDE, Shape, black, canonical_shape, place
from model.preprocess.stroke import Outline, visible

SEARCHED_SIDE = 450
"""Pixels that the long side of the picture searched for ink has at most; it is shrunk by a whole factor, which is fast and exact."""


class Canonical(NamedTuple):
    """Canonical pixels, and what was seen on the way to them."""

    pixels: NDArray[np.uint8]
    """uint8 (28, 28), or of the side that was asked for, contiguous: white ink on black."""
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


def canonicalise(upload: bytes, limits: Limits = Limits(), header: Header | None = None, side: int = SIDE) -> Canonical:  # noqa: B008 - frozen
    """Canonical pixels of the bytes of a PNG, JPEG, WebP, BMP or TIFF picture, or of the first frame of a GIF.

    `header` is the upload's own, where somebody has it; `side` that of the canonical pixels.
    Raises ImageError, and nothing else, for any bytes: EmptyUpload, UnsupportedImage, UnreadableImage or ImageTooLarge.
    """
    picture = decode(upload, limits, header)
    return _of_upload(canonicalise_picture(picture.grey, side), picture)


def canonicalise_several(
    uploads: Iterable[tuple[bytes, Header]],
    limits: Limits = Limits(),  # noqa: B008 - frozen
    side: int = SIDE,
) -> list[Canonical | ImageError]:
    """As `canonicalise` of each, in order; in the place of one that cannot be read stands why.

    Each step is taken for all of them before the next one, so that it finds in the processor's caches what it is made of.
    """
    pictures = [_decoded(upload, limits, header) for upload, header in uploads]
    shapes = [None if isinstance(picture, ImageError) else canonical_shape(picture.grey, side) for picture in pictures]
    inked = {
        at: picture.grey
        for at, (picture, shape) in enumerate(zip(pictures, shapes, strict=True))
        if not isinstance(picture, ImageError) and _is_inked(shape)
    }
    outlines = dict(zip(inked, Outline.of_each(list(inked.values())), strict=True))
    return [
        picture if isinstance(picture, ImageError) else _of_upload(_judged(picture.grey, shape, outlines.get(at), side), picture)
        for at, (picture, shape) in enumerate(zip(pictures, shapes, strict=True))
    ]


def canonicalise_picture(grey: NDArray[np.uint8], side: int = SIDE) -> Canonical:
    """Canonical pixels of a decoded picture, uint8 (h, w) of at least 1 x 1: the part after decoding."""
    shape = canonical_shape(grey, side)
    return _judged(grey, shape, Outline.of(grey) if _is_inked(shape) else None, side)


def _decoded(upload: bytes, limits: Limits, header: Header) -> Picture | ImageError:
    try:
        return decode(upload, limits, header)
    except ImageError as error:
        return error


def _of_upload(found: Canonical, picture: Picture) -> Canonical:
    """What was found in the decoded picture, in the upload's own pixels."""
    height, width = picture.grey.shape
    if (width, height) == (picture.width, picture.height):
        return found
    box = found.box and _scaled(found.box, picture.width / width, picture.height / height, picture.width, picture.height)
    return found._replace(width=picture.width, height=picture.height, box=box)


def _is_inked(shape: Shape | None) -> bool:
    """Whether it is that of canonical pixels with ink, which have an outline."""
    return shape is not None and shape.width > 0


def _judged(grey: NDArray[np.uint8], shape: Shape | None, outline: Outline | None, side: int) -> Canonical:
    """`shape` is that of canonical pixels, None: it has still to be made canonical; `outline` of those with ink."""
    if shape is None:
        return _searched(grey, side)
    height, width = grey.shape
    pixels = np.ascontiguousarray(grey)
    if outline is None:
        return Canonical(pixels, width, height, False, None, ("blank",), shape)
    left, top, across, down, *_ = shape
    shown = pixels[top : top + down, left : left + across]
    why = ("noise",) if ragged(shown, outline) else ("several",) * several(shown)
    return Canonical(pixels, width, height, False, (left, top, left + across, top + down), why, shape, outline)


def _searched(grey: NDArray[np.uint8], side: int) -> Canonical:
    """The ink is looked for."""
    height, width = grey.shape
    times = -(-max(height, width) // SEARCHED_SIDE)
    searched = grey
    if times > 1:
        size = (max(1, round(width / times)), max(1, round(height / times)))
        searched = cv2.resize(grey, size, interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)
    ink = find_ink(searched)
    shown = visible(ink.strength, INK_SIDE) if ink.parts else ink.strength
    why = reasons(ink, shown, grey)
    if "blank" in why or not ink.parts:
        return Canonical(black(side), width, height, ink.dark, None, why)
    pixels = place(shown, side)
    rows, columns = ink.strength.shape
    found = (ink.left, ink.top, ink.left + columns, ink.top + rows)
    box = _scaled(found, width / searched.shape[1], height / searched.shape[0], width, height)
    return Canonical(pixels, width, height, ink.dark, box, why)


def _scaled(box: tuple[int, int, int, int], across: float, down: float, width: int, height: int) -> tuple[int, int, int, int]:
    left, top, right, bottom = box
    return int(left * across), int(top * down), min(width, -int(-right * across // 1)), min(height, -int(-bottom * down // 1))
