"""A pair of IDX files, pictures and labels, packed or not: as MNIST has them, and EMNIST, QMNIST and KMNIST after it."""

import re
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from model.data import IDX_TYPES, parse_idx
from model.formats.emnist import upright
from model.formats.labelled import Labelled, NotDigits, digits, levels
from model.formats.packed import bare_name, unpacked

NAME = "a pair of IDX files"
KINDS = ("images", "labels")


def claims(raw: bytes) -> bool:
    """Whether a file begins as IDX does."""
    return len(raw) > 4 and raw[:2] == b"\0\0" and raw[2] in IDX_TYPES and 1 <= raw[3] <= 4


def read(raw: bytes, path: Path) -> Labelled:
    """The pair of which `path` is either; its other file is beside it, of the same name but for images and labels. Raises NotDigits."""
    own, other = _array(raw, path), _array(unpacked(beside := _other(path)), beside)
    pictures, labels = (own, other) if own.ndim > other.ndim else (other, own)
    if pictures.ndim != 3:
        raise NotDigits(f"neither {path} nor {beside} holds pictures")
    if labels.ndim == 2:  # QMNIST's: digit, series, writer and more of each picture
        labels = labels[:, 0]
    return upright(Labelled(NAME, levels(pictures), digits(labels, len(pictures))), path)


def claims_folder(folder: Path) -> bool:
    """Whether a file in it is named as the pictures of a pair."""
    return bool(_pictures_in(folder))


def read_folder(folder: Path) -> Labelled:
    """The only pair in it, or the only one for tests. Raises NotDigits where there are several."""
    named = _pictures_in(folder)
    chosen = [path for path in named if re.search(r"test|t10k", path.name)] if len(named) > 1 else named
    if len(chosen) != 1:
        raise NotDigits(f"{folder} holds several pairs; name one: {', '.join(path.name for path in named)}")
    return read(unpacked(chosen[0]), chosen[0])


def _array(raw: bytes, path: Path) -> NDArray[np.generic]:
    try:
        return parse_idx(raw, path)
    except ValueError as error:
        raise NotDigits(str(error)) from error


def _other(path: Path) -> Path:
    own = next((kind for kind in KINDS if kind in path.name), None)
    wanted = None if own is None else KINDS[1 - KINDS.index(own)]
    beside = [other for other in sorted(path.parent.iterdir()) if wanted and wanted in other.name and _pair(other) == _pair(path)]
    if not beside:
        raise NotDigits(f"{path} is one of a pair of IDX files, and the other is not beside it: name them alike, but for images and labels")
    return beside[0]


def _pair(path: Path) -> str:
    """What both files of a pair are called, whatever dimensions and types are in their names."""
    return re.sub(r"idx\d-\w+", "idx", re.sub("|".join(KINDS), "", bare_name(path)))


def _pictures_in(folder: Path) -> list[Path]:
    """One for each pair, though it may be there packed and unpacked."""
    named = [path for path in sorted(folder.iterdir()) if path.is_file() and KINDS[0] in path.name and "idx" in path.name]
    return list({_pair(path): path for path in named}.values())
