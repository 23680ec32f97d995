"""A MATLAB file of version 5 with pictures `X` and labels `y`, as SVHN has its cropped digits. Read here: numeric arrays are few bytes.

Source: MathWorks, MAT-File Format (level 5). A 0 is labelled 10 in SVHN.
"""

import struct
import zlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from model.formats.labelled import Labelled, NotDigits, digits
from model.preprocess.grey import lightness

NAME = "MATLAB"
BEGIN, BEGIN_HDF5 = b"MATLAB 5.0 MAT-file", b"MATLAB 7.3 MAT-file"
HEADER = 128
BYTE_ORDERS = {b"IM": "<", b"MI": ">"}

MATRIX, COMPRESSED = 14, 15
STORED = {1: "i1", 2: "u1", 3: "i2", 4: "u2", 5: "i4", 6: "u4", 7: "f4", 9: "f8", 12: "i8", 13: "u8"}
"""numpy's name for the type of an element. MATLAB stores a matrix of doubles in the smallest of these that holds its values."""

NUMERIC_CLASSES = range(6, 16)
"""Of a matrix: double, single and the integers; others hold text, cells, structures or are sparse."""


def claims(raw: bytes) -> bool:
    """Whether a file begins as MATLAB's do."""
    return raw.startswith((BEGIN, BEGIN_HDF5))


def read(raw: bytes, path: Path) -> Labelled:
    """`X` uint8 [h, w, 3, n] or [h, w, n], and `y`, of n labels. Raises NotDigits."""
    if raw.startswith(BEGIN_HDF5):
        raise NotDigits(f"{path} was saved as version 7.3, which is HDF5; save it with MATLAB's option -v5")
    try:
        held = dict(_matrices(raw))
    except (struct.error, zlib.error, KeyError, ValueError) as error:
        raise NotDigits(f"{path} is a damaged MATLAB file: {error}") from error
    pixels, labels = held.get("X"), held.get("y")
    if pixels is None or labels is None:
        raise NotDigits(f"{path} holds {', '.join(held) or 'nothing'}; wanted are pictures X and labels y")
    if pixels.dtype != np.uint8 or not (pixels.ndim == 3 or (pixels.ndim == 4 and pixels.shape[2] == 3)):
        raise NotDigits(f"{path}: X is {pixels.dtype}{list(pixels.shape)}; wanted are bytes of the shape h, w, 3, n")
    pictures = np.moveaxis(pixels, -1, 0)
    ten = (labels == 10).any() and not (labels == 0).any()
    known = digits(np.where(labels == 10, 0, labels) if ten else labels, len(pictures))
    return Labelled(NAME, (lightness(each) if each.ndim == 3 else np.ascontiguousarray(each) for each in pictures), known)


def _matrices(raw: bytes) -> Iterator[tuple[str, NDArray[np.generic]]]:
    """Name and values of every numeric matrix."""
    order = BYTE_ORDERS[raw[126:128]]
    for kind, body in _elements(raw[HEADER:], order):
        if kind == COMPRESSED:
            kind, body = next(_elements(zlib.decompress(body), order), (0, b""))
        if kind != MATRIX:
            continue
        (_, flags), (_, dimensions), (_, name), *values = _elements(body, order)
        if struct.unpack_from(f"{order}I", flags)[0] & 0xFF in NUMERIC_CLASSES and values:
            stored, held = values[0]
            shape = np.frombuffer(dimensions, f"{order}i4")
            array = np.frombuffer(held, f"{order}{STORED[stored]}").reshape(shape, order="F")
            yield name.decode("ascii"), array.astype(array.dtype.newbyteorder("="), copy=False)


def _elements(raw: bytes, order: str) -> Iterator[tuple[int, bytes]]:
    """Type and bytes of each element in turn; one of at most four bytes has its length in the upper half of its type."""
    at = 0
    while at < len(raw):
        (kind,) = struct.unpack_from(f"{order}I", raw, at)
        if kind >> 16:
            kind, size, start, step = kind & 0xFFFF, kind >> 16, at + 4, 8
        else:
            (size,) = struct.unpack_from(f"{order}I", raw, at + 4)
            start, step = at + 8, 8 + size + (0 if kind == COMPRESSED else -size % 8)
        if start + size > len(raw):
            raise ValueError(f"it ends {start + size - len(raw)} bytes early")
        yield kind, raw[start : start + size]
        at += step
