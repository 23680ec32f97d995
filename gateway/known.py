"""A few labelled digits that no training saw. A model that reads one wrong is not ready."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import model
from gateway.errors import ModelMisbehaved

PATH = Path(model.__file__).parent / "known" / "digits.npz"

SIDE = 28
"""Of canonical pixels, where an archive does not say another."""

FACT = "known"
"""Under which the archive of another network than the digits' tells of its own: `pixels` as hexadecimal text, and `labels`."""


@dataclass(frozen=True)
class KnownDigits:
    """`pixels` uint8[n, side, side], canonical; `labels` uint8[n]."""

    pixels: NDArray[np.uint8]
    labels: NDArray[np.uint8]


def read_known_digits(path: Path = PATH) -> KnownDigits:
    """The committed set. Raises OSError when it is not there."""
    with np.load(path) as stored:
        return KnownDigits(stored["pixels"], stored["labels"])


def known_in(facts: Mapping[str, Any], side: int) -> KnownDigits | None:
    """What an archive says of its own known pictures; None where it says nothing. Raises ModelMisbehaved."""
    if FACT not in facts:
        return None
    try:
        pixels = np.frombuffer(bytes.fromhex(facts[FACT]["pixels"]), np.uint8).reshape(-1, side, side)
        labels = np.array(facts[FACT]["labels"], np.uint8)
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise ModelMisbehaved("its known pictures cannot be read") from error
    if not len(pixels) == labels.size > 0 or labels.max() > 9:
        raise ModelMisbehaved("its known pictures cannot be read")
    return KnownDigits(pixels, labels)
