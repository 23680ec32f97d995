"""Outliers are canonical pixels like any upload's, show what they are named after, and are drawn again by the same seed."""

import numpy as np
import pytest

from model.data import Digits
from model.preprocess import is_canonical
from model.trust import outliers
from model.trust.outliers import Kind, Outliers, drawn, two_digits

KINDS = (
    outliers.uniform,
    outliers.gaussian,
    outliers.clouds,
    outliers.salt_and_pepper,
    outliers.scribble,
    outliers.shapes,
    outliers.even_sheet,
    outliers.shaded_sheet,
)


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_drawn_is_a_picture_of_the_size_asked(kind: Kind) -> None:
    picture = kind(30, 50, np.random.default_rng(0))
    assert picture.shape == (30, 50)
    assert picture.dtype == np.uint8


@pytest.mark.parametrize("kind", KINDS)
def test_it_reaches_the_network_as_canonical_pixels_and_the_seed_decides_it(kind: Kind) -> None:
    one, again, other = (drawn("it", (kind,), 6, np.random.default_rng(seed)) for seed in (1, 1, 2))
    assert all(is_canonical(picture) for picture in one.pixels)
    assert (len(one), one.doubted.shape) == (6, (6,))
    assert np.array_equal(one.pixels, again.pixels)
    assert not one.pixels.any() or not np.array_equal(one.pixels, other.pixels)


@pytest.mark.parametrize("kind", [outliers.even_sheet, outliers.shaded_sheet])
def test_empty_sheets_are_mostly_black_and_doubted(kind: Kind) -> None:
    sheets = drawn("blanks", (kind,), 40, np.random.default_rng(0))
    assert (~sheets.pixels.any(axis=(1, 2))).mean() > 0.8
    assert sheets.doubted.mean() > 0.8


def test_noise_is_not_blank() -> None:
    for kind in (outliers.uniform, outliers.gaussian, outliers.salt_and_pepper):
        assert drawn("noise", (kind,), 10, np.random.default_rng(0)).doubted.mean() > 0.8
    assert drawn("shapes", (outliers.shapes,), 20, np.random.default_rng(0)).pixels.any(axis=(1, 2)).mean() > 0.8


def test_kinds_take_turns() -> None:
    def black(rows: int, columns: int, rng: np.random.Generator) -> outliers.Grey:
        return np.zeros((rows, columns), np.uint8)

    mixed = drawn("both", (black, outliers.scribble), 10, np.random.default_rng(0))
    assert not mixed.pixels[::2].any()
    assert mixed.pixels[1::2].any(axis=(1, 2)).all()


def test_two_digits_are_wider_than_one(known: Digits) -> None:
    pairs = two_digits(known.pixels, 30, np.random.default_rng(0))
    widths = [_extent(picture, 0) for picture in pairs.pixels]
    heights = [_extent(picture, 1) for picture in pairs.pixels]
    assert np.mean(np.array(widths) > np.array(heights)) > 0.8
    assert pairs.doubted.mean() > 0.5


def test_some_of_a_set_keep_their_doubts() -> None:
    three = Outliers("three", np.zeros((3, 28, 28), np.uint8), np.array([True, False, True]))
    some = three.only(np.array([True, True, False]), "two")
    assert (some.name, len(some), some.doubted.tolist()) == ("two", 2, [True, False])


def _extent(picture: outliers.Grey, axis: int) -> int:
    places = np.flatnonzero(picture.any(axis=axis))
    return int(places[-1] - places[0])
