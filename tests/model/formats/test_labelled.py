"""Numbers of every known range become the same levels, and what is no digit is refused in one line."""

import numpy as np
import pytest

from model.formats.labelled import NotDigits, digits, levels, square

HALF = np.array([[0.0, 0.5, 1.0]])


@pytest.mark.parametrize(
    "values",
    [HALF, HALF * 16, HALF * 255, HALF * 2 - 1, (HALF * 254).astype(np.int32), np.array([[0, 128, 255]], np.uint8)],
    ids=["shares", "sixteenths", "bytes", "minus one to one", "integers", "levels"],
)
def test_ink_is_full_at_the_top_of_the_range(values: np.ndarray) -> None:
    black, grey, white = levels(values)[0].tolist()
    assert black == 0
    assert grey in (127, 128)
    assert white >= 254


@pytest.mark.parametrize("values", [[0, 256], [-1, 2], [-2, 0], [0, float("nan")], [0, float("inf")]])
def test_other_ranges_are_no_pixels(values: list[float]) -> None:
    with pytest.raises(NotDigits, match="pixels lie within"):
        levels(np.array([values], float))


def test_rows_become_square_pictures_and_pictures_stay() -> None:
    assert square(np.arange(32).reshape(2, 16))[1, 0].tolist() == [16, 17, 18, 19]
    assert square(np.zeros((2, 5, 7))).shape == (2, 5, 7)
    with pytest.raises(NotDigits, match="no square pictures"):
        square(np.zeros((2, 15)))


def test_labels_are_digits_one_for_each_picture() -> None:
    assert digits(np.array([[3.0], [9.0]]), 2).tolist() == [3, 9]
    with pytest.raises(NotDigits, match="3 pictures have 2 labels"):
        digits(np.array([1, 2]), 3)
    with pytest.raises(NotDigits, match="0 pictures have 0 labels"):
        digits(np.array([]), 0)
    for other in (10, -1, 0.5):
        with pytest.raises(NotDigits, match="digits are 0 to 9"):
            digits(np.array([1, other]), 2)
