"""Blur keeps what ink there is, spreads a point as a Gaussian does, and treats the border as it is told to."""

import numpy as np
import pytest

from model.corruptions.smoothing import smoothed


def point(row: int, column: int) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    picture = np.zeros((1, 28, 28))
    picture[0, row, column] = 1
    return picture


def test_a_point_becomes_a_gaussian_as_wide_as_it_was_told_to_be() -> None:
    spread = smoothed(point(14, 14), down=1.5, across=0.7)[0]
    away = np.arange(28) - 14
    assert spread.sum() == pytest.approx(1)
    assert (spread.sum(axis=1) * away**2).sum() == pytest.approx(1.5**2, rel=0.01)
    assert (spread.sum(axis=0) * away**2).sum() == pytest.approx(0.7**2, rel=0.01)
    assert spread[14, 14] / spread[15, 14] == pytest.approx(np.exp(1 / (2 * 1.5**2)))


def test_no_width_is_no_blur() -> None:
    assert np.array_equal(smoothed(point(3, 5), down=0, across=0), point(3, 5))
    assert smoothed(point(3, 5), down=1, across=0)[0, :, [4, 6]].max() == 0


def test_beyond_the_border_lies_its_last_pixel_or_nothing() -> None:
    full = np.ones((1, 28, 28))
    assert smoothed(full, down=2, across=2) == pytest.approx(full)
    dark = smoothed(full, down=2, across=2, border="zero")[0]
    assert dark[14, 14] == pytest.approx(1)
    assert dark[0, 0] == pytest.approx(0.36, abs=0.02)
