"""SVHN's layout is read from a file that scipy wrote and from files written here, and a damaged file is one line."""

import base64
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from model.formats.labelled import NotDigits
from model.formats.matlab import claims, read
from model.preprocess.grey import lightness

HERE = Path("test_32x32.mat")
PIXELS = (np.arange(4 * 5 * 3 * 3) % 251).astype(np.uint8).reshape(4, 5, 3, 3)

BY_SCIPY = b"MATLAB 5.0 MAT-file Platform: posix".ljust(124) + base64.b64decode(
    "AAFJTQ8AAADmAAAAeJzjY2Bg+ADEbEDMAcScDBDACsQCQMwCZTNDMSMQRgBpJiDeAlKoG9XOaZY8Qcg+Z6a0R+kilcC61cwGsV08lmmTRZ3y58h5VyxVD2lcx2ac0Mtv"
    "kzlNwrVovqJf9Qqt8JaNjHrRHVzmKROFHXJnyXiWLVYNql/DYhjXzWuVPkXMuWCuvE/lMo3QpvXsJol9ArZZ0yXdihco+des1I5o3cSkH9PJbZE6ScQxb7asV/kSteCG"
    "taxG8T181hlTxV0K5yn4Vi3XDGvewGGa1C9olz1Dyr1koXJA7SqdyLbNIGcDAJtcQTgPAAAAMQAAAHic42NgYPAAYjYg5oDSIMAK5TMDMSMYMzJUAmlOIJZggIEP9hBa"
    "xQFCKzkAAFEhAw0="
)
"""`scipy.io.savemat(file, {"X": PIXELS, "y": [[1.0], [10.0], [9.0]]}, do_compression=True)`, scipy 1.17.1."""


def element(kind: int, body: bytes, order: str) -> bytes:
    return struct.pack(f"{order}II", kind, len(body)) + body + bytes(-len(body) % 8)


def matrix(name: str, values: NDArray[np.generic], order: str, number_class: int = 9) -> bytes:
    small = name.encode().ljust(4, b"\0")
    parts = (
        element(6, struct.pack(f"{order}II", number_class, 0), order),
        element(5, struct.pack(f"{order}{values.ndim}i", *values.shape), order),
        struct.pack(f"{order}I", len(name) << 16 | 1) + small,
        element(2, values.astype(np.uint8).tobytes(order="F"), order),
    )
    return element(14, b"".join(parts), order)


def mat(*matrices: bytes, order: str = "<", pack: bool = False) -> bytes:
    header = b"MATLAB 5.0 MAT-file, written by a test".ljust(124) + struct.pack(f"{order}H", 256) + (b"IM" if order == "<" else b"MI")
    if not pack:
        return header + b"".join(matrices)
    return header + b"".join(struct.pack(f"{order}II", 15, len(body := zlib.compress(each))) + body for each in matrices)


def test_a_file_that_scipy_wrote_is_read() -> None:
    assert claims(BY_SCIPY)
    found = read(BY_SCIPY, HERE)
    assert found.labels.tolist() == [1, 0, 9], "a 0 is labelled 10"
    assert np.array_equal(np.stack(list(found.pictures)), [lightness(PIXELS[..., place]) for place in range(3)])


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("pack", [False, True])
def test_either_byte_order_packed_or_not(order: str, pack: bool) -> None:
    text = matrix("z", np.zeros((1, 2)), order, number_class=4)
    labels = matrix("y", np.array([[3], [10], [1]]), order)
    found = read(mat(text, labels, matrix("X", PIXELS, order), order=order, pack=pack), HERE)
    assert found.labels.tolist() == [3, 0, 1]
    assert np.array_equal(next(iter(found.pictures)), lightness(PIXELS[..., 0]))


def test_grey_pictures_are_taken_too() -> None:
    found = read(mat(matrix("X", PIXELS[:, :, 0], "<"), matrix("y", np.array([[0], [1], [2]]), "<")), HERE)
    assert np.array_equal(np.stack(list(found.pictures)), np.moveaxis(PIXELS[:, :, 0], -1, 0))


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (BY_SCIPY[:-9], "is a damaged MATLAB file: it ends 9 bytes early"),
        (BY_SCIPY[:200] + b"\xff" + BY_SCIPY[201:], "is a damaged MATLAB file"),
        (BY_SCIPY[:128], "holds nothing; wanted are pictures X and labels y"),
        (mat(matrix("X", PIXELS, "<")), "holds X; wanted are"),
        (mat(matrix("X", PIXELS[..., 0, 0], "<"), matrix("y", np.ones((5, 1)), "<")), "wanted are bytes of the shape h, w, 3, n"),
        (b"MATLAB 7.3 MAT-file, Platform: GLNXA64", "save it with MATLAB's option -v5"),
    ],
)
def test_what_cannot_be_read_is_one_line(raw: bytes, said: str) -> None:
    assert claims(raw)
    with pytest.raises(NotDigits, match=said) as caught:
        read(raw, HERE)
    assert "\n" not in str(caught.value)
