"""Of a PNG only what makes its pixels reaches a decoder."""

import struct
import zlib
from collections.abc import Callable

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from model.preprocess import UnreadableImage, canonicalise
from model.preprocess.png import is_plain_small, needed_chunks
from tests.model.preprocess.pictures import DIGITS, encoded


def chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def after_header(upload: bytes, extra: bytes) -> bytes:
    return upload[:33] + extra + upload[33:]


BOMB = zlib.compress(bytes(64 << 20), 9)


@pytest.mark.parametrize(
    "extra",
    [
        chunk(b"zTXt", b"note\0\0" + BOMB),
        chunk(b"iCCP", b"profile\0\0" + BOMB),
        chunk(b"iTXt", b"note\0\1\0\0\0" + BOMB),
        chunk(b"tEXt", b"no null byte"),
        chunk(b"acTL", bytes(3)),
        chunk(b"eXIf", b"garbage"),
    ],
)
def test_other_chunks_are_left_unread(extra: bytes) -> None:
    upload = encoded(DIGITS[3], "PNG")
    assert needed_chunks(after_header(upload, extra)) == upload
    assert np.array_equal(canonicalise(after_header(upload, extra)).pixels, DIGITS[3])


@pytest.mark.parametrize("encode", [lambda p: encoded(p, "PNG"), lambda p: cv2.imencode(".png", p)[1].tobytes()])
def test_what_our_clients_send_takes_the_short_way(encode: Callable[[NDArray[np.uint8]], bytes]) -> None:
    assert is_plain_small(encode(DIGITS[0]))
    assert not is_plain_small(encode(np.zeros((65, 20), np.uint8)))
    assert not is_plain_small(encode(np.zeros((20, 20, 3), np.uint8)))


def test_a_wrong_checksum_does_not_take_the_short_way() -> None:
    upload = bytearray(encoded(DIGITS[0], "PNG"))
    upload[60] ^= 1
    assert not is_plain_small(bytes(upload))


def test_more_pieces_than_any_encoder_writes_are_refused() -> None:
    with pytest.raises(UnreadableImage, match="pieces"):
        needed_chunks(after_header(encoded(DIGITS[0], "PNG"), chunk(b"tEXt", b"a\0b") * 100_000))


def test_a_missing_end_is_a_cut_off_picture() -> None:
    with pytest.raises(UnreadableImage, match="cut off"):
        needed_chunks(encoded(DIGITS[0], "PNG")[:-12])
