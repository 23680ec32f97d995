"""The known digits: labelled pictures that no training saw and nobody doubts, by which a model is judged while it serves.

That the released network reads them all right is how they were picked, so it says that a model works, not how well.
"""

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from model.data import DEFAULT_FOLDER, training_split, validation_indices
from model.inference import Classifier, energy, softmax
from model.limits import read_limits
from model.preprocess import canonicalise_picture, is_canonical

KNOWN = Path(__file__).parent / "known"
EACH = 10
"""So many of each digit."""

SURE = 0.99
"""The least probability that the released network gives the right digit."""

DRAW_SEED = 0
"""Validation pictures are asked in an order that stays, so a new release replaces only what it is not sure of."""

SAMPLE = 7


def pick_known(released: Path, data: Path = DEFAULT_FOLDER, out: Path = KNOWN) -> int:
    """Write `digits.npz` (`pixels` uint8[n, 28, 28], `labels` uint8[n], `indices` uint16[n] into MNIST's training set) and `7.png`.

    Returns n. Raises ReleaseUnusable, DataUnavailable, ValueError where fewer than `EACH` of a digit are beyond doubt.
    """
    _, validation = training_split(data)
    logits, limits = Classifier(released).logits(validation.pixels), read_limits(released)
    probabilities = softmax(logits)
    if limits is not None and limits.least is not None:  # what would be refused as no digit is not sure to be one
        probabilities[energy(logits) < limits.least] = 0
    order = np.random.default_rng(DRAW_SEED).permutation(len(validation))
    chosen = np.concatenate([_first_sure(digit, order, validation.pixels, validation.labels, probabilities) for digit in range(10)])
    digits = validation[chosen]
    out.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(
        out / "digits.npz", pixels=digits.pixels, labels=digits.labels, indices=validation_indices()[chosen].astype(np.uint16)
    )
    cv2.imwrite(str(out / f"{SAMPLE}.png"), digits.pixels[digits.labels == SAMPLE][0])
    return len(digits)


def _first_sure(
    digit: int, order: NDArray[np.intp], pixels: NDArray[np.uint8], labels: NDArray[np.uint8], probabilities: NDArray[np.float64]
) -> NDArray[np.intp]:
    found: list[int] = []
    for place in order[labels[order] == digit]:
        if probabilities[place, digit] > SURE and is_canonical(pixels[place]) and not canonicalise_picture(pixels[place]).reasons:
            found.append(int(place))
        if len(found) == EACH:
            return np.array(sorted(found), np.intp)
    raise ValueError(f"only {len(found)} validation pictures of the digit {digit} are beyond doubt")
