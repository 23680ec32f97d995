"""A picture moved by a pixel keeps its ink, the mean of answers is one of probabilities, and its own place is among the shifts."""

import numpy as np
import pytest
from numpy.typing import NDArray

from model.accuracy.combining import SHIFTS, moved, moved_about, together
from model.inference import softmax

PIXELS = np.zeros((2, 28, 28), np.uint8)
PIXELS[0, 5, 9], PIXELS[1, 0, 27] = 200, 100


@pytest.mark.parametrize(("down", "right"), [(0, 0), (1, 0), (-1, 0), (0, 1), (0, -1), (2, -3)])
def test_ink_goes_where_it_is_moved_to(down: int, right: int) -> None:
    there = moved(PIXELS, down, right)
    assert there[0, 5 + down, 9 + right] == 200
    assert there[0].sum() == 200


@pytest.mark.parametrize(("down", "right"), [(-1, 0), (0, 1)])
def test_what_leaves_is_lost_and_does_not_come_in_on_the_other_side(down: int, right: int) -> None:
    assert moved(PIXELS, down, right)[1].sum() == 0


def test_moving_changes_no_picture_in_place() -> None:
    before = PIXELS.copy()
    moved(PIXELS, 1, 1)
    assert np.array_equal(PIXELS, before)


def test_a_picture_is_read_once_where_it_is_and_once_a_pixel_off_in_each_direction() -> None:
    assert len(SHIFTS) == len(set(SHIFTS)) == 5
    assert sorted(abs(down) + abs(right) for down, right in SHIFTS) == [0, 1, 1, 1, 1]
    asked: list[NDArray[np.uint8]] = []

    def logits(pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        asked.append(pixels)
        return np.tile(np.arange(10, dtype=np.float32) * len(asked), (len(pixels), 1))

    mean = moved_about(logits, PIXELS)
    assert [pixels.tolist() for pixels in asked] == [moved(PIXELS, *shift).tolist() for shift in SHIFTS]
    expected = np.mean([softmax(np.arange(10, dtype=np.float32)[None] * call) for call in range(1, 6)], axis=0)
    np.testing.assert_allclose(mean, np.repeat(expected, 2, axis=0))


def test_together_is_the_mean_of_probabilities_and_of_nobody_an_error() -> None:
    one, other = softmax(np.eye(10) * 3), softmax(np.ones((10, 10)))
    np.testing.assert_allclose(together([one, other]), (one + other) / 2)
    np.testing.assert_allclose(together([one, other]).sum(axis=1), 1)
    with pytest.raises(ValueError, match="nobody"):
        together([])
