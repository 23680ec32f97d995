"""A folder per digit, `0/` to `9/`, with pictures in it of any type that an upload may have."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from model.formats.labelled import Labelled, NotDigits
from model.metrics import CLASSES
from model.preprocess.decode import Limits, decode
from model.preprocess.errors import ImageError

NAME = "a folder per digit"


def claims_folder(folder: Path) -> bool:
    """Whether any folder in it is named by a digit."""
    return any((folder / str(digit)).is_dir() for digit in range(CLASSES))


def read_folder(folder: Path) -> Labelled:
    """Every file in them but hidden ones; each is decoded when its turn comes. Raises NotDigits where there is none."""
    files = [(digit, path) for digit in range(CLASSES) for path in _files(folder / str(digit))]
    if not files:
        raise NotDigits(f"{folder} has a folder per digit and no picture in any")
    return Labelled(NAME, _decoded([path for _, path in files]), np.array([digit for digit, _ in files], np.uint8))


def _files(folder: Path) -> list[Path]:
    found = sorted(folder.iterdir()) if folder.is_dir() else []
    return [path for path in found if path.is_file() and not path.name.startswith(".")]


def _decoded(paths: list[Path]) -> Iterator[NDArray[np.uint8]]:
    for path in paths:
        try:
            yield decode(path.read_bytes(), Limits()).grey
        except ImageError as error:
            raise NotDigits(f"{path}: {error}") from error
