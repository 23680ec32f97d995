"""Of a JPEG file only the segments that make its pixels are ever given to a decoder: notes, profiles and thumbnails are left out."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from model.preprocess.errors import UnreadableImage

MAX_SEGMENTS = 4096
"""Segments before the first scan; a large colour profile takes some hundred."""
FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_SEQUENTIAL = frozenset({0xC0, 0xC1})
_FILL = re.compile(rb"\xff+(?=\xff)")
"""Any number of 0xFF may stand before a marker; skipped at once, since a hostile file can hold megabytes of them."""
_STANDALONE = frozenset({0x01, *range(0xD0, 0xD9)})
_START_OF_SCAN = 0xDA
_LEFT_OUT = frozenset({*range(0xE1, 0xEE), 0xEF, 0xFE})
"""Comments, and every application segment but JFIF's and Adobe's, which tell how colours are coded."""


@dataclass(frozen=True, slots=True)
class Segment:
    """One marker segment: `body` leaves out the marker and the two bytes of length, `end` is where in the file it ends."""

    marker: int
    body: memoryview
    end: int


def segments(upload: bytes) -> Iterator[Segment]:
    """Walk the marker segments of a JPEG up to and including the first start of scan.

    Raises UnreadableImage where the markers end early or lead nowhere.
    """
    view, at = memoryview(upload), 2
    for _ in range(MAX_SEGMENTS):
        if fill := _FILL.match(upload, at):
            at = fill.end()
        if upload[at : at + 1] != b"\xff" or at + 4 > len(upload):
            break
        marker = upload[at + 1]
        if marker in _STANDALONE:
            at += 2
            continue
        end = at + 2 + int.from_bytes(view[at + 2 : at + 4], "big")
        if end < at + 4 or end > len(upload):
            break
        yield Segment(marker, view[at + 4 : end], end)
        if marker == _START_OF_SCAN:
            return
        at = end
    raise UnreadableImage("the JPEG picture is broken before its pixels begin; export it again or send the whole file")


def streams(upload: bytes) -> bool:
    """Whether a JPEG can be decoded row by row and reduced on the way.

    Only a sequential one whose first scan holds every component can. libjpeg keeps the coefficients of all others (progressive, or one
    scan a component) in memory at full size, whatever size is asked for. Raises UnreadableImage as `segments` does.
    """
    components = 0
    for segment in segments(upload):
        if segment.marker in FRAMES:
            if segment.marker not in _SEQUENTIAL or len(segment.body) < 6:
                return False
            components = segment.body[5]
        elif segment.marker == _START_OF_SCAN:
            return len(segment.body) > 0 and segment.body[0] == components
    return False


def needed_segments(upload: bytes) -> bytes:
    """The same picture without the segments that do not change its pixels. Raises UnreadableImage as `segments` does."""
    kept: list[bytes | memoryview] = [b"\xff\xd8"]
    at = 2
    for segment in segments(upload):
        if segment.marker not in _LEFT_OUT:
            kept += [b"\xff", bytes([segment.marker]), (len(segment.body) + 2).to_bytes(2, "big"), segment.body]
        at = segment.end
    return b"".join((*kept, memoryview(upload)[at:]))
