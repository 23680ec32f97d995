"""How far the pictures bear out who wrote which: the same digit, written next, differs little within a writer and much between two."""

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from model.arabic.reading import BY_ONE_WRITER, DIGITS, Written

BLUR = 1.5
"""Pixels, so that a stroke beside the other's counts as near."""


def repetitions_apart(written: Written) -> dict[str, Any]:
    """Root mean square difference, levels of 255, of a digit and the same writer's next one, by where in the hundred it is.

    `within`: mean of both in one hundred; `between`: the last in a hundred and the first of the next; `by_place`, the ten means, the
    last of them `between`. `between` is None of a single writer.
    """
    blurred = np.stack([cv2.GaussianBlur(picture.astype(np.float32), (0, 0), BLUR) for picture in written.pictures])
    rows = blurred.reshape(-1, DIGITS, *written.pictures.shape[1:])
    apart = np.sqrt(((rows[1:] - rows[:-1]) ** 2).mean(axis=(2, 3))).mean(axis=1)
    each = BY_ONE_WRITER // DIGITS
    places = np.arange(len(apart)) % each
    return {
        "within": float(apart[places < each - 1].mean()),
        "between": _mean(apart[places == each - 1]),
        "by_place": [_mean(apart[places == place]) for place in range(each)],
    }


def _mean(values: NDArray[np.float32]) -> float | None:
    return float(values.mean()) if len(values) else None
