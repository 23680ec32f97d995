"""What every reader gives: grey pictures with the digit that each shows; and what all of them need to get there."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model.metrics import CLASSES

SCALES = (1, 16, 255)
"""Full ink in the files there are: shares, UCI's sixteenths, bytes."""


class NotDigits(ValueError):
    """There are no labelled digits there that can be read; the message is one line that says why, or what would help."""


@dataclass(frozen=True)
class Labelled:
    """`pictures`, each grey uint8 (h, w), may be read once, in the order of `labels`, uint8[n]. Reading them may raise NotDigits."""

    form: str
    """The format, in words."""
    pictures: Iterable[NDArray[np.uint8]]
    labels: NDArray[np.uint8]

    def __len__(self) -> int:
        return len(self.labels)


def levels(values: NDArray[Any]) -> NDArray[np.uint8]:
    """Any numbers as levels 0..255 of the same shape: they lie within -1..1, as USPS' do, or from 0 to one of SCALES. Raises NotDigits."""
    if values.dtype == np.uint8 and values.size and values.max() > SCALES[1]:
        return values
    wide = np.asarray(values, np.float64)
    low, high = (float(wide.min()), float(wide.max())) if wide.size else (0.0, 0.0)
    if -1 <= low < 0 and high <= 1:
        return np.rint((wide + 1) * 127.5).astype(np.uint8)
    for full in SCALES:
        if low >= 0 and high <= full:
            return np.rint(wide * (255 / full)).astype(np.uint8)
    raise NotDigits(f"pixels lie within {low:g}..{high:g}, and -1..1, 0..1, 0..16 and 0..255 are known")


def square(values: NDArray[Any]) -> NDArray[Any]:
    """Rows of pixels [n, p] as pictures [n, side, side]; what are pictures stays so. Raises NotDigits."""
    if values.ndim == 3:
        return values
    side = math.isqrt(values.shape[1]) if values.ndim == 2 else 0
    if side < 2 or side * side != values.shape[1]:
        raise NotDigits(f"an array of shape {values.shape} holds no square pictures")
    return values.reshape(-1, side, side)


def digits(labels: NDArray[Any], pictures: int) -> NDArray[np.uint8]:
    """Labels of so many pictures, uint8[pictures]. Raises NotDigits where there are none, not as many, or others than 0 to 9."""
    flat = np.asarray(labels).reshape(-1)
    if len(flat) != pictures or not pictures:
        raise NotDigits(f"{pictures} pictures have {len(flat)} labels")
    if not are_digits(flat):
        raise NotDigits(f"labels lie within {flat.min():g}..{flat.max():g}, and digits are 0 to 9")
    return flat.astype(np.uint8)


def are_digits(values: NDArray[Any]) -> bool:
    """Whether all of these numbers are one of 0 to 9."""
    return bool(np.isin(values, np.arange(CLASSES)).all())
