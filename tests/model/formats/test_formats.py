"""Each format is told by its contents, no two claim one file, and what nobody claims is one line."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from model.formats import FILES, NotDigits, read_labelled
from model.formats.hdf5 import BEGIN

IDX_IMAGES = bytes((0, 0, 8, 3)) + b"".join(size.to_bytes(4, "big") for size in (2, 2, 3)) + bytes(range(0, 240, 20))
IDX_LABELS = bytes((0, 0, 8, 1)) + (2).to_bytes(4, "big") + bytes((3, 4))
BEGINNINGS = {
    "a pair of IDX files": IDX_IMAGES,
    "MATLAB": b"MATLAB 5.0 MAT-file, of some platform",
    "HDF5": BEGIN + b"....",
    "libsvm": b"10 1:-0.999999 2:-0.999928 \n3 1:1 2:0.5\n",
    "CSV": b"5,0,0,255,3\n0,0,9,0,3\n",
}


@pytest.mark.parametrize("name", BEGINNINGS)
def test_one_format_claims_a_file(name: str) -> None:
    assert [file.name for file in FILES if file.claims(BEGINNINGS[name])] == [name]


def test_a_name_s_ending_says_nothing(tmp_path: Path) -> None:
    (tmp_path / "digits.dat").write_bytes(BEGINNINGS["CSV"])
    found = read_labelled(tmp_path / "digits.dat")
    assert (found.form, found.labels.tolist()) == ("CSV", [5, 0])


def test_emnist_s_pictures_are_turned_upright(tmp_path: Path) -> None:
    for name in ("emnist-digits-test", "t10k"):
        (tmp_path / f"{name}-images-idx3-ubyte").write_bytes(IDX_IMAGES)
        (tmp_path / f"{name}-labels-idx1-ubyte").write_bytes(IDX_LABELS)
    lying = read_labelled(tmp_path / "t10k-images-idx3-ubyte")
    upright = read_labelled(tmp_path / "emnist-digits-test-labels-idx1-ubyte")
    assert upright.form == "a pair of IDX files, turned upright"
    assert all(np.array_equal(one, other.T) for one, other in zip(upright.pictures, lying.pictures, strict=True))


def test_emnist_is_told_by_the_name_of_the_file_that_was_read(tmp_path: Path) -> None:
    folder = tmp_path / "gzip"
    folder.mkdir()
    (folder / "emnist-digits-test-images-idx3-ubyte").write_bytes(IDX_IMAGES)
    (folder / "emnist-digits-test-labels-idx1-ubyte").write_bytes(IDX_LABELS)
    assert read_labelled(folder).form == "a pair of IDX files, turned upright"
    assert next(iter(read_labelled(folder).pictures)).shape == (3, 2)
    (tmp_path / "emnist-digits.csv").write_bytes(BEGINNINGS["CSV"])
    assert read_labelled(tmp_path / "emnist-digits.csv").form == "CSV, turned upright"


def test_a_folder_s_name_turns_nothing(tmp_path: Path) -> None:
    picture = np.zeros((6, 4), np.uint8)
    picture[0] = 255
    digits = tmp_path / "emnist-as-png"
    (digits / "7").mkdir(parents=True)
    Image.fromarray(picture).save(digits / "7" / "one.png")
    found = read_labelled(digits)
    assert found.form == "a folder per digit"
    assert np.array_equal(next(iter(found.pictures)), picture)
    (digits / "t10k-images-idx3-ubyte").write_bytes(IDX_IMAGES)
    (digits / "t10k-labels-idx1-ubyte").write_bytes(IDX_LABELS)
    assert read_labelled(digits / "t10k-images-idx3-ubyte").form == "a pair of IDX files"


def test_what_nobody_claims_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("some words\nand more\n")
    with pytest.raises(NotDigits, match=r"notes\.txt is none of a pair of IDX files, MATLAB, HDF5, libsvm, CSV, or a folder per digit"):
        read_labelled(tmp_path / "notes.txt")
    with pytest.raises(NotDigits, match="holds neither a folder per digit nor a pair of IDX files"):
        read_labelled(tmp_path)
    with pytest.raises(FileNotFoundError):
        read_labelled(tmp_path / "nowhere.csv")
