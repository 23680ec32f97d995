"""A folder per digit is read in order, one picture at a time, whatever types of picture it holds."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from model.formats.folder import claims_folder, read_folder
from model.formats.labelled import NotDigits


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A 3 in PNG, a 7 in BMP, in two sizes; and what file managers leave behind."""
    for digit, name, size in ((3, "b.png", 20), (7, "a.bmp", 30)):
        (tmp_path / str(digit)).mkdir()
        cv2.imwrite(str(tmp_path / str(digit) / name), np.full((size, 10), digit, np.uint8))
    (tmp_path / "7" / ".hidden").write_bytes(b"no picture")
    (tmp_path / "README").write_text("not a digit")
    return tmp_path


def test_pictures_come_with_the_digit_of_their_folder(folder: Path) -> None:
    assert claims_folder(folder)
    found = read_folder(folder)
    assert found.labels.tolist() == [3, 7]
    first, second = found.pictures
    assert np.array_equal(first, np.full((20, 10), 3))
    assert np.array_equal(second, np.full((30, 10), 7))


def test_a_file_that_is_no_picture_is_named(folder: Path) -> None:
    (folder / "7" / "Thumbs.db").write_bytes(b"no picture")
    found = read_folder(folder)
    with pytest.raises(NotDigits, match=r"7/Thumbs\.db: this is not a PNG, JPEG"):
        list(found.pictures)


def test_folders_without_pictures_are_one_line(tmp_path: Path) -> None:
    assert not claims_folder(tmp_path)
    (tmp_path / "4").mkdir()
    assert claims_folder(tmp_path)
    with pytest.raises(NotDigits, match="no picture in any"):
        read_folder(tmp_path)
