"""Photographs are seen the way up they were taken."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageOps

from model.preprocess import Header, canonicalise
from model.preprocess.orientation import orientation, upright
from tests.model.preprocess.pictures import DIGITS, drawn, encoded, enlarged


def noted(value: int) -> Image.Exif:
    exif = Image.Exif()
    exif[274] = value
    return exif


@pytest.mark.parametrize("value", range(1, 9))
def test_pixels_turn_as_pillow_turns_them(value: int) -> None:
    pixels = np.arange(35, dtype=np.uint8).reshape(5, 7)
    image = Image.fromarray(pixels)
    image.getexif()[274] = value
    assert np.array_equal(upright(pixels, value), np.asarray(ImageOps.exif_transpose(image)))


@pytest.mark.parametrize("value", range(1, 9))
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_a_digit_is_read_upright_whatever_way_the_camera_was_held(kind: str, value: int) -> None:
    seen = drawn(enlarged(DIGITS[70]))
    stored = np.ascontiguousarray(_inverse(seen, value))
    answer = canonicalise(encoded(stored, kind, exif=noted(value)))
    straight = canonicalise(encoded(seen, kind))
    assert (answer.width, answer.height) == (360, 300)
    assert np.abs(answer.pixels.astype(int) - straight.pixels).mean() < 3
    assert answer.box is not None
    assert straight.box is not None
    assert max(abs(a - b) for a, b in zip(answer.box, straight.box, strict=True)) <= 4


@pytest.mark.parametrize("value", [0, 9, 77])
def test_an_absurd_note_is_ignored(value: int) -> None:
    upload = encoded(DIGITS[0], "JPEG", exif=noted(value))
    assert orientation(upload, Header("JPEG", 28, 28)) == 1


def test_a_broken_note_is_ignored() -> None:
    upload = encoded(DIGITS[0], "JPEG", exif=b"Exif\0\0II*\0\xff\xff\xff\xff")
    assert orientation(upload, Header("JPEG", 28, 28)) == 1
    assert canonicalise(upload).width == 28


def _inverse(pixels: Any, value: int) -> NDArray[np.uint8]:
    image = Image.fromarray(pixels)
    image.getexif()[274] = {6: 8, 8: 6}.get(value, value)
    return np.asarray(ImageOps.exif_transpose(image))
