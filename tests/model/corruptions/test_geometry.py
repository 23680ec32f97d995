"""Digits are sheared, turned, made smaller and moved by as much as MNIST-C moves them, about the middle, to either side."""

import cv2
import numpy as np
import pytest

from model.articles.deskew import slant
from model.corruptions.geometry import SHIFT_PIXELS, rotate, scale, shear, translate
from model.corruptions.levels import Pixels


@pytest.fixture
def bars() -> Pixels:
    """An upright bar about the middle, fifty times."""
    bar = np.zeros((28, 28), np.uint8)
    cv2.rectangle(bar, (12, 5), (15, 22), 255, -1)
    return np.repeat(bar[None], 50, axis=0)


def extent(picture: Pixels) -> tuple[int, int]:
    rows, columns = (np.flatnonzero(picture.max(axis=axis) > 127) for axis in (1, 0))
    return int(np.ptp(rows)) + 1, int(np.ptp(columns)) + 1


def test_shear_leans_to_either_side_and_stretches_a_little(bars: Pixels, rng: np.random.Generator) -> None:
    leaning = np.array([slant(picture) for picture in shear(bars, rng)])
    assert set(np.sign(leaning)) == {-1, 1}
    assert np.abs(leaning) == pytest.approx(np.sin(0.4), abs=0.02), "by the sine, and not by the tangent"
    assert extent(shear(bars, rng)[0])[0] == round(18 / np.cos(0.4))


def test_rotation_turns_by_23_degrees_to_either_side(bars: Pixels, rng: np.random.Generator) -> None:
    angles = []
    for picture in rotate(bars, rng):
        y, x = np.nonzero(picture > 127)
        vx, vy = np.linalg.eigh(np.cov(x, y))[1][:, 1]
        angles.append(np.arctan(vx / vy))
    assert np.abs(angles) == pytest.approx(0.4, abs=0.05)
    assert set(np.sign(angles)) == {-1, 1}


def test_scale_leaves_seven_tenths_in_the_middle(bars: Pixels, rng: np.random.Generator) -> None:
    small = scale(bars, rng)
    assert extent(small[0])[0] == pytest.approx(0.7 * 18, abs=1)
    assert small[0].astype(int) == pytest.approx(small[0, ::-1, ::-1].astype(int), abs=1)
    assert np.array_equal(small[0], small[-1])


def test_translation_moves_whole_pixels_along_both_axes_and_loses_what_leaves(pixels: Pixels, rng: np.random.Generator) -> None:
    moved = translate(pixels, rng)
    ways = set()
    for picture, other in zip(pixels, moved, strict=True):
        for down in (-SHIFT_PIXELS, SHIFT_PIXELS):
            for right in (-SHIFT_PIXELS, SHIFT_PIXELS):
                expected = cv2.warpAffine(picture, np.array([[1, 0, right], [0, 1, down]], np.float64), (28, 28))
                if np.array_equal(expected, other):
                    ways.add((down, right))
                    break
    assert len(ways) == 4
    full = np.full((4, 28, 28), 255, np.uint8)
    assert (translate(full, rng).astype(bool).sum(axis=(1, 2)) == 25 * 25).all()
