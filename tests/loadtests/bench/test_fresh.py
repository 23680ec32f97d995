"""Fresh pictures are new to every cache and canonical, and nobody can mistake their digits."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from loadtests.bench.fresh import CHANGED, Fresh
from model.preprocess import canonicalise, is_canonical

KNOWN = Path(__file__).parents[3] / "model" / "known" / "digits.npz"


@pytest.fixture
def bases() -> NDArray[np.uint8]:
    with np.load(KNOWN) as known:
        return np.asarray(known["pixels"], np.uint8)[:10]


@pytest.fixture
def fresh(bases: NDArray[np.uint8]) -> Fresh:
    return Fresh(bases, np.arange(len(bases), dtype=np.uint8))


def test_none_is_equal_to_another_or_to_a_base(fresh: Fresh, bases: NDArray[np.uint8]) -> None:
    first, _ = fresh.pixels(2_500)
    second, _ = fresh.pixels(2_500)
    assert len({picture.tobytes() for picture in (*first, *second, *bases)}) == 5_000 + len(bases)


def test_two_that_begin_elsewhere_share_no_picture(bases: NDArray[np.uint8]) -> None:
    digits = np.arange(len(bases), dtype=np.uint8)
    first, later = (Fresh(bases, digits, begin=begin) for begin in (0, 500))
    assert len(first) - len(later) == 500
    assert len({picture.tobytes() for fresh in (first, later) for picture in fresh.pixels(500)[0]}) == 1_000
    np.testing.assert_array_equal(first.pixels(1)[0], Fresh(bases, digits, begin=500).pixels(1)[0])


def test_little_is_changed_and_only_ink(fresh: Fresh, bases: NDArray[np.uint8]) -> None:
    pictures, digits = fresh.pixels(3_000)
    before = bases[digits]
    changed = np.abs(pictures.astype(int) - before.astype(int))
    assert changed.max() <= 7
    assert ((changed > 0).sum(axis=(1, 2)) <= CHANGED).all()
    np.testing.assert_array_equal(pictures == 0, before == 0)


def test_they_are_canonical_and_pass_through_unchanged(fresh: Fresh) -> None:
    pictures, _ = fresh.pixels(2_000)
    assert all(is_canonical(picture) for picture in pictures)
    upload = fresh.take(1)[0]
    assert is_canonical(canonicalise(upload.png).pixels)


def test_a_png_holds_the_picture(bases: NDArray[np.uint8]) -> None:
    digits = np.arange(len(bases), dtype=np.uint8)
    pictures, _ = Fresh(bases, digits).pixels(3)
    uploads = Fresh(bases, digits).take(3)
    for picture, upload in zip(pictures, uploads, strict=True):
        np.testing.assert_array_equal(canonicalise(upload.png).pixels, picture)
    assert [upload.digit for upload in uploads] == [0, 1, 2]


def test_bases_without_enough_ink_are_left_out() -> None:
    two = np.zeros((2, 28, 28), np.uint8)
    two[1, 10:13, 10:13] = 100
    _, digits = Fresh(two, np.array([3, 4], np.uint8)).pixels(5)
    assert set(digits.tolist()) == {4}


def test_more_than_there_are_is_an_error(fresh: Fresh) -> None:
    with pytest.raises(ValueError, match="left"):
        fresh.pixels(len(fresh) + 1)
