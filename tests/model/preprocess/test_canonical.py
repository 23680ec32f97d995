"""Any picture of a digit comes back as the digit it was drawn from, and says what was done to it."""

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from numpy.typing import NDArray

from model.preprocess import REASONS, ImageError, canonicalise, canonicalise_picture, canonicalise_several, is_canonical, read_header
from model.preprocess.place import place
from tests.model.preprocess.degrade import degrade, exposed
from tests.model.preprocess.pictures import DIGITS, cut, difference, drawn, encoded, enlarged

PICTURES = arrays(
    np.uint8,
    array_shapes(min_dims=2, max_dims=2, max_side=80),
    elements=st.integers(0, 255) | st.sampled_from([0, 250, 255]),
    fill=st.just(250),
)


@settings(max_examples=150, deadline=None)
@given(PICTURES, st.sampled_from([28, 48]))
def test_what_was_returned_is_returned_unchanged(picture: NDArray[np.uint8], side: int) -> None:
    first = canonicalise_picture(picture, side)
    assert is_canonical(first.pixels, side)
    assert first.pixels.flags.c_contiguous
    assert set(first.reasons) <= set(REASONS)
    assert np.array_equal(canonicalise_picture(first.pixels, side).pixels, first.pixels)
    assert np.array_equal(canonicalise(encoded(first.pixels, "PNG"), side=side).pixels, first.pixels)


@settings(max_examples=150, deadline=None)
@given(PICTURES)
def test_a_box_lies_in_the_picture_and_is_absent_only_without_ink(picture: NDArray[np.uint8]) -> None:
    answer = canonicalise_picture(picture)
    height, width = picture.shape
    assert (answer.width, answer.height) == (width, height)
    if answer.box is None:
        assert not answer.pixels.any()
        assert answer.reasons
    else:
        left, top, right, bottom = answer.box
        assert 0 <= left < right <= width
        assert 0 <= top < bottom <= height


@pytest.mark.parametrize("digit", range(0, 100, 9))
def test_photographs_come_back_nearly_identical(digit: int) -> None:
    rng = np.random.default_rng(digit)
    answer = canonicalise(degrade(DIGITS[digit], rng))
    assert difference(answer.pixels, DIGITS[digit]) < 13
    assert answer.inverted
    assert answer.reasons == ()


def test_few_photographs_differ_and_none_is_doubted() -> None:
    answers = [canonicalise(degrade(pixels, np.random.default_rng(n))) for n, pixels in enumerate(DIGITS)]
    differences = [difference(answer.pixels, pixels) for answer, pixels in zip(answers, DIGITS, strict=True)]
    assert np.median(differences) < 8
    assert sum(answer.reasons != () for answer in answers) <= 1


@pytest.mark.parametrize("digit", range(0, 100, 9))
def test_at_a_larger_side_a_photograph_is_the_same_digit(digit: int) -> None:
    photograph = degrade(DIGITS[digit], np.random.default_rng(digit))
    answer, larger = canonicalise(photograph), canonicalise(photograph, side=48)
    assert larger[1:6] == answer[1:6]
    assert difference(place(cut(larger.pixels)), answer.pixels) < 13


@pytest.mark.parametrize("digit", [3, 25, 47, 68, 91])
def test_light_digits_on_dark_are_read_and_not_called_inverted(digit: int) -> None:
    answer = canonicalise_picture(drawn(enlarged(DIGITS[digit]), paper=30, pen=220))
    assert not answer.inverted
    assert difference(answer.pixels, DIGITS[digit]) < 16


@pytest.mark.parametrize("digit", range(0, 100, 9))
@pytest.mark.parametrize("dark", [True, False])
def test_a_digit_cropped_to_its_edges_is_read(digit: int, dark: bool) -> None:
    layer = cv2.resize(cut(DIGITS[digit]), None, fx=8, fy=8, interpolation=cv2.INTER_LINEAR) / np.float32(255)
    lit = 225 - 180 * layer if dark else 30 + 200 * layer
    answer = canonicalise_picture(exposed(lit, np.random.default_rng(digit), slope=0.2, noise=4))
    assert answer.inverted == dark
    assert difference(answer.pixels, DIGITS[digit]) < 30
    assert answer.reasons == ()


@pytest.mark.parametrize("digit", range(2, 100, 13))
def test_a_dark_on_light_thumbnail_is_not_taken_for_canonical(digit: int) -> None:
    answer = canonicalise_picture(255 - DIGITS[digit])
    assert answer.inverted
    assert difference(answer.pixels, DIGITS[digit]) < 20


def test_a_small_jpeg_of_the_pixels_is_nearly_the_pixels() -> None:
    assert difference(canonicalise(encoded(255 - DIGITS[44], "JPEG")).pixels, DIGITS[44]) < 6


def test_the_box_is_where_the_ink_is() -> None:
    picture = drawn(enlarged(DIGITS[22]))
    left, top, width, height = cv2.boundingRect((picture < 200).astype(np.uint8))
    box = canonicalise_picture(picture).box
    assert box is not None
    assert max(abs(a - b) for a, b in zip(box, (left, top, left + width, top + height), strict=True)) <= 2


def test_one_pixel_is_blank() -> None:
    answer = canonicalise_picture(np.array([[77]], np.uint8))
    assert answer.reasons == ("blank",)
    assert answer.box is None
    assert not answer.pixels.any()


@pytest.mark.parametrize("side", [28, 48])
def test_several_together_are_read_as_each_alone(side: int) -> None:
    black = encoded(np.zeros((28, 28), np.uint8), "PNG")
    whole = [encoded(DIGITS[0], "PNG"), black, encoded(drawn(enlarged(DIGITS[1])), "JPEG"), encoded(255 - DIGITS[2], "PNG")]
    cut_off = whole[2][:-200]
    answers = canonicalise_several([(upload, read_header(upload)) for upload in (*whole, cut_off)], side=side)
    assert isinstance(answers.pop(), ImageError)
    for upload, answer in zip(whole, answers, strict=True):
        alone = canonicalise(upload, side=side)
        assert not isinstance(answer, ImageError)
        assert np.array_equal(answer.pixels, alone.pixels)
        assert answer[1:] == alone[1:]
