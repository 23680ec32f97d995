"""Every letter of every font is drawn as itself, and no font is both reported and chosen by."""

import numpy as np
import pytest

from model.preprocess import is_canonical
from model.trust.letters import ALL, LOOK_ALIKES, REPORTED_FONTS, VALIDATION_FONTS, letters, like_digits


def test_every_letter_is_there_as_often_and_canonical() -> None:
    drawn, names = letters(("DejaVuSans",), np.random.default_rng(0), variations=2)
    assert len(drawn) == len(names) == 52 * 2
    assert names[:4].tolist() == ["a", "a", "b", "b"]
    assert all(is_canonical(picture) for picture in drawn.pixels)
    assert drawn.pixels.any(axis=(1, 2)).all()


@pytest.mark.parametrize("font", [*REPORTED_FONTS, *VALIDATION_FONTS])
def test_a_font_has_a_shape_of_its_own_for_nearly_every_letter(font: str) -> None:
    """A font without letters would draw one box for all. Once they are fitted, a few capitals are their small letters: o, s, x."""
    drawn, _ = letters((font,), np.random.default_rng(0), variations=1)
    assert len(np.unique(drawn.pixels, axis=0)) > 40


def test_the_first_drawing_stands_upright_and_the_others_do_not() -> None:
    drawn, _ = letters(("DejaVuSans",), np.random.default_rng(0), variations=3)
    alone, _ = letters(("DejaVuSans",), np.random.default_rng(9), variations=1)
    assert np.array_equal(drawn.pixels[::3], alone.pixels)
    assert not np.array_equal(drawn.pixels[1::3], alone.pixels)


def test_eleven_letters_look_like_digits() -> None:
    chosen = like_digits(np.array(list(ALL)))
    assert chosen.sum() == len(LOOK_ALIKES) == 11
    assert not like_digits(np.array(["a", "x", "W"])).any()


def test_what_is_chosen_by_is_of_other_families_than_what_is_reported() -> None:
    assert all(font.startswith("DejaVu") for font in REPORTED_FONTS)
    assert not any(font.startswith("DejaVu") for font in VALIDATION_FONTS)
