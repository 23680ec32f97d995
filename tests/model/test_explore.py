"""What is printed and drawn of a data set is what is in it."""

from pathlib import Path

import numpy as np
import pytest

import model
from model.data import Digits
from model.explore import contact_sheet, describe, draw, extremes


@pytest.fixture(scope="module")
def digits() -> Digits:
    """Ten pictures of each digit, in the order of the digits."""
    with np.load(Path(model.__file__).parent / "known" / "digits.npz") as known:
        return Digits(known["pixels"], known["labels"])


def test_all_four_arrays_are_described_with_both_ends(digits: Digits) -> None:
    lines = describe(digits, digits[95:]).splitlines()
    assert "100x28x28" in lines[0]
    assert "uint8, 0 to 255" in lines[0]
    assert lines[1].startswith("training labels   100 ")
    assert "first labels 0 0 0 0 0, last labels 9 9 9 9 9" in lines[1]
    assert "5x28x28" in lines[2]
    assert "test     labels   5 " in lines[3]


def test_every_digit_is_counted_in_either_set_and_in_both(digits: Digits) -> None:
    rows = [line.split() for line in describe(digits, digits[80:]).splitlines()]
    assert ["3", "10", "0", "10"] in rows
    assert ["9", "10", "10", "20"] in rows
    assert ["all", "100", "20", "120"] in rows


def test_thousands_and_the_extremes_are_named() -> None:
    labels = np.repeat(np.arange(10), [1_200, *[1_000] * 8, 900]).astype(np.uint8)
    told = describe(Digits(np.zeros((len(labels), 28, 28), np.uint8), labels), Digits(np.zeros((1, 28, 28), np.uint8), labels[:1]))
    assert "rarest: 9 (900); most frequent: 0 (1,201)" in told


def test_the_thinnest_thickest_and_most_slanted_of_each_digit_are_found() -> None:
    labels = np.repeat(np.arange(10), 3).astype(np.uint8)
    stroke = np.tile([2.0, 1.0, 3.0], 10)
    slant = np.tile([0.5, 0.1, -0.9], 10)
    first = np.arange(10) * 3
    assert np.array_equal(extremes(labels, slant, stroke), [first + 1, first + 2, first + 2])


def test_the_contact_sheet_has_a_row_a_digit_in_the_set_s_order(digits: Digits) -> None:
    sheet = contact_sheet(digits)
    assert sheet.shape == (10, 20, 28, 28)
    assert np.array_equal(sheet[4, 0], digits.pixels[40])
    assert not sheet[4, 10:].any()


def test_every_figure_is_written(digits: Digits, tmp_path: Path) -> None:
    paths = draw(digits, tmp_path / "figures")
    assert [path.name for path in paths] == ["first-nine.png", "contact-sheet.png", "extremes.png", "slant.png", "stroke.png"]
    assert all(path.read_bytes().startswith(b"\x89PNG") for path in paths)
