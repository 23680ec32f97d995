"""Of a PNG file only the chunks that make its pixels are ever given to a decoder: text, profiles and animations are left unread."""

import struct
import zlib

from model.preprocess.errors import UnreadableImage
from model.preprocess.header import PNG_SIGNATURE

MAX_CHUNKS = 4096
"""Chunks of one file: encoders cut pixels into pieces of 8 kB or more."""
_NEEDED = frozenset({b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND"})
_PLAIN = struct.pack(">BBBBB", 8, 0, 0, 0, 0)  # 8-bit grey, deflate, adaptive filters, not interlaced


def is_plain_small(upload: bytes) -> bool:
    """Whether this is header, one run of 8-bit grey pixels and end, of at most 64 x 64, checksums right: what our own clients send."""
    if len(upload) > 8192 or upload[24:29] != _PLAIN or upload[37:41] != b"IDAT":
        return False
    if upload[16:19] != b"\0\0\0" or upload[20:23] != b"\0\0\0" or upload[19] > 64 or upload[23] > 64:
        return False
    end = 41 + int.from_bytes(upload[33:37], "big")
    return (
        upload[end + 4 :] == b"\0\0\0\0IEND\xaeB`\x82"
        and zlib.crc32(upload[37:end]) == int.from_bytes(upload[end : end + 4], "big")
        and zlib.crc32(upload[12:29]) == int.from_bytes(upload[29:33], "big")
    )


def needed_chunks(upload: bytes) -> bytes:
    """The same picture without the chunks that do not change its pixels.

    Raises UnreadableImage where a chunk runs past the end, the end is missing, or there are more chunks than any encoder writes.
    """
    kept, at = [PNG_SIGNATURE], 8
    for _ in range(MAX_CHUNKS):
        length = int.from_bytes(upload[at : at + 4], "big")
        name, end = upload[at + 4 : at + 8], at + 12 + length
        if end > len(upload):
            raise UnreadableImage("the PNG picture is cut off; send the whole file")
        if name in _NEEDED:
            kept.append(upload[at:end])
        if name == b"IEND":
            return b"".join(kept)
        at = end
    raise UnreadableImage("the PNG picture is made of too many pieces; export it again")
