"""The first bytes tell type and size, and nothing in them is trusted."""

import struct
from typing import Any

import numpy as np
import pytest

from model.preprocess import EmptyUpload, Header, ImageError, UnreadableImage, UnsupportedImage, read_header
from model.preprocess.jpeg import streams
from tests.model.preprocess.pictures import encoded

PICTURE = np.arange(40 * 30 * 3, dtype=np.uint8).reshape(30, 40, 3)
KINDS = [
    ("PNG", {}),
    ("JPEG", {}),
    ("JPEG", {"progressive": True}),
    ("WEBP", {}),
    ("WEBP", {"lossless": True}),
    ("WEBP", {"exif": b"Exif\0\0II*\0\x08\0\0\0\0\0\0\0\0\0"}),
    ("BMP", {}),
    ("TIFF", {}),
    ("TIFF", {"big_tiff": True}),
    ("GIF", {}),
]


@pytest.mark.parametrize(("kind", "options"), KINDS)
def test_type_and_size_come_from_the_first_bytes(kind: str, options: dict[str, Any]) -> None:
    assert read_header(encoded(PICTURE, kind, **options)) == Header(kind, 40, 30)


def test_nothing_at_all_is_an_empty_upload() -> None:
    with pytest.raises(EmptyUpload):
        read_header(b"")


@pytest.mark.parametrize(
    "upload", [b"x", b"hello, digit", b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"%PDF-1.7\n", b"RIFF\0\0\0\0WAVEfmt ", b"\x89PNG"]
)
def test_other_files_are_not_pictures_and_the_message_says_which_are(upload: bytes) -> None:
    with pytest.raises(UnsupportedImage, match="PNG, JPEG, WebP, BMP, TIFF or GIF"):
        read_header(upload)


@pytest.mark.parametrize(("kind", "options"), KINDS)
def test_every_cut_inside_the_header_is_an_image_error(kind: str, options: dict[str, Any]) -> None:
    upload = encoded(PICTURE, kind, **options)
    for length in range(min(len(upload), 700)):
        try:
            read_header(upload[:length])
        except ImageError:
            continue


def test_no_pixels_is_unreadable() -> None:
    upload = bytearray(encoded(PICTURE, "PNG"))
    upload[16:20] = bytes(4)
    with pytest.raises(UnreadableImage, match="0 x 30"):
        read_header(bytes(upload))


def test_a_jpeg_of_endless_segments_is_given_up() -> None:
    with pytest.raises(UnreadableImage):
        read_header(b"\xff\xd8" + b"\xff\xe1\0\x02" * 2_000_000)


def test_a_tiff_of_countless_strips_is_refused() -> None:
    entries = struct.pack("<HHII", 256, 3, 1, 8) + struct.pack("<HHII", 257, 3, 1, 8) + struct.pack("<HHII", 273, 4, 1_000_000, 8)
    with pytest.raises(UnreadableImage, match="pieces"):
        read_header(b"II*\0\x08\0\0\0" + struct.pack("<H", 3) + entries)


def test_only_a_sequential_jpeg_of_one_scan_streams() -> None:
    assert streams(encoded(PICTURE, "JPEG"))
    assert not streams(encoded(PICTURE, "JPEG", progressive=True))
