"""Labelled digits from elsewhere, read twice: as an upload is, through preprocessing, and raw, resized straight to 28 x 28."""

import hashlib
from collections import Counter
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from model.formats import Labelled
from model.inference import softmax
from model.metrics import CLASSES, confusion, share, wilson
from model.preprocess import canonicalise_picture
from model.preprocess.place import SIDE
from model.reader import Reader

CHUNK = 640


def measure(reader: Reader, labelled: Labelled, threshold: float) -> dict[str, Any]:
    """Shares in 0..1 with 95 % intervals (Wilson), of all pictures and of those accepted; nothing is drawn at random.

    Through preprocessing a picture is accepted as the service accepts it: it looks like one digit, and the confidence reaches
    `threshold`. A raw one is by its confidence alone. Raises NotDigits where a picture cannot be read.
    """
    canonical, straight, reasons, inverted = [], [], [], 0
    sides: Counter[tuple[int, int]] = Counter()
    digest = hashlib.sha256(labelled.labels.tobytes())
    for picture in tqdm(labelled.pictures, total=len(labelled), desc="preprocessing", unit="picture", disable=None):
        found = canonicalise_picture(picture)
        canonical.append(found.pixels)
        straight.append(resized(picture))
        reasons.append(found.reasons)
        inverted += found.inverted
        height, width = picture.shape
        sides[(height, width)] += 1
        digest.update(f"{height} {width} ".encode() + picture.tobytes())
    sizes = sorted(sides)
    looks_right = np.array([not why for why in reasons])
    told = Counter(reason for why in reasons for reason in why)
    return {
        "form": labelled.form,
        "n": len(labelled),
        "seed": None,
        "pictures_sha256": digest.hexdigest(),
        "sizes": {"smallest": sizes[0], "largest": sizes[-1]},
        "digits": np.bincount(labelled.labels, minlength=CLASSES),
        "accept_threshold": threshold,
        "preprocessed": {
            **_figures(reader, np.stack(canonical), labelled.labels, threshold, looks_right),
            "inverted": inverted,
            "reasons": dict(sorted(told.items())),
        },
        "raw": _figures(reader, np.stack(straight), labelled.labels, threshold, np.ones(len(labelled), bool)),
    }


def resized(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The whole of a picture (h, w), stretched to 28 x 28: area averages where it shrinks, bilinear where it grows."""
    shrinks = max(picture.shape) > SIDE
    resized = cv2.resize(picture, (SIDE, SIDE), interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR)
    return resized.astype(np.uint8, copy=False)


def _figures(
    reader: Reader, pixels: NDArray[np.uint8], labels: NDArray[np.uint8], threshold: float, looks_right: NDArray[np.bool_]
) -> dict[str, Any]:
    logits = np.concatenate([reader.logits(pixels[start : start + CHUNK]) for start in range(0, len(pixels), CHUNK)])
    probabilities = softmax(logits)
    predicted = probabilities.argmax(axis=1)
    correct = predicted == labels
    accepted = looks_right & (probabilities.max(axis=1) >= threshold)
    taken = int(accepted.sum())
    return {
        **share(correct),
        "accepted": {
            "coverage": taken / len(labels),
            "coverage_interval": wilson(taken, len(labels)),
            "n": taken,
            **share(correct[accepted]),
        },
        "confusion": confusion(labels, predicted),
    }
