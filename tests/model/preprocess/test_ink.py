"""The digit's own ink is kept, and nothing else."""

import cv2
import numpy as np
import pytest

from model.preprocess import canonicalise_picture
from model.preprocess.ink import find_ink
from tests.model.preprocess.pictures import DIGITS, difference, drawn, enlarged


def test_specks_are_left_out() -> None:
    page = drawn(enlarged(DIGITS[61]))
    rng = np.random.default_rng(1)
    for _ in range(15):
        cv2.circle(page, (int(rng.integers(5, 355)), int(rng.integers(5, 295))), 1, 60, -1)
    answer = canonicalise_picture(page)
    assert difference(answer.pixels, DIGITS[61]) < 13
    assert answer.reasons == ()


def test_the_top_of_a_five_that_does_not_touch_belongs_to_it() -> None:
    page = np.full((200, 200), 220, np.uint8)
    cv2.ellipse(page, (90, 125), (30, 28), 0, -100, 130, 30, 9)
    cv2.line(page, (78, 70), (76, 92), 30, 9)
    cv2.line(page, (96, 62), (135, 60), 30, 9)
    answer = canonicalise_picture(page)
    assert answer.box is not None
    assert answer.box[1] < 62
    assert answer.box[2] > 132
    assert answer.reasons == ()


def test_grey_ramps_are_kept_grey() -> None:
    pixels = canonicalise_picture(drawn(enlarged(DIGITS[15], 8))).pixels
    assert np.count_nonzero((pixels > 20) & (pixels < 235)) > 25


@pytest.mark.parametrize("noise", [2.0, 8.0])
def test_the_noise_of_the_paper_is_measured_though_ink_covers_most_of_it(noise: float) -> None:
    page = np.full((200, 200), 210, np.float32)
    page[:, 60:] = 40
    noisy = np.clip(page + np.random.default_rng(0).normal(0, noise, page.shape), 0, 255).astype(np.uint8)
    assert find_ink(noisy).noise < 4 * noise


def test_a_page_without_ink_has_none() -> None:
    ink = find_ink(np.full((100, 100), 200, np.uint8))
    assert (ink.parts, ink.strength.size, ink.apart) == (0, 0, False)
