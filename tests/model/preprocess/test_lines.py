"""Ruled lines and box frames go, digits stay."""

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from model.preprocess import canonicalise_picture
from model.preprocess.lines import without_lines
from tests.model.preprocess.pictures import DIGITS, cut, difference, drawn, enlarged


def ruled(page: NDArray[np.uint8], slope: float = 0.0, thickness: int = 2) -> NDArray[np.uint8]:
    lines = page.copy()
    height, width = page.shape
    for y in range(-200, height + 200, 60):
        cv2.line(lines, (0, y), (width, round(y + slope * width)), 90, thickness, cv2.LINE_AA)
    return np.minimum(page, lines)


@pytest.mark.parametrize("digit", [5, 27, 41, 66, 73, 88])
@pytest.mark.parametrize("slope", [0.0, 0.03])
def test_a_digit_on_ruled_paper_is_read(digit: int, slope: float) -> None:
    answer = canonicalise_picture(ruled(drawn(enlarged(DIGITS[digit]), 400, 500), slope))
    assert difference(answer.pixels, DIGITS[digit]) < 20
    assert answer.reasons == ()


@pytest.mark.parametrize("digit", [5, 27, 41, 66, 73, 88])
@pytest.mark.parametrize("margin", [0, 8, 40])
def test_a_digit_in_a_box_is_read(digit: int, margin: int) -> None:
    page = drawn(enlarged(DIGITS[digit], 5), 320, 300)
    cv2.rectangle(page, (margin, margin), (299 - margin, 319 - margin), 40, 4)
    answer = canonicalise_picture(page)
    assert difference(answer.pixels, DIGITS[digit]) < 13
    assert answer.reasons == ()


@pytest.mark.parametrize("digit", [12, 28, 41, 55, 73])
def test_the_strokes_of_a_digit_cropped_to_its_edges_are_no_lines(digit: int) -> None:
    mask = cv2.resize((cut(DIGITS[digit]) > 100).astype(np.uint8), None, fx=15, fy=15, interpolation=cv2.INTER_NEAREST).astype(np.uint8)
    assert np.array_equal(without_lines(mask), mask)


def test_a_straight_thin_stroke_inside_the_picture_is_no_line() -> None:
    mask = np.zeros((300, 300), np.uint8)
    mask[40:260, 150:154] = 1
    mask[40:44, 80:154] = 1
    assert np.array_equal(without_lines(mask), mask)


def test_a_small_picture_is_left_alone() -> None:
    mask = np.zeros((40, 40), np.uint8)
    mask[20] = 1
    assert np.array_equal(without_lines(mask), mask)
