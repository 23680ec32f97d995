"""Fog differs from picture to picture and dims the digit to a quarter; mud has one colour and soft edges."""

import numpy as np
import pytest

from model.corruptions.levels import Pixels
from model.corruptions.weather import MUD, MUD_EDGE_FROM, fog, plasma, spatter


def test_plasma_fills_0_to_1_and_goes_on_over_the_borders(rng: np.random.Generator) -> None:
    heights = plasma(rng)
    assert heights.shape == (256, 256)
    assert (heights.min(), heights.max()) == (0, 1)
    inside = np.abs(np.diff(heights, axis=0)).mean()
    assert np.abs(heights[0] - heights[-1]).mean() == pytest.approx(inside, rel=0.3)
    assert inside < np.abs(heights - np.roll(heights, 100, axis=0)).mean()


def test_fog_dims_a_full_digit_to_a_quarter_and_hides_nothing_of_it(pixels: Pixels, rng: np.random.Generator) -> None:
    some = pixels[:10]
    foggy = fog(some, rng).astype(float)
    assert np.ptp([picture.mean() for picture in foggy]) > 10
    blank = np.zeros_like(some)
    blank[:, 0, 0] = some.max(axis=(1, 2))
    alone = fog(blank, np.random.default_rng(0)).astype(float)
    most = some.max(axis=(1, 2), keepdims=True) / 255
    expected = some * most / (most + 3)
    assert (foggy - alone)[:, 1:] == pytest.approx(expected[:, 1:], abs=1)


def test_mud_is_of_one_colour_where_it_is_thick_and_the_rest_is_as_it_was(rng: np.random.Generator) -> None:
    full = np.full((50, 28, 28), 255, np.uint8)
    muddy = spatter(full, rng)
    thick = round(255 * MUD)
    thinnest = round(255 * (1 - MUD_EDGE_FROM + MUD_EDGE_FROM * MUD))
    assert muddy.min() >= thick
    touched = muddy[muddy < 255]
    assert touched.max() <= thinnest
    assert 0.005 < touched.size / muddy.size < 0.5
    assert spatter(np.zeros_like(full), rng).max() <= thick
