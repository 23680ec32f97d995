"""What an upload is and how large, from its first bytes alone: nothing is decoded, and no length in the file is trusted."""

import struct
from collections.abc import Callable
from typing import NamedTuple

from model.preprocess.errors import EmptyUpload, UnreadableImage, UnsupportedImage
from model.preprocess.jpeg import FRAMES, segments

PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
MAX_TIFF_ENTRIES = 4096
"""Entries of a TIFF directory that are looked at; the size stands among the first."""
MAX_TIFF_VALUES = 65_536
"""Numbers that one entry of a TIFF directory may hold; a strip a row of the tallest picture taken is far fewer."""


class Header(NamedTuple):
    """What an upload says of itself. Not yet believed: a decoder may still find it broken."""

    format: str
    """PNG, JPEG, WEBP, BMP, TIFF or GIF, from the magic bytes."""
    width: int
    """Pixels across as stored, before any EXIF orientation; at least 1."""
    height: int
    """Pixels down as stored; at least 1."""


def read_header(upload: bytes) -> Header:
    """Name the type and the stored size of an upload.

    Raises EmptyUpload, UnsupportedImage (unknown magic bytes) or UnreadableImage (the header is cut off or absurd).
    """
    if not upload:
        raise EmptyUpload("the upload is empty; send the bytes of a picture")
    known = next((k for k in _KINDS if upload.startswith(k[0]) and (k[1] != "WEBP" or upload[8:12] == b"WEBP")), None)
    if known is None:
        raise UnsupportedImage("this is not a PNG, JPEG, WebP, BMP, TIFF or GIF picture; convert it to one of these and send it again")
    _, kind, read = known
    try:
        width, height = read(upload)
    except struct.error:
        raise UnreadableImage(f"the {kind} picture is cut off inside its header; send the whole file") from None
    if width < 1 or height < 1:
        raise UnreadableImage(f"the {kind} header says {width} x {height} pixels; export the picture again")
    return Header(kind, width, height)


def _png(upload: bytes) -> tuple[int, int]:
    length, name, width, height = struct.unpack_from(">I4sII", upload, 8)
    if name != b"IHDR" or length != 13:
        raise UnreadableImage("the PNG picture does not begin with its header; export it again")
    return width, height


def _jpeg(upload: bytes) -> tuple[int, int]:
    for segment in segments(upload):
        if segment.marker in FRAMES:
            height, width = struct.unpack_from(">HH", segment.body, 1)
            return width, height
    raise UnreadableImage("the JPEG picture does not say its size; export it again")


def _webp(upload: bytes) -> tuple[int, int]:
    kind = upload[12:16]
    if kind == b"VP8X":
        return int.from_bytes(_take(upload, 24, 3), "little") + 1, int.from_bytes(_take(upload, 27, 3), "little") + 1
    if kind == b"VP8L":
        mark, packed = struct.unpack_from("<BI", upload, 20)
        if mark == 0x2F:
            return (packed & 0x3FFF) + 1, (packed >> 14 & 0x3FFF) + 1
    if kind == b"VP8 ":
        sync, width, height = struct.unpack_from("<3sHH", upload, 23)
        if sync == b"\x9d\x01\x2a":
            return width & 0x3FFF, height & 0x3FFF
    raise UnreadableImage("the WebP picture does not say its size; export it again")


def _bmp(upload: bytes) -> tuple[int, int]:
    (size,) = struct.unpack_from("<I", upload, 14)
    width, height = struct.unpack_from("<HH" if size == 12 else "<ii", upload, 18)
    return width, abs(height)


def _gif(upload: bytes) -> tuple[int, int]:
    width, height = struct.unpack_from("<HH", upload, 6)
    return width, height


def _tiff(upload: bytes) -> tuple[int, int]:
    tags = tiff_directory(upload)
    # Both were found absurd or absent in files made to exhaust a decoder.
    if tags.get(_TILE_WIDTH, 0) * tags.get(_TILE_LENGTH, 0) > 1 << 24:
        raise UnreadableImage("the TIFF picture is stored in tiles too large to read; export it again without tiles")
    if _WIDTH not in tags or _LENGTH not in tags:
        raise UnreadableImage("the TIFF picture does not say its size; export it again")
    return tags[_WIDTH], tags[_LENGTH]


def tiff_directory(upload: bytes) -> dict[int, int]:
    """First value of each short or long entry in the first directory of a TIFF file or an EXIF block, by tag.

    Raises struct.error where it is cut off, UnreadableImage where an entry claims more values than any picture that is taken.
    """
    order = "<" if upload[:2] == b"II" else ">"
    (version,) = struct.unpack_from(order + "H", upload, 2)
    big = version == 43
    (start,) = struct.unpack_from(order + ("Q" if big else "I"), upload, 8 if big else 4)
    if start > len(upload):
        raise struct.error
    (count,) = struct.unpack_from(order + ("Q" if big else "H"), upload, start)
    at = start + (8 if big else 2)
    found: dict[int, int] = {}
    for _ in range(min(count, MAX_TIFF_ENTRIES)):
        tag, kind, values = struct.unpack_from(order + ("HHQ" if big else "HHI"), upload, at)
        if kind not in _OPAQUE and values > MAX_TIFF_VALUES:
            raise UnreadableImage("the TIFF picture is stored in too many pieces; export it again in larger strips")
        if kind in _INTEGERS and values >= 1:
            (value,) = struct.unpack_from(order + _INTEGERS[kind], upload, at + (12 if big else 8))
            found.setdefault(tag, value)
        at += 20 if big else 12
    return found


_WIDTH, _LENGTH, _TILE_WIDTH, _TILE_LENGTH = 256, 257, 322, 323
_OPAQUE = frozenset({1, 2, 7})  # bytes, text and undefined: profiles and the like, kept as bytes by decoders
_INTEGERS = {3: "H", 4: "I", 16: "Q"}


def _take(upload: bytes, at: int, length: int) -> bytes:
    part = upload[at : at + length]
    if len(part) < length:
        raise struct.error
    return part


_KINDS: tuple[tuple[bytes, str, Callable[[bytes], tuple[int, int]]], ...] = (
    (PNG_SIGNATURE, "PNG", _png),
    (b"\xff\xd8\xff", "JPEG", _jpeg),
    (b"RIFF", "WEBP", _webp),
    (b"BM", "BMP", _bmp),
    (b"GIF87a", "GIF", _gif),
    (b"GIF89a", "GIF", _gif),
    (b"II*\x00", "TIFF", _tiff),
    (b"MM\x00*", "TIFF", _tiff),
    (b"II+\x00", "TIFF", _tiff),
    (b"MM\x00+", "TIFF", _tiff),
)
