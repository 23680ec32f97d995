"""Every kind of picture that is taken is read as what it shows; every other upload is refused by an ImageError and nothing else."""

import contextlib
import io
import struct
from collections.abc import Callable

import cv2
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from model.preprocess import ImageError, ImageTooLarge, Limits, UnreadableImage, canonicalise
from model.preprocess.decode import decode
from tests.model.preprocess.pictures import DIGITS, difference, drawn, encoded, enlarged

DIGIT = DIGITS[40]
RGB = np.repeat(DIGIT[..., None], 3, axis=2)
ALPHA = np.dstack([RGB, np.full((28, 28), 255, np.uint8)])


def deep_colour() -> bytes:
    return cv2.imencode(".png", RGB.astype(np.uint16) * 257)[1].tobytes()


def palette() -> Image.Image:
    image = Image.fromarray(DIGIT).convert("P")
    return image


def with_clear_background(**kwargs: object) -> bytes:
    image = Image.fromarray(np.where(DIGIT > 0, DIGIT, 0).astype(np.uint8))
    return encoded(image, "PNG", transparency=0, **kwargs)


LOSSLESS: dict[str, Callable[[], bytes]] = {
    "grey PNG": lambda: encoded(DIGIT, "PNG"),
    "RGB PNG": lambda: encoded(RGB, "PNG"),
    "RGBA PNG": lambda: encoded(ALPHA, "PNG"),
    "grey and alpha PNG": lambda: encoded(Image.fromarray(ALPHA).convert("LA"), "PNG"),
    "palette PNG": lambda: encoded(palette(), "PNG"),
    "16-bit grey PNG": lambda: cv2.imencode(".png", DIGIT.astype(np.uint16) * 257)[1].tobytes(),
    "16-bit RGB PNG": deep_colour,
    "grey PNG with one clear level": with_clear_background,
    "WebP": lambda: encoded(RGB, "WEBP", lossless=True),
    "WebP with alpha": lambda: encoded(ALPHA, "WEBP", lossless=True, exact=True),
    "grey BMP": lambda: encoded(DIGIT, "BMP"),
    "RGB BMP": lambda: encoded(RGB, "BMP"),
    "RGBA BMP": lambda: encoded(ALPHA, "BMP"),
    "TIFF": lambda: encoded(DIGIT, "TIFF"),
    "RGB LZW TIFF": lambda: encoded(RGB, "TIFF", compression="tiff_lzw"),
    "16-bit TIFF": lambda: encoded(Image.fromarray(DIGIT.astype(np.uint16) * 257), "TIFF"),
    "32-bit TIFF": lambda: encoded(Image.fromarray(DIGIT.astype(np.int32)), "TIFF"),
    "float TIFF": lambda: encoded(Image.fromarray(DIGIT.astype(np.float32) / np.float32(255)), "TIFF"),
    "GIF": lambda: encoded(DIGIT, "GIF"),
    "interlaced GIF": lambda: encoded(DIGIT, "GIF", interlace=True),
}


@pytest.mark.parametrize("kind", LOSSLESS)
def test_lossless_kinds_give_the_very_pixels(kind: str) -> None:
    assert np.array_equal(canonicalise(LOSSLESS[kind]()).pixels, DIGIT)


LOSSY: dict[str, Callable[[NDArray[np.uint8]], bytes]] = {
    "grey JPEG": lambda p: encoded(p, "JPEG"),
    "RGB JPEG": lambda p: encoded(Image.fromarray(p).convert("RGB"), "JPEG"),
    "progressive JPEG": lambda p: encoded(Image.fromarray(p).convert("RGB"), "JPEG", progressive=True),
    "CMYK JPEG": lambda p: encoded(Image.fromarray(p).convert("RGB").convert("CMYK"), "JPEG"),
    "1-bit PNG": lambda p: encoded(Image.fromarray(p).convert("1", dither=Image.Dither.NONE), "PNG"),
    "1-bit TIFF": lambda p: encoded(Image.fromarray(p).convert("1", dither=Image.Dither.NONE), "TIFF", compression="group4"),
    "CMYK TIFF": lambda p: encoded(Image.fromarray(p).convert("RGB").convert("CMYK"), "TIFF"),
    "WebP": lambda p: encoded(Image.fromarray(p).convert("RGB"), "WEBP"),
    "16 colours": lambda p: encoded(Image.fromarray(p).quantize(16), "PNG"),
}


