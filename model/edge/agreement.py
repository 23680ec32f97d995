"""How far two networks say the same of the same pictures, and what one of them loses of the other's accuracy."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from model.inference import softmax

SAME_DIGITS_AT_LEAST = 0.9995
"""Promised of every export: the torch network's digit, as a share of the test pictures."""

INT8_LOSES_AT_MOST = 0.05
"""Promised of int8: points of accuracy."""

SLACK = 1e-9
"""Of floating point: 5 errors in 10,000 are 0.05 points."""


def agreement(logits: NDArray[np.float32], expected: NDArray[np.float32], labels: NDArray[np.uint8]) -> dict[str, Any]:
    """Of `[n, 10]` logits beside those of the torch network: digits that are the same, accuracy (0..1), points of it that are lost
    (negative: gained), and the largest and the mean difference of a probability."""
    digits, torch_digits = logits.argmax(axis=1), expected.argmax(axis=1)
    apart = np.abs(softmax(logits) - softmax(expected))
    right, torch_right = (digits == labels).mean(), (torch_digits == labels).mean()
    return {
        "n": len(labels),
        "same_digits": int((digits == torch_digits).sum()),
        "accuracy": float(right),
        "points_lost": float(100 * (torch_right - right)),
        "largest_difference": float(apart.max()),
        "mean_difference": float(apart.mean()),
    }


def kept(arithmetic: str, told: dict[str, Any]) -> bool:
    """Whether what `agreement` told is what is promised of an export in this arithmetic."""
    same = told["same_digits"] >= SAME_DIGITS_AT_LEAST * told["n"] - SLACK
    return same and (arithmetic != "int8" or told["points_lost"] <= INT8_LOSES_AT_MOST + SLACK)
