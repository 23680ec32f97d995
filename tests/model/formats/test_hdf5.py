"""`usps.h5` is read as it is laid out; without h5py one line says what to install."""

import io
import sys
from pathlib import Path

import h5py
import numpy as np
import pytest

from model.formats.hdf5 import BEGIN, claims, labelled_in, read
from model.formats.labelled import NotDigits

HERE = Path("usps.h5")
PIXELS = np.linspace(0, 1, 2 * 256).reshape(2, 256)
PART = {"data": PIXELS, "target": np.array([4, 8])}


def test_the_part_for_tests_is_taken_where_there_are_parts() -> None:
    found = labelled_in({"train": {"data": PIXELS[:1], "target": np.array([1])}, "test": PART}, HERE)
    assert found.labels.tolist() == [4, 8]
    assert [picture.shape for picture in found.pictures] == [(16, 16), (16, 16)]
    assert found.form == "HDF5, its part test"


def test_arrays_without_parts_are_taken_as_they_are() -> None:
    found = labelled_in({"images": (255 * PIXELS).reshape(2, 16, 16), "labels": np.array([4, 8])}, HERE)
    assert found.labels.tolist() == [4, 8]
    assert found.form == "HDF5"


def test_other_contents_are_named_in_one_line() -> None:
    with pytest.raises(NotDigits, match="holds weights, bias; wanted are `data` and `target`"):
        labelled_in({"weights": PIXELS, "bias": PIXELS}, HERE)


def test_without_h5py_one_line_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "h5py", None)
    assert claims(BEGIN + b"...")
    with pytest.raises(NotDigits, match="`pip install h5py` brings it"):
        read(BEGIN + b"...", HERE)


def test_a_file_that_h5py_wrote_is_read() -> None:
    written = io.BytesIO()
    with h5py.File(written, "w") as file:
        for name, values in PART.items():
            file.create_group("test") if "test" not in file else None
            file["test"][name] = values
    raw = written.getvalue()
    assert claims(raw)
    assert read(raw, HERE).labels.tolist() == [4, 8]
    with pytest.raises(NotDigits, match="cannot be read as HDF5"):
        read(raw[:600], HERE)
