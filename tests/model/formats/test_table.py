"""The label is found wherever the file has it, or the file is refused."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from model.formats.labelled import NotDigits
from model.formats.table import claims, read

HERE = Path("digits.csv")
LABELS = np.array([5, 0, 9])


@pytest.fixture
def pixels() -> NDArray[np.intp]:
    """Three pictures of 4 x 4 in sixteenths, black in their first and their last corner."""
    values = np.arange(48).reshape(3, 16) % 17
    values[:, [0, 15]] = 0
    values[0, 1] = 16
    return values


def rows(values: NDArray[np.generic], mark: str = ",", form: str = "{}") -> str:
    return "".join(mark.join(form.format(value) for value in row) + "\n" for row in values.tolist())


@pytest.mark.parametrize("place", ["first", "last"])
@pytest.mark.parametrize(("mark", "form"), [(",", "{}"), (";", '"{}"'), ("\t", "{:.4f}"), (" ", "{:.1f}"), (", ", "{}")])
def test_the_label_is_first_or_last_in_any_writing(pixels: NDArray[np.intp], place: str, mark: str, form: str) -> None:
    label = LABELS[:, None]
    raw = rows(np.hstack([label, pixels] if place == "first" else [pixels, label]), mark, form).encode()
    assert claims(raw)
    found = read(raw, HERE)
    assert found.labels.tolist() == LABELS.tolist()
    assert np.array_equal(np.stack(list(found.pictures)).reshape(3, 16), np.rint(pixels * 255 / 16))


def test_a_header_says_where_the_label_is(pixels: NDArray[np.intp]) -> None:
    pixels[:, 0] = [1, 2, 3]
    names = ",".join(["p"] * 16)
    for header, columns in ((f"Label,{names}", [LABELS[:, None], pixels]), (f"{names},class", [pixels, LABELS[:, None]])):
        raw = f"\ufeff{header}\r\n{rows(np.hstack(columns))}".encode()
        assert claims(raw)
        assert read(raw, HERE).labels.tolist() == LABELS.tolist()


def test_a_corner_that_could_be_the_label_too_is_not_guessed_at(pixels: NDArray[np.intp]) -> None:
    pixels[:, 0] = [1, 2, 3]
    with pytest.raises(NotDigits, match="cannot be told; name it `label` in a first line"):
        read(rows(np.hstack([pixels, LABELS[:, None]])).encode(), HERE)


def test_a_broken_row_or_no_square_is_one_line(pixels: NDArray[np.intp]) -> None:
    whole = rows(np.hstack([LABELS[:, None], pixels]))
    with pytest.raises(NotDigits, match=r"digits\.csv: ") as caught:
        read(f"{whole}1,2,3\n".encode(), HERE)
    assert "\n" not in str(caught.value)
    with pytest.raises(NotDigits, match="no square pictures"):
        read(rows(np.hstack([LABELS[:, None], pixels[:, 1:]])).encode(), HERE)


def test_a_byte_that_is_no_text_far_into_the_file_is_one_line(pixels: NDArray[np.intp]) -> None:
    whole = rows(np.hstack([LABELS[:, None], pixels])).encode()
    raw = whole * (2**20 // len(whole) + 1) + b"\xff\n"
    assert claims(raw)
    with pytest.raises(NotDigits, match=r"digits\.csv: .*decode byte 0xff") as caught:
        read(raw, HERE)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("raw", [b"", b"one line\n", b"a,b\n1,2\n", b"a,b,c,d,e\nf,g,h,i,j\n", b"1,2,3,4,5\n1,2\n", b"\xff\xfe\0\1\n\2"])
def test_other_files_are_not_claimed(raw: bytes) -> None:
    assert not claims(raw)
