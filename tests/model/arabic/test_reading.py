"""Whole writers' pictures come out in the order of their numbers; anything else is one line."""

import zipfile
from pathlib import Path

import cv2
import numpy as np
import pytest

from model.arabic.reading import Written, read_written
from model.refused import Refused
from tests.model.arabic.written import page_of, png, zipped


def test_pictures_come_in_the_order_of_their_numbers(written: Written) -> None:
    first_of_the_second = cv2.imdecode(np.frombuffer(page_of(1)[0][1], np.uint8), cv2.IMREAD_GRAYSCALE)
    assert first_of_the_second is not None
    assert len(written) == 400
    assert np.array_equal(written.pictures[100], first_of_the_second)
    assert written.labels.tolist() == 40 * list(range(10))


def test_a_hundred_in_a_row_are_one_writer_s(written: Written) -> None:
    assert written.writer.tolist() == 100 * [0] + 100 * [1] + 100 * [2] + 100 * [3]


def test_what_is_no_zip_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_text("no zip")
    with pytest.raises(Refused, match="cannot be read as a zip file"):
        read_written(tmp_path / "a.zip")


def test_a_damaged_zip_file_is_refused(tmp_path: Path) -> None:
    """Wherever the damage is: in a name, in what was packed, in what says how."""
    with zipfile.ZipFile(tmp_path / "whole.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in page_of(0):
            archive.writestr(name, content)
    whole = (tmp_path / "whole.zip").read_bytes()
    for place in range(30, 200, 5):
        (tmp_path / "a.zip").write_bytes(whole[:place] + bytes([whole[place] ^ 0xFF]) + whole[place + 1 :])
        with pytest.raises(Refused):
            read_written(tmp_path / "a.zip")


@pytest.mark.parametrize("left_out", [slice(50, 51), slice(0, 1), slice(90, 100), slice(0, 100)], ids=["one", "first", "ten", "all"])
def test_parts_of_writers_are_refused(left_out: slice, tmp_path: Path) -> None:
    entries = page_of(0)
    del entries[left_out]
    with pytest.raises(Refused, match="in whole hundreds"):
        read_written(zipped(entries, tmp_path / "a.zip"))


def test_labels_in_another_order_are_refused_since_nobody_knows_the_writers(tmp_path: Path) -> None:
    entries = [(name.replace("id_12_label_1", "id_12_label_7"), content) for name, content in page_of(0)]
    with pytest.raises(Refused, match="picture 12 is a 7"):
        read_written(zipped(entries, tmp_path / "a.zip"))


@pytest.mark.parametrize(
    "content", [b"", b"no picture", png(np.zeros((27, 28), np.uint8)), bytes(70_000)], ids=["empty", "text", "27 high", "large"]
)
def test_what_is_no_picture_of_28_by_28_is_refused_by_its_name(content: bytes, tmp_path: Path) -> None:
    entries = page_of(0)
    entries[4] = (entries[4][0], content)
    with pytest.raises(Refused, match=r"test/id_5_label_4\.png"):
        read_written(zipped(entries, tmp_path / "a.zip"))
