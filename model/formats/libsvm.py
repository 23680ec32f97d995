"""Lines of a label and `index:value` pairs, as libsvm has its data sets: USPS among them, whose labels count from 1."""

import re
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from model.formats.labelled import Labelled, NotDigits, digits, levels, square

NAME = "libsvm"
SIDES = (8, 16, 20, 28, 32)
"""Pixels along a picture. A pixel that is 0 in every picture is in no line, so the highest index alone does not say."""

_LINE = re.compile(rb"\s*[+-]?\d+(\.\d+)?(\s+\d+:[^\s:]+)+\s*(\n|$)")


def claims(raw: bytes) -> bool:
    """Whether the first line is a label and pairs."""
    return _LINE.match(raw) is not None


def read(raw: bytes, path: Path) -> Labelled:
    """Raises NotDigits."""
    lines = [line for line in raw.splitlines() if line.strip()]
    labels = np.empty(len(lines))
    rows: list[NDArray[np.float64]] = []
    try:
        for place, line in enumerate(lines):
            label, *pairs = line.replace(b":", b" ").split()
            labels[place] = float(label)
            rows.append(np.array(pairs, np.float64).reshape(-1, 2))
    except ValueError as error:
        raise NotDigits(f"{path}: line {len(rows) + 1} is not a label and index:value pairs") from error
    values = _dense(rows, path)
    return Labelled(NAME, levels(square(values)), digits(_from_zero(labels, path), len(values)))


def _dense(rows: list[NDArray[np.float64]], path: Path) -> NDArray[np.float64]:
    highest = max((float(row[:, 0].max()) for row in rows if len(row)), default=0.0)
    lowest = min((float(row[:, 0].min()) for row in rows if len(row)), default=0.0)
    side = next((side for side in SIDES if side * side >= highest), None)
    if side is None or lowest < 1:
        raise NotDigits(f"{path}: indices run from {lowest:g} to {highest:g}, and those of pictures from 1 to at most {SIDES[-1] ** 2}")
    values = np.zeros((len(rows), side * side))
    for place, row in enumerate(rows):
        values[place, row[:, 0].astype(np.intp) - 1] = row[:, 1]
    return values


def _from_zero(labels: NDArray[np.float64], path: Path) -> NDArray[np.float64]:
    """Digits: labels that reach 10 count from 1, as libsvm's USPS does."""
    ten, zero = bool((labels == 10).any()), bool((labels == 0).any())
    if ten == zero:
        raise NotDigits(f"{path}: labels must hold 0, or 10 where they count from 1, and not both")
    return labels - 1 if ten else labels
