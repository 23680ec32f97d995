"""How often a network is right on corrupted pictures, corruption by corruption, given to it as they are and as uploads. Chooses nothing."""

from collections.abc import Collection
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from model.corruptions.levels import Pixels
from model.corruptions.table import CORRUPTIONS, corrupted
from model.inference import softmax
from model.judge import Panel
from model.metrics import cluster_interval, share
from model.preprocess import canonicalise_picture
from model.reader import Reader

CLEAN = "clean"
"""What stands in the place of a corruption's name where there is none."""

NETWORK, UPLOAD = "network", "upload"
"""The two ways of a picture: straight into the network, as MNIST-C is scored by others, or through the preprocessing of an upload."""


class Given(NamedTuple):
    """What became of pictures one way: both `bool[n]`."""

    correct: NDArray[np.bool_]
    accepted: NDArray[np.bool_]


def measure(reader: Reader, panel: Panel, *, seed: int, threshold: float, seen: Collection[str] = ()) -> dict[str, Any]:
    """Accuracy of the panel's pictures, clean and in each corruption, either way: shares in 0..1.

    Intervals of 95 %: Wilson's of one corruption, and of the mean over the corruptions a bootstrap that draws whole writers.
    Accepted is a confidence of at least `threshold`, and for uploads no reason against the picture either. Without the corruptions that
    were `seen` in training there is a mean of its own.
    """
    labels, rows = panel.digits.labels, []
    correct: dict[str, dict[str, NDArray[np.bool_]]] = {NETWORK: {}, UPLOAD: {}}
    for name in tqdm((CLEAN, *CORRUPTIONS), desc=f"corrupting {panel.name}", unit="corruption", disable=None):
        pixels = panel.digits.pixels if name == CLEAN else corrupted(name, panel.digits.pixels, seed)
        given = {NETWORK: _straight(reader, pixels, labels, threshold), UPLOAD: _uploaded(reader, pixels, labels, threshold)}
        rows.append({"name": name, **{way: _shares(each) for way, each in given.items()}})
        for way, each in given.items():
            correct[way][name] = each.correct
    return {
        "n": len(labels),
        "writers": len(np.unique(panel.writers.writer)),
        "seed": seed,
        "threshold": threshold,
        "clean": rows[0],
        "corruptions": rows[1:],
        "seen": list(seen),
        "mean": _means(correct, list(CORRUPTIONS), panel),
        "mean_unseen": _means(correct, [name for name in CORRUPTIONS if name not in seen], panel),
    }


def _means(correct: dict[str, dict[str, NDArray[np.bool_]]], names: list[str], panel: Panel) -> dict[str, Any]:
    """Over these corruptions, either way. Equal pictures err together, so a picture's own mean is what is drawn again."""
    told = {}
    for way, by_name in correct.items():
        each = np.mean([by_name[name] for name in names], axis=0)
        told[way] = {"accuracy": each.mean(), "interval": cluster_interval(each, panel.writers.writer)}
    return told


def _straight(reader: Reader, pixels: Pixels, labels: NDArray[np.uint8], threshold: float) -> Given:
    probabilities = softmax(reader.logits(pixels))
    return Given(probabilities.argmax(axis=1) == labels, probabilities.max(axis=1) >= threshold)


def _uploaded(reader: Reader, pixels: Pixels, labels: NDArray[np.uint8], threshold: float) -> Given:
    seen = [canonicalise_picture(picture) for picture in pixels]
    given = _straight(reader, np.stack([each.pixels for each in seen]), labels, threshold)
    return given._replace(accepted=given.accepted & np.array([not each.reasons for each in seen]))


def _shares(given: Given) -> dict[str, Any]:
    return {
        **share(given.correct),
        "accepted": int(given.accepted.sum()),
        "errors_accepted": int((given.accepted & ~given.correct).sum()),
    }
