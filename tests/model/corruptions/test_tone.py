"""Brightness adds half of full ink everywhere; stripes turn seven columns on either side to the negative."""

import numpy as np
import pytest

from model.corruptions.levels import Pixels
from model.corruptions.tone import brightness, stripe


def test_brightness_lifts_the_ground_and_cuts_what_is_bright(rng: np.random.Generator) -> None:
    ramp = np.zeros((1, 28, 28), np.uint8)
    ramp[0, 0, :4] = (1, 100, 128, 255)
    assert brightness(ramp, rng)[0, 0, :5].tolist() == pytest.approx([128.5, 227.5, 255, 255, 127.5], abs=0.5)


def test_stripes_are_the_negative_and_twice_striped_is_as_before(pixels: Pixels, rng: np.random.Generator) -> None:
    striped = stripe(pixels, rng)
    changed = (striped != pixels).any(axis=(0, 1))
    assert np.flatnonzero(~changed).tolist() == list(range(7, 21))
    assert np.array_equal(striped[:, :, :7], ~pixels[:, :, :7])
    assert np.array_equal(stripe(striped, rng), pixels)
