"""What is usual: how features of the training pictures and their digits are distributed, and how often validation pictures are misread.

It ships with the model, and live traffic is compared with it.
"""

import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from model.data import Digits
from model.metrics import CLASSES, Floats, Labels
from model.preprocess import measure

BINS = 10
"""Buckets a feature, each with as many training pictures as the next."""

FEATURES = ("ink", "aspect", "slant", "stroke")
"""Of `model.preprocess.Features`."""

EDGE_DECIMALS = 4


def write_reference(path: Path, training: Digits, validation: Digits, predicted: Labels) -> None:
    """Write the reference of a network that reads the validation pictures as `predicted`, an array of shape (n,).

    Each feature has ascending `edges`, the k-th bucket reaching from the edge before it, inclusive, to the k-th, exclusive, and the
    `ratios` of its buckets, which sum to 1. `polarity` is 0 for light ink on dark, as MNIST is, and 1 for dark on light.
    """
    reference = {
        "pictures": len(training),
        "features": {
            **{name: _buckets(values) for name, values in measure_all(training.pixels).items()},
            "polarity": {"edges": [0.5], "ratios": [1.0, 0.0]},
        },
        "digits": _ratios(training.labels),
        "validation": {
            "pictures": np.bincount(validation.labels, minlength=CLASSES).tolist(),
            "errors": np.bincount(validation.labels[predicted != validation.labels], minlength=CLASSES).tolist(),
        },
    }
    path.write_text(json.dumps(reference, indent=1) + "\n")


def measure_all(pixels: NDArray[np.uint8]) -> dict[str, Floats]:
    """Each of FEATURES of every picture of `uint8[n, 28, 28]`, `float64[n]`, in the units of `model.preprocess.Features`."""
    measured = [measure(picture) for picture in tqdm(pixels, desc="measuring", unit="picture", disable=None)]
    return {name: np.array([getattr(features, name) for features in measured]) for name in FEATURES}


def _buckets(values: Floats) -> dict[str, Any]:
    edges = np.unique(np.quantile(values, np.arange(1, BINS) / BINS).round(EDGE_DECIMALS))
    return {"edges": edges.tolist(), "ratios": _ratios(np.searchsorted(edges, values, side="right"), len(edges) + 1)}


def _ratios(bucket_of: Labels, buckets: int = CLASSES) -> list[float]:
    ratios: list[float] = (np.bincount(bucket_of, minlength=buckets) / len(bucket_of)).tolist()
    return ratios
