"""Which way up a picture was taken, from EXIF. A missing, broken or absurd note means the way it is stored."""

import struct

import cv2
import numpy as np
from numpy.typing import NDArray

from model.preprocess.errors import UnreadableImage
from model.preprocess.header import Header, tiff_directory
from model.preprocess.jpeg import MAX_SEGMENTS, segments

_ORIENTATION = 274


def orientation(upload: bytes, header: Header) -> int:
    """EXIF orientation, 1 to 8 (TIFF 6.0, tag 274; CIPA DC-008); 1 where there is none that can be read."""
    try:
        block = _exif(upload, header.format)
        value = tiff_directory(block).get(_ORIENTATION, 1) if block[:2] in (b"II", b"MM") else 1
    except (struct.error, UnreadableImage):
        return 1
    return value if 1 <= value <= 8 else 1


def upright(pixels: NDArray[np.uint8], value: int) -> NDArray[np.uint8]:
    """Turn stored pixels (height, width[, channels]) the way their EXIF orientation, 1 to 8, says they are to be seen."""
    if value >= 5:
        pixels = cv2.transpose(pixels).astype(np.uint8, copy=False)
    flip = {2: 1, 3: -1, 4: 0, 6: 1, 7: -1, 8: 0}.get(value)
    return pixels if flip is None else cv2.flip(pixels, flip).astype(np.uint8, copy=False)


def _exif(upload: bytes, kind: str) -> bytes:
    if kind == "TIFF":
        return upload
    if kind == "JPEG":
        return next((bytes(s.body[6:]) for s in segments(upload) if s.marker == 0xE1 and bytes(s.body[:6]) == b"Exif\0\0"), b"")
    if kind == "PNG":
        return _chunk(upload, b"eXIf", at=8, order=">", length_first=True)
    if kind == "WEBP":
        return _chunk(upload, b"EXIF", at=12, order="<", length_first=False).removeprefix(b"Exif\0\0")
    return b""


def _chunk(upload: bytes, wanted: bytes, *, at: int, order: str, length_first: bool) -> bytes:
    """Body of the first chunk with this name: PNG has length, name, body, checksum; RIFF name, length, body, padding to even."""
    for _ in range(MAX_SEGMENTS):
        if length_first:
            length, name = struct.unpack_from(order + "I4s", upload, at)
        else:
            name, length = struct.unpack_from(order + "4sI", upload, at)
        if name == wanted:
            return upload[at + 8 : at + 8 + length]
        at += 8 + length + (4 if length_first else length % 2)
    return b""
