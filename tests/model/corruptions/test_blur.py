"""Glass shuffles nearby pixels and blurs down; a moving hand smears along its line, to one side of every point."""

import numpy as np
import pytest

from model.corruptions.blur import MOTION_RADIUS, glass_blur, motion_blur
from model.corruptions.levels import Pixels


def point(row: int, column: int, count: int = 1) -> Pixels:
    pictures = np.zeros((count, 28, 28), np.uint8)
    pictures[:, row, column] = 255
    return pictures


def test_glass_keeps_most_ink_near_where_it_was(pixels: Pixels, rng: np.random.Generator) -> None:
    blurred = glass_blur(pixels, rng)
    assert blurred.sum() == pytest.approx(pixels.sum(), rel=0.03)
    assert not np.array_equal(blurred, pixels)


def test_glass_blurs_down_alone_and_shuffles_across_from_the_third_column_on(rng: np.random.Generator) -> None:
    bars = np.zeros((50, 28, 28), np.uint8)
    bars[:, :, [0, 14]] = 255
    blurred = glass_blur(bars, rng)
    assert (blurred[:, :, 0] == 255).all(), "nothing was mixed into the column that no change reaches"
    assert not blurred[:, :, 20:].any()
    assert (blurred[:, :, 10:19].any(axis=1).sum(axis=1) >= 3).all()
    level = glass_blur(np.swapaxes(bars, 1, 2).copy(), rng)
    assert (level[:, 1, 0] > 0).all(), "the first row went down"


def test_motion_smears_towards_one_side_and_keeps_the_ink(rng: np.random.Generator) -> None:
    smeared = motion_blur(point(14, 22, 100), rng)
    assert smeared.reshape(100, -1).astype(int).sum(axis=1) == pytest.approx(255, abs=12)
    assert not smeared[:, :, 23:].any()
    assert (smeared[:, 14, 22] > 50).all()


def test_motion_takes_angles_up_to_half_a_right_one(rng: np.random.Generator) -> None:
    rows = np.arange(28) - 14
    smeared = motion_blur(point(14, 22, 400), rng).astype(np.float64)
    slope = (smeared.sum(axis=2) * rows).sum(axis=1) / (smeared.sum(axis=1) * (22 - np.arange(28))).sum(axis=1)
    assert slope.min() < -0.85
    assert slope.max() > 0.85
    assert np.abs(slope).max() < 1.25
    assert not smeared[:, :, : 22 - 2 * MOTION_RADIUS].any()
