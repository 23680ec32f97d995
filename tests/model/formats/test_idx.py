"""Either file of a pair brings both, packed or not, in MNIST's naming and in QMNIST's."""

import gzip
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from model.data import parse_idx
from model.formats.idx import claims, claims_folder, read, read_folder
from model.formats.labelled import NotDigits
from model.formats.packed import unpacked

PICTURES = (np.arange(3 * 4 * 5) * 4).astype(np.uint8).reshape(3, 4, 5)
LABELS = np.array([7, 0, 3], np.uint8)
CODES = {"uint8": 8, "int32": 12}


def idx(values: NDArray[np.generic]) -> bytes:
    sizes = b"".join(size.to_bytes(4, "big") for size in values.shape)
    return bytes((0, 0, CODES[values.dtype.name], values.ndim)) + sizes + values.astype(values.dtype.newbyteorder(">")).tobytes()


def put(folder: Path, begin: str, end: str = "", labels: NDArray[np.generic] = LABELS, kind: str = "idx1-ubyte") -> tuple[Path, Path]:
    """A pair, packed where `end` says so."""
    paths = folder / f"{begin}-images-idx3-ubyte{end}", folder / f"{begin}-labels-{kind}{end}"
    for path, values in zip(paths, (PICTURES, labels), strict=True):
        path.write_bytes(gzip.compress(idx(values)) if end == ".gz" else idx(values))
    return paths


@pytest.mark.parametrize("end", ["", ".gz"])
@pytest.mark.parametrize("named", [0, 1], ids=["pictures named", "labels named"])
def test_either_file_brings_the_pair(tmp_path: Path, end: str, named: int) -> None:
    path = put(tmp_path, "t10k", end)[named]
    found = read(unpacked(path), path)
    assert np.array_equal(np.stack(list(found.pictures)), PICTURES)
    assert found.labels.tolist() == LABELS.tolist()


def test_qmnist_s_labels_hold_more_and_the_first_column_is_the_digit(tmp_path: Path) -> None:
    more = np.stack([LABELS.astype(np.int32), np.full(3, 4, np.int32), np.arange(3, dtype=np.int32) + 70_000], axis=1)
    path, _ = put(tmp_path, "qmnist-test", ".gz", more, "idx2-int")
    assert read(unpacked(path), path).labels.tolist() == LABELS.tolist()
    assert np.array_equal(parse_idx(idx(more), path), more)


def test_a_folder_with_one_pair_or_one_for_tests_is_enough(tmp_path: Path) -> None:
    put(tmp_path, "train")
    assert claims_folder(tmp_path)
    assert len(read_folder(tmp_path)) == 3
    put(tmp_path, "t10k", labels=LABELS[::-1])
    assert read_folder(tmp_path).labels.tolist() == [3, 0, 7]
    put(tmp_path, "t10k", ".gz", labels=LABELS[::-1])
    assert read_folder(tmp_path).labels.tolist() == [3, 0, 7], "the same pair, packed and unpacked"
    put(tmp_path, "other-test")
    with pytest.raises(NotDigits, match="holds several pairs; name one: "):
        read_folder(tmp_path)


def test_half_a_pair_is_one_line(tmp_path: Path) -> None:
    path, labels = put(tmp_path, "t10k")
    labels.unlink()
    with pytest.raises(NotDigits, match="the other is not beside it"):
        read(unpacked(path), path)


def test_labels_of_another_set_are_refused(tmp_path: Path) -> None:
    path, _ = put(tmp_path, "t10k", labels=LABELS[:2])
    with pytest.raises(NotDigits, match="3 pictures have 2 labels"):
        read(unpacked(path), path)


def test_a_file_cut_short_is_one_line(tmp_path: Path) -> None:
    path, _ = put(tmp_path, "t10k")
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(NotDigits, match=r"promises \(3, 4, 5\) and holds 59 values"):
        read(unpacked(path), path)


@pytest.mark.parametrize("raw", [b"", b"\0\0\x08", b"\0\0\x07\x01\0\0\0\1x", b"\x89PNG....", b"0,0,1,2"])
def test_what_begins_otherwise_is_not_claimed(raw: bytes) -> None:
    assert not claims(raw)
