"""Whether a map shows what the network read the digit by: what deleting ink does, and what a map depends on."""

import copy
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from model.bootstrap import RESAMPLES, interval
from model.explain import grad_cam
from model.figures import draw_maps
from model.inference import Classifier, softmax
from model.metrics import CLASSES, Floats

DELETED = 0.2
"""Of a picture's ink."""

RANDOM_DRAWS = 5
BATCH = 100

Maps = NDArray[np.float32]


class Deletion:
    """By how much the probability of the digit that pictures `uint8[n, 28, 28]` are read as falls when ink is deleted: what a map points
    at, or as much at random (Samek et al. 2017).
    """

    def __init__(self, classifier: Classifier, pixels: NDArray[np.uint8], seed: int) -> None:
        self._classifier, self._pixels, self._seed = classifier, pixels, seed
        self._whole = softmax(classifier.logits(pixels))
        order = self._whole.argsort(axis=1)
        self.digits, self.others = order[:, -1], order[:, -2]
        """What each picture is read as, and the digit next in probability."""
        rng = np.random.default_rng(seed)
        self._ties = 1e-9 * rng.random(pixels.shape)
        self._at_random: Floats = np.mean([self._fallen(rng.random(pixels.shape)) for _ in range(RANDOM_DRAWS)], axis=0)

    def of(self, maps: Maps) -> dict[str, Any]:
        """The mean fall by these maps and at random, and their difference with a 95 % bootstrap interval over the pictures."""
        salient = self._fallen(maps + self._ties)
        difference = salient - self._at_random
        rng = np.random.default_rng(self._seed)
        resampled = [rng.choice(difference, len(difference)).mean() for _ in range(RESAMPLES)]
        low, high = interval(np.array(resampled))
        return {
            "fall_salient": float(salient.mean()),
            "fall_random": float(self._at_random.mean()),
            "random_draws": RANDOM_DRAWS,
            "difference": {"mean": float(difference.mean()), "low": low, "high": high, "resamples": RESAMPLES},
        }

    def _fallen(self, scores: NDArray[np.floating]) -> Floats:
        less = np.stack([without_ink(picture, score) for picture, score in zip(self._pixels, scores, strict=True)])
        each = np.arange(len(less))
        fallen: Floats = self._whole[each, self.digits] - softmax(self._classifier.logits(less))[each, self.digits]
        return fallen


def faithfulness(classifier: Classifier, pixels: NDArray[np.uint8], seed: int = 0) -> dict[str, Any]:
    """Of the maps that are served, for pictures `uint8[n, 28, 28]`: `Deletion`, and how like a map is to one that it should not be like
    (sanity checks: Adebayo et al. 2018), as correlations of pixels.
    """
    deletion = Deletion(classifier, pixels, seed)
    maps = maps_of(classifier.layers, pixels, deletion.digits)
    asked = otherwise(classifier.layers, deletion.digits, deletion.others, seed)
    return {
        "n": len(pixels),
        "seed": seed,
        "deleted_ink": DELETED,
        **deletion.of(maps),
        "alike": {name: alike(maps, maps_of(layers, pixels, digits)) for name, (layers, digits) in asked.items()},
    }


def draw_gallery(classifier: Classifier, pixels: NDArray[np.uint8], path: Path) -> None:
    """Of each digit the first picture, `uint8[n, 28, 28]`, that is read as it: its map, and that of the digit next in probability."""
    order = classifier.logits(pixels).argsort(axis=1)
    first = [int(np.flatnonzero(order[:, -1] == digit)[0]) for digit in range(CLASSES) if (order[:, -1] == digit).any()]
    digits, others = order[first, -1], order[first, -2]
    maps = np.stack([maps_of(classifier.layers, pixels[first], asked) for asked in (digits, others)])
    draw_maps(pixels[first], maps, np.stack([digits, others]), path)


def maps_of(layers: nn.Sequential, pixels: NDArray[np.uint8], digits: NDArray[np.integer]) -> Maps:
    """`grad_cam` of any number of pictures."""
    starts = range(0, len(pixels), BATCH)
    return np.concatenate([grad_cam(layers, pixels[start : start + BATCH], digits[start : start + BATCH]) for start in starts])


def without_ink(picture: NDArray[np.uint8], score: NDArray[np.floating]) -> NDArray[np.uint8]:
    """The picture without the part DELETED of its ink whose score is highest."""
    left = picture.ravel().copy()
    ink = np.flatnonzero(left)
    left[ink[np.argsort(-score.ravel()[ink])[: round(DELETED * len(ink))]]] = 0
    return left.reshape(picture.shape)


def otherwise(
    layers: nn.Sequential, digits: NDArray[np.integer], others: NDArray[np.integer], seed: int
) -> dict[str, tuple[nn.Sequential, NDArray[np.integer]]]:
    """By name the layers and the digits of maps that a map should not be like: another digit's, or another network's."""
    return {
        "second digit": (layers, others),
        "last layer at random": (_at_random(layers, seed, last_alone=True), digits),
        "all layers at random": (_at_random(layers, seed, last_alone=False), digits),
    }


def alike(one: Maps, other: Maps) -> float:
    """Mean correlation of a map's pixels with the other map's; a map that is the same everywhere is like none."""
    flat = [maps.reshape(len(maps), -1) - maps.reshape(len(maps), -1).mean(axis=1, keepdims=True) for maps in (one, other)]
    scale = np.linalg.norm(flat[0], axis=1) * np.linalg.norm(flat[1], axis=1)
    return float(np.divide((flat[0] * flat[1]).sum(axis=1), scale, out=np.zeros(len(one), np.float32), where=scale > 0).mean())


def _at_random(layers: nn.Sequential, seed: int, *, last_alone: bool) -> nn.Sequential:
    """The same layers with weights drawn anew, each as large as its own."""
    drawn = copy.deepcopy(layers)
    generator = torch.Generator().manual_seed(seed)
    weighted = [layer for layer in drawn if isinstance(layer, nn.Conv2d | nn.Linear)]
    with torch.no_grad():
        for layer in weighted[-1:] if last_alone else weighted:
            layer.weight.normal_(std=float(layer.weight.std()), generator=generator)
    return drawn
