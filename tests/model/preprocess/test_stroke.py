"""Thin pens on large pictures do not vanish; every other stroke keeps its width."""

import cv2
import numpy as np
import pytest

from model.preprocess import canonicalise_picture, measure
from model.preprocess.stroke import Outline, stroke_width, visible
from tests.model.preprocess.pictures import DIGITS


def seven(pen: int, scale: int = 1) -> np.ndarray:
    page = np.full((300 * scale, 300 * scale), 225, np.uint8)
    points = np.array([(80, 70), (210, 65), (150, 240)]) * scale
    cv2.polylines(page, [points.astype(np.int32)], False, 40, pen, cv2.LINE_AA)
    return page


@pytest.mark.parametrize(("pen", "scale"), [(2, 1), (3, 1), (4, 1), (5, 1), (6, 5), (16, 5), (20, 5)])
def test_a_thin_pen_is_widened_to_a_stroke(pen: int, scale: int) -> None:
    answer = canonicalise_picture(seven(pen, scale))
    assert answer.reasons == ()
    assert 1.6 < measure(answer.pixels).stroke < 3.2
    assert answer.pixels.max() == 255


@pytest.mark.parametrize("width", [3, 8, 20])
@pytest.mark.parametrize("turned", [False, True])
def test_the_width_of_a_bar_is_measured(width: int, turned: bool) -> None:
    bar = np.zeros((200, 60), np.uint8)
    bar[10:190, 20 : 20 + width] = 255
    # A bar along the axes reads 4/pi wider than one in the mean direction.
    assert stroke_width(Outline.of(bar.T if turned else bar)) * np.pi / 4 == pytest.approx(width, rel=0.15)


@pytest.mark.parametrize(("height", "width"), [(28, 28), (1, 1), (5, 14), (9, 6), (3, 7)])
def test_outlines_are_counted_along_rows_and_columns(height: int, width: int) -> None:
    inks = np.random.default_rng(height * width).integers(0, 256, (7, height, width), np.uint8)
    for ink, outline in zip(inks, Outline.of_each(list(inks)), strict=True):
        full = np.pad(ink > 127, 1)
        across, down = (int(np.count_nonzero(np.diff(full, axis=axis))) for axis in (1, 0))
        assert outline == Outline.of(ink) == Outline(int(np.count_nonzero(full)), across, down)


def test_ordinary_strokes_keep_their_width() -> None:
    for pixels in DIGITS[::5]:
        large = cv2.resize(pixels, (280, 280), interpolation=cv2.INTER_NEAREST)
        left, top, width, height = cv2.boundingRect(large)
        ink = large[top : top + height, left : left + width]
        if stroke_width(Outline.of(ink)) > 15:
            assert visible(ink, 20) is ink


@pytest.mark.parametrize(("pen", "half_height"), [(1, 65), (2, 120), (2, 160), (3, 150), (3, 190)])
def test_a_thin_oval_is_not_in_pieces(pen: int, half_height: int) -> None:
    page = np.full((420, 420), 225, np.uint8)
    cv2.ellipse(page, (210, 210), (round(half_height * 0.7), half_height), 20, 0, 360, 40, pen, cv2.LINE_AA)
    assert canonicalise_picture(page).reasons == ()
