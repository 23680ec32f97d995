"""Rows of a label and pixels, parted by commas, semicolons, tabs or spaces: CSV as UCI, Kaggle, EMNIST and others have it."""

import io
import re
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from model.formats.emnist import upright
from model.formats.labelled import Labelled, NotDigits, are_digits, digits, levels, square

NAME = "CSV"
LABEL_NAMES = ("label", "labels", "class", "digit", "target", "y")
_NUMBER = re.compile(r'"?[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?"?')


def claims(raw: bytes) -> bool:
    """Whether the first two lines are text of as many columns, the second all numbers."""
    try:
        first, second = (_fields(line) for line in _text(raw[: 1 << 20]).splitlines()[:2])
    except ValueError:
        return False
    return len(first) == len(second) > 4 and all(_NUMBER.fullmatch(field) for field in second)


def read(raw: bytes, path: Path) -> Labelled:
    """The label is the column that a header calls so, else the first or the last, whichever alone holds digits. Raises NotDigits."""
    try:
        first, _, rest = _text(raw).partition("\n")
        names = _fields(first)
        headed = not all(_NUMBER.fullmatch(field) for field in names)
        rows = io.StringIO(rest if headed else f"{first}\n{rest}")
        values = np.loadtxt(rows, delimiter=_delimiter(first), ndmin=2, quotechar='"', comments=None)
    except ValueError as error:
        raise NotDigits(f"{path}: {str(error).splitlines()[0]}") from error
    column = _named(names) if headed else None
    column = _told_by_values(values, path) if column is None else column
    pixels = np.delete(values, column, axis=1)
    return upright(Labelled(NAME, levels(square(pixels)), digits(values[:, column], len(values))), path)


def _text(raw: bytes) -> str:
    return raw.decode("utf-8-sig")  # whose error is a ValueError


def _fields(line: str) -> list[str]:
    return [field.strip() for field in line.strip().split(_delimiter(line))]


def _delimiter(line: str) -> str | None:
    """None: any run of spaces."""
    return next((mark for mark in ",;\t" if mark in line), None)


def _named(names: list[str]) -> int | None:
    found = [place for place, name in enumerate(names) if name.strip('" ').lower() in LABEL_NAMES]
    return found[0] if len(found) == 1 else None


def _told_by_values(values: NDArray[np.float64], path: Path) -> int:
    """A corner of every picture holds digits too where it is always black, so a column that is always the same is no label."""
    ends = [place for place in (0, values.shape[1] - 1) if are_digits(values[:, place]) and np.ptp(values[:, place]) > 0]
    if len(ends) != 1:
        raise NotDigits(f"{path}: whether the first or the last column is the label cannot be told; name it `label` in a first line")
    return ends[0]
