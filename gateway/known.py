"""A few labelled digits that no training saw. A model that reads one wrong is not ready."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

import model

PATH = Path(model.__file__).parent / "known" / "digits.npz"


@dataclass(frozen=True)
class KnownDigits:
    """`pixels` uint8[n, 28, 28], canonical; `labels` uint8[n]."""

    pixels: NDArray[np.uint8]
    labels: NDArray[np.uint8]


def read_known_digits(path: Path = PATH) -> KnownDigits:
    """The committed set. Raises OSError when it is not there."""
    with np.load(path) as stored:
        return KnownDigits(stored["pixels"], stored["labels"])
