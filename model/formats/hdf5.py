"""An HDF5 file of pixels and labels, as Kaggle has USPS (`usps.h5`). Read by h5py, which this project does not install by itself."""

import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from model.formats.labelled import Labelled, NotDigits, digits, levels, square

NAME = "HDF5"
BEGIN = b"\x89HDF\r\n\x1a\n"
PIXEL_NAMES, LABEL_NAMES = ("data", "images", "X", "x"), ("target", "labels", "label", "y")


def claims(raw: bytes) -> bool:
    """Whether a file begins as HDF5 does."""
    return raw.startswith(BEGIN)


def read(raw: bytes, path: Path) -> Labelled:
    """The part `test` where there is one. Raises NotDigits: without h5py one that says how to get it."""
    try:
        import h5py
    except ImportError:
        raise NotDigits(f"{path} is an HDF5 file, which h5py reads; `pip install h5py` brings it") from None
    try:
        with h5py.File(io.BytesIO(raw)) as file:
            return labelled_in(file, path)
    except OSError as error:  # h5py's word for a damaged file
        raise NotDigits(f"{path} cannot be read as HDF5: {error}") from error


def labelled_in(file: Mapping[str, Any], path: Path) -> Labelled:
    """As `read`, of an opened file or anything like it: names to arrays, or to such a mapping for each part."""
    part = file["test"] if "test" in file and isinstance(file["test"], Mapping) else file
    pixels = next((name for name in PIXEL_NAMES if name in part), None)
    labels = next((name for name in LABEL_NAMES if name in part), None)
    if pixels is None or labels is None:
        raise NotDigits(f"{path} holds {', '.join(part) or 'nothing'}; wanted are `data` and `target`, there or in a part `test`")
    pictures = levels(square(np.asarray(part[pixels])))
    return Labelled(NAME if part is file else f"{NAME}, its part test", pictures, digits(np.asarray(part[labels]), len(pictures)))
