"""Lines of libsvm become pictures, and USPS' labels count from 1."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from model.formats.labelled import NotDigits
from model.formats.libsvm import claims, read

HERE = Path("usps.t")


def lines(values: NDArray[np.float64], labels: list[int]) -> bytes:
    """As libsvm writes: a value of 0 is left out."""
    return b"".join(
        (f"{label} " + " ".join(f"{place + 1}:{value:.6f}" for place, value in enumerate(row) if value) + " \n").encode()
        for label, row in zip(labels, values, strict=True)
    )


@pytest.fixture
def usps() -> NDArray[np.float64]:
    """Two pictures of 16 x 16 in -1..1: a white row, and a white column, on black; 0 is grey and left out."""
    values = np.full((2, 16, 16), -1.0)
    values[0, 3], values[1, :, 5], values[:, 0, 0] = 1, 1, 0
    return values.reshape(2, 256)


def test_usps_is_read_the_right_way_up_and_its_ten_is_nine(usps: NDArray[np.float64]) -> None:
    raw = lines(usps, [10, 1])
    assert claims(raw)
    found = read(raw, HERE)
    first, second = found.pictures
    assert found.labels.tolist() == [9, 0]
    assert first.shape == (16, 16)
    assert first[3].tolist() == [255] * 16
    assert second[:, 5].tolist() == [255] * 16
    assert first[0, 0] == 128, "what is left out is 0, which is grey between -1 and 1"
    assert first[10].tolist() == [0] * 16


def test_mnist_s_pictures_end_before_their_last_row() -> None:
    values = np.zeros((2, 784))
    values[:, 779] = 1
    found = read(lines(values, [0, 5]), HERE)
    assert [picture.shape for picture in found.pictures] == [(28, 28), (28, 28)]
    assert found.labels.tolist() == [0, 5]


@pytest.mark.parametrize("labels", [[1, 9], [0, 10]])
def test_labels_that_could_count_from_either_are_refused(usps: NDArray[np.float64], labels: list[int]) -> None:
    with pytest.raises(NotDigits, match="or 10 where they count from 1"):
        read(lines(usps, labels), HERE)


@pytest.mark.parametrize(
    ("second", "said"),
    [
        (b"3 1:0.5 two\n", "line 2 is not"),
        (b"3 1:0.5 2:\n", "line 2 is not"),
        (b"3 0:0.5\n", "indices run from 0"),
        (b"3 9999:1\n", "to 9999"),
    ],
)
def test_a_broken_line_is_named(second: bytes, said: str) -> None:
    with pytest.raises(NotDigits, match=said):
        read(b"0 1:0.5 256:1\n" + second, HERE)


@pytest.mark.parametrize("raw", [b"", b"0,1,2,3,4\n", b"label 1:2\n", b"\0\0\x08\x03", b"7\n"])
def test_other_text_is_not_claimed(raw: bytes) -> None:
    assert not claims(raw)
