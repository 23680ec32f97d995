"""Whether a Grad-CAM map shows what the network read the digit by: what deleting ink does, and what a map depends on."""

import copy
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from model.explain import grad_cam
from model.figures import draw_maps
from model.inference import Classifier, softmax
from model.metrics import CLASSES, Floats

PICTURES = 500
DELETED = 0.2
"""Of a picture's ink."""

RANDOM_DRAWS = 5
RESAMPLES = 10_000
BATCH = 100


def faithfulness(classifier: Classifier, pixels: NDArray[np.uint8], seed: int = 0) -> dict[str, Any]:
    """Of pictures `uint8[n, 28, 28]`: by how much the digit's probability falls when the most salient ink is deleted, and when as much
    is deleted at random (deletion: Samek et al. 2017), with a bootstrap interval of the difference; and how like a map is to one that
    it should not be like (sanity checks: Adebayo et al. 2018), as correlations of pixels.
    """
    rng = np.random.default_rng(seed)
    probabilities = softmax(classifier.logits(pixels))
    order = probabilities.argsort(axis=1)
    digits, others = order[:, -1], order[:, -2]
    maps = maps_of(classifier.layers, pixels, digits)
    salient = _fallen(classifier, pixels, digits, maps + 1e-9 * rng.random(maps.shape))
    at_random = np.mean([_fallen(classifier, pixels, digits, rng.random(maps.shape)) for _ in range(RANDOM_DRAWS)], axis=0)
    difference = salient - at_random
    resampled = [rng.choice(difference, len(difference)).mean() for _ in range(RESAMPLES)]
    low, high = np.percentile(resampled, [2.5, 97.5])
    return {
        "n": len(pixels),
        "seed": seed,
        "deleted_ink": DELETED,
        "fall_salient": float(salient.mean()),
        "fall_random": float(at_random.mean()),
        "random_draws": RANDOM_DRAWS,
        "difference": {"mean": float(difference.mean()), "low": float(low), "high": float(high), "resamples": RESAMPLES},
        "alike": {
            "second digit": _alike(maps, maps_of(classifier.layers, pixels, others)),
            "last layer at random": _alike(maps, maps_of(_at_random(classifier.layers, seed, last_alone=True), pixels, digits)),
            "all layers at random": _alike(maps, maps_of(_at_random(classifier.layers, seed, last_alone=False), pixels, digits)),
        },
    }


def draw_gallery(classifier: Classifier, pixels: NDArray[np.uint8], path: Path) -> None:
    """Of each digit the first picture, `uint8[n, 28, 28]`, that is read as it: its map, and that of the digit next in probability."""
    order = classifier.logits(pixels).argsort(axis=1)
    first = [int(np.flatnonzero(order[:, -1] == digit)[0]) for digit in range(CLASSES) if (order[:, -1] == digit).any()]
    digits, others = order[first, -1], order[first, -2]
    maps = np.stack([maps_of(classifier.layers, pixels[first], asked) for asked in (digits, others)])
    draw_maps(pixels[first], maps, np.stack([digits, others]), path)


def maps_of(layers: nn.Sequential, pixels: NDArray[np.uint8], digits: NDArray[np.integer]) -> NDArray[np.float32]:
    """`grad_cam` of any number of pictures."""
    starts = range(0, len(pixels), BATCH)
    return np.concatenate([grad_cam(layers, pixels[start : start + BATCH], digits[start : start + BATCH]) for start in starts])


def without_ink(picture: NDArray[np.uint8], score: NDArray[np.floating]) -> NDArray[np.uint8]:
    """The picture without the part DELETED of its ink whose score is highest."""
    left = picture.ravel().copy()
    ink = np.flatnonzero(left)
    left[ink[np.argsort(-score.ravel()[ink])[: round(DELETED * len(ink))]]] = 0
    return left.reshape(picture.shape)


def _fallen(classifier: Classifier, pixels: NDArray[np.uint8], digits: NDArray[np.integer], scores: NDArray[np.floating]) -> Floats:
    less = np.stack([without_ink(picture, score) for picture, score in zip(pixels, scores, strict=True)])
    each = np.arange(len(pixels))
    fallen: Floats = softmax(classifier.logits(pixels))[each, digits] - softmax(classifier.logits(less))[each, digits]
    return fallen


def _at_random(layers: nn.Sequential, seed: int, *, last_alone: bool) -> nn.Sequential:
    """The same layers with weights drawn anew, each as large as its own."""
    drawn = copy.deepcopy(layers)
    generator = torch.Generator().manual_seed(seed)
    weighted = [layer for layer in drawn if isinstance(layer, nn.Conv2d | nn.Linear)]
    with torch.no_grad():
        for layer in weighted[-1:] if last_alone else weighted:
            layer.weight.normal_(std=float(layer.weight.std()), generator=generator)
    return drawn


def _alike(one: NDArray[np.float32], other: NDArray[np.float32]) -> float:
    """Mean correlation of a map's pixels with the other map's; a map that is the same everywhere is like none."""
    flat = [maps.reshape(len(maps), -1) - maps.reshape(len(maps), -1).mean(axis=1, keepdims=True) for maps in (one, other)]
    scale = np.linalg.norm(flat[0], axis=1) * np.linalg.norm(flat[1], axis=1)
    return float(np.divide((flat[0] * flat[1]).sum(axis=1), scale, out=np.zeros(len(one), np.float32), where=scale > 0).mean())
