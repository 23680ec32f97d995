"""Pictures written anew lean, are broader, canonical, and the same for the same seed."""

from pathlib import Path

import numpy as np
import pytest

import model
from model.articles.deskew import slant
from model.data import Digits
from model.preprocess.place import is_canonical
from model.renewal.new_style import PEN_PIXELS, new_style, rewritten


@pytest.fixture(scope="module")
def known() -> Digits:
    with np.load(Path(model.__file__).parent / "known" / "digits.npz") as stored:
        return Digits(stored["pixels"], stored["labels"])


def test_they_lean_to_the_left(known: Digits) -> None:
    made = new_style(known, 100, seed=1)
    assert sorted(made.labels.tolist()) == sorted(known.labels.tolist())
    assert np.mean([slant(picture) for picture in made.pixels]) > np.mean([slant(picture) for picture in known.pixels]) + 0.4


def test_their_strokes_are_broader_than_with_a_fine_pen(known: Digits) -> None:
    for picture in known.pixels[::10]:
        broad, fine = (int((rewritten(picture, -0.7, pen) > 128).sum()) for pen in (PEN_PIXELS, 1))
        assert broad > 1.2 * fine


def test_they_are_canonical_so_a_gateway_passes_them_on_unchanged(known: Digits) -> None:
    assert all(is_canonical(picture) for picture in new_style(known, 50, seed=1).pixels)


def test_the_seed_draws_which_and_how_far(known: Digits) -> None:
    one, again, other = (new_style(known, 20, seed) for seed in (1, 1, 2))
    assert np.array_equal(one.pixels, again.pixels)
    assert not np.array_equal(one.pixels, other.pixels)


def test_no_picture_is_made_twice(known: Digits) -> None:
    with pytest.raises(ValueError, match="100 pictures, not 101"):
        new_style(known, 101, seed=1)
