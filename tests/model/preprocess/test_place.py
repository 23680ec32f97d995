"""Canonical pixels are a fixed point: placed once, placed for good."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from numpy.typing import NDArray

from model.preprocess import is_canonical
from model.preprocess.place import ink_side, place
from tests.model.preprocess.pictures import DIGITS, cut

INK = arrays(np.uint8, array_shapes(min_dims=2, max_dims=2, max_side=90), elements=st.sampled_from([0, 0, 0, 1, 2, 3, 90, 255]))


SIDES = st.sampled_from([28, 48])


@settings(max_examples=200, deadline=None)
@given(INK, SIDES)
def test_whatever_is_placed_is_canonical(ink: NDArray[np.uint8], side: int) -> None:
    assert is_canonical(place(ink, side), side)


def test_ink_has_the_same_share_of_every_side() -> None:
    assert [ink_side(side) for side in (28, 48, 56)] == [20, 34, 40]


def test_canonical_pixels_of_one_side_are_not_canonical_at_another() -> None:
    assert not is_canonical(DIGITS[3], 48)
    assert not is_canonical(place(cut(DIGITS[3]), 48))


@pytest.mark.parametrize("digit", range(0, 100, 7))
def test_a_cut_out_digit_returns_to_where_it_was(digit: int) -> None:
    assert np.array_equal(place(cut(DIGITS[digit])), DIGITS[digit])


def test_known_digits_are_canonical_as_they_are() -> None:
    assert all(is_canonical(pixels) for pixels in DIGITS)


def test_a_lopsided_digit_stops_at_the_edge() -> None:
    ink = np.zeros((20, 20), np.uint8)
    ink[:, 0], ink[0, -1] = 255, 1
    pixels = place(ink)
    assert pixels[:, 8].max() == 255
    assert is_canonical(pixels)


@pytest.mark.parametrize(
    "pixels",
    [
        255 - DIGITS[3],
        np.roll(DIGITS[3], 2, axis=1),
        DIGITS[3] // 2,
        DIGITS[3].astype(np.float32),
        DIGITS[3][:, :27],
        DIGITS[3].tobytes(),
        np.pad(cut(DIGITS[3])[::2, ::2], 4)[:28, :28],
        None,
    ],
    ids=["dark on light", "off centre", "dim", "floats", "27 wide", "bytes", "small", "nothing"],
)
def test_anything_else_is_not_canonical(pixels: Any) -> None:
    assert not is_canonical(pixels)