@pytest.mark.parametrize("kind", LOSSY)
def test_lossy_kinds_show_the_same_digit(kind: str) -> None:
    answer = canonicalise(LOSSY[kind](drawn(enlarged(DIGIT))))
    assert answer.inverted
    assert answer.reasons == ()
    assert difference(answer.pixels, DIGIT) < 9


def test_an_interlaced_png_is_read() -> None:
    plain = drawn(enlarged(DIGIT))
    # Pillow writes no interlaced PNG, so this is made from the seven passes by hand.
    assert np.array_equal(decode(_interlaced(plain), Limits()).grey, plain)


def test_the_first_of_ten_thousand_frames_is_read() -> None:
    first = encoded(DIGIT, "GIF")
    screen = 13 + 3 * 2 ** ((first[10] & 7) + 1)
    frame = first[screen:-1]
    many = first[:screen] + frame + frame * 9_999 + b";"
    assert np.array_equal(canonicalise(many).pixels, DIGIT)


def test_a_gif_frame_larger_than_its_canvas_is_refused_before_it_is_decoded() -> None:
    upload = bytearray(encoded(np.zeros((50, 60), np.uint8), "GIF"))
    at = upload.index(b",", 13 + 3 * 2 ** ((upload[10] & 7) + 1))
    upload[at + 5 : at + 9] = struct.pack("<HH", 5000, 5000)
    with pytest.raises(ImageError, match="contradicts"):
        canonicalise(bytes(upload))


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
@pytest.mark.parametrize("lightness", [0, 255])
@pytest.mark.parametrize("hidden", [0, 255])
def test_a_digit_on_nothing_is_read_whatever_its_lightness_and_what_the_nothing_hides(kind: str, lightness: int, hidden: int) -> None:
    coverage = (enlarged(DIGIT) * 255).astype(np.uint8)
    colour = np.where(coverage > 0, lightness, hidden).astype(np.uint8)
    upload = encoded(np.dstack([colour, colour, colour, coverage]), kind, **({"lossless": True, "exact": True} if kind == "WEBP" else {}))
    assert difference(canonicalise(upload).pixels, DIGIT) < 9


def test_a_digit_on_a_card_with_clear_corners_is_read() -> None:
    page = drawn(enlarged(DIGIT))
    cover = np.zeros_like(page)
    cv2.rectangle(cover, (30, 5), (330, 295), 255, -1)
    cv2.circle(cover, (30, 5), 20, 0, -1)
    answer = canonicalise(encoded(np.dstack([page, page, page, cover]), "PNG"))
    assert answer.inverted
    assert difference(answer.pixels, DIGIT) < 9


def test_yellow_ink_on_white_is_read() -> None:
    cover = enlarged(DIGIT)[..., None]
    page = (np.array([250, 250, 250]) * (1 - cover) + np.array([250, 248, 120]) * cover).astype(np.uint8)
    answer = canonicalise(encoded(cv2.copyMakeBorder(page, 40, 40, 60, 60, cv2.BORDER_REPLICATE), "PNG"))
    assert answer.reasons == ()
    assert difference(answer.pixels, DIGIT) < 9


def test_dimensions_are_checked_before_anything_is_decoded() -> None:
    upload = bytearray(encoded(np.zeros((100, 100), np.uint8), "PNG"))
    upload[16:24] = struct.pack(">II", 20_000, 20_000)
    with pytest.raises(ImageTooLarge, match="20000 x 20000"):
        canonicalise(bytes(upload))


def test_a_sequential_jpeg_may_be_larger_than_what_is_kept_whole_in_memory() -> None:
    page = np.full((2500, 2000), 200, np.uint8)
    assert canonicalise(encoded(page, "JPEG")).reasons == ("blank",)
    for kind, options in (("PNG", {}), ("JPEG", {"progressive": True}), ("WEBP", {})):
        with pytest.raises(ImageTooLarge):
            canonicalise(encoded(Image.fromarray(page).convert("RGB"), kind, **options))


