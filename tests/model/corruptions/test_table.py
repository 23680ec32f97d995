"""All fifteen are there; equal seeds give equal pictures, whatever else is corrupted with them, and nothing handed in is changed."""

import numpy as np
import pytest

from model.corruptions.levels import Pixels
from model.corruptions.table import CORRUPTIONS, corrupted

DRAWS_NOTHING = {"scale", "brightness", "stripe", "canny edges"}


def test_the_fifteen_of_mnist_c_are_there_in_its_order() -> None:
    noise, blur, moved = ("shot noise", "impulse noise"), ("glass blur", "motion blur"), ("shear", "scale", "rotate")
    others = ("brightness", "translate", "stripe", "fog", "spatter", "dotted line", "zigzag", "canny edges")
    assert tuple(CORRUPTIONS) == (*noise, *blur, *moved, *others)
    assert len(set(CORRUPTIONS.values())) == len(CORRUPTIONS)


@pytest.mark.parametrize("name", CORRUPTIONS)
def test_equal_seeds_give_equal_pictures_and_the_first_do_not_depend_on_those_after_them(name: str, pixels: Pixels) -> None:
    before = pixels[:12].copy()
    twelve = corrupted(name, pixels[:12], 3)
    assert np.array_equal(pixels[:12], before)
    assert twelve.dtype == np.uint8
    assert twelve.shape == (12, 28, 28)
    assert (twelve != before).any(axis=(1, 2)).all()
    assert np.array_equal(corrupted(name, pixels[:5], 3), twelve[:5])
    assert np.array_equal(corrupted(name, pixels[:12], 4), twelve) == (name in DRAWS_NOTHING)


@pytest.mark.parametrize("name", CORRUPTIONS)
def test_no_pictures_and_blank_ones_can_be_corrupted(name: str) -> None:
    assert corrupted(name, np.zeros((0, 28, 28), np.uint8), 0).shape == (0, 28, 28)
    assert corrupted(name, np.zeros((2, 28, 28), np.uint8), 0).shape == (2, 28, 28)


def test_what_is_no_pile_of_pictures_is_refused(pixels: Pixels) -> None:
    for wrong in (pixels[0], pixels[:, :27], pixels.astype(np.float32)):
        with pytest.raises(ValueError, match="is uint8"):
            corrupted("fog", wrong, 0)  # type: ignore[arg-type]
    with pytest.raises(KeyError):
        corrupted("frost", pixels, 0)
