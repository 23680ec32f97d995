"""Packed files are unpacked whatever they are called, and damaged ones say so."""

import bz2
import gzip
import lzma
from pathlib import Path

import pytest

from model.formats.labelled import NotDigits
from model.formats.packed import bare_name, unpacked


@pytest.mark.parametrize("pack", [bytes, gzip.compress, bz2.compress, lzma.compress])
def test_any_packing_gives_the_bytes_back(pack: type[bytes], tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(pack(b"what was packed"))
    assert unpacked(tmp_path / "file") == b"what was packed"


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress])
def test_a_damaged_one_is_one_line(pack: type[bytes], tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(pack(bytes(range(256)))[:-20])
    with pytest.raises(NotDigits, match="cannot be unpacked") as caught:
        unpacked(tmp_path / "file")
    assert "\n" not in str(caught.value)


def test_a_name_is_bare_without_how_it_is_packed() -> None:
    assert [bare_name(Path(name)) for name in ("a-idx3-ubyte.gz", "a-idx3-ubyte", "usps.t.bz2")] == [
        "a-idx3-ubyte",
        "a-idx3-ubyte",
        "usps.t",
    ]