def test_limits_are_the_callers() -> None:
    upload = encoded(np.zeros((50, 50, 3), np.uint8), "PNG")
    with pytest.raises(ImageTooLarge):
        canonicalise(upload, Limits(max_pixels_unreduced=2499))
    canonicalise(upload, Limits(max_pixels_unreduced=2500))


def test_what_was_read_is_in_the_uploads_own_pixels_though_it_was_reduced() -> None:
    layer = cv2.resize(DIGIT, (700, 700)).astype(np.float32) / np.float32(255)
    answer = canonicalise(encoded(drawn(layer, 1800, 2400), "JPEG"))
    left, top, width, height = cv2.boundingRect((drawn(layer, 1800, 2400) < 190).astype(np.uint8))
    assert (answer.width, answer.height) == (2400, 1800)
    assert answer.box is not None
    assert max(abs(a - b) for a, b in zip(answer.box, (left, top, left + width, top + height), strict=True)) <= 16


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "BMP", "TIFF", "GIF"])
def test_a_picture_cut_off_half_way_is_unreadable(kind: str) -> None:
    upload = encoded(drawn(enlarged(DIGIT), 200, 220), kind)
    with pytest.raises(UnreadableImage, match=r"cut off|broken"):
        canonicalise(upload[: len(upload) // 2])


SMALL = np.random.default_rng(0).integers(0, 256, (11, 13, 3), dtype=np.uint8)
SEEDS = [
    *(encoded(SMALL, kind) for kind in ("PNG", "JPEG", "WEBP", "BMP", "TIFF", "GIF")),
    encoded(SMALL, "JPEG", progressive=True),
    encoded(SMALL, "WEBP", lossless=True),
    encoded(SMALL, "TIFF", compression="tiff_lzw"),
    encoded(SMALL, "TIFF", compression="tiff_adobe_deflate"),
    encoded(Image.fromarray(SMALL).quantize(16), "PNG", transparency=3),
    encoded(DIGIT, "PNG"),
]


@pytest.mark.parametrize("seed", range(len(SEEDS)))
def test_every_cut_of_a_picture_is_a_picture_or_an_image_error(seed: int) -> None:
    upload = SEEDS[seed]
    for length in range(0, len(upload), 1 if len(upload) < 800 else 7):
        _picture_or_image_error(upload[:length])


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_any_bytes_are_a_picture_or_an_image_error(data: st.DataObject) -> None:
    upload = bytearray(data.draw(st.sampled_from(SEEDS)))
    for _ in range(data.draw(st.integers(1, 8))):
        at = data.draw(st.integers(0, len(upload) - 1))
        upload[at] = data.draw(st.sampled_from([0, 1, 127, 128, 255]) | st.integers(0, 255))
    _picture_or_image_error(bytes(upload))


@settings(max_examples=100, deadline=None)
@given(st.sampled_from([seed[:12] for seed in SEEDS]), st.binary(max_size=400))
def test_noise_after_magic_bytes_is_a_picture_or_an_image_error(magic: bytes, rest: bytes) -> None:
    _picture_or_image_error(magic + rest)


def _picture_or_image_error(upload: bytes) -> None:
    with contextlib.suppress(ImageError):
        assert canonicalise(upload, Limits(max_pixels=200_000, max_pixels_unreduced=200_000)).pixels.shape == (28, 28)


def _interlaced(pixels: np.ndarray) -> bytes:
    import zlib

    rows = bytearray()
    for x0, y0, dx, dy in ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)):
        for row in pixels[y0::dy, x0::dx]:
            rows += b"\0" + row.tobytes()
    height, width = pixels.shape

    def chunk(name: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    file = io.BytesIO(b"\x89PNG\r\n\x1a\n")
    file.seek(0, io.SEEK_END)
    file.write(chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 1)))
    file.write(chunk(b"IDAT", zlib.compress(bytes(rows))) + chunk(b"IEND", b""))
    return file.getvalue()
