"""Scores of how much a picture looks like the digits that were trained on, each fit on training pictures alone. Higher: more like one."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from model.inference import energy, softmax
from model.metrics import CLASSES, Floats, Labels
from model.trust.features import Seen

ANCHORS = 400
"""Training pictures of each digit, at most half of them, that distances are taken to."""

RIDGE = 1e-4
"""Share of the mean variance added to every feature's own: some hardly vary, and their inverse would be noise."""

CHUNK = 256

ENERGY = "energy"

OF_LOGITS_ALONE = ("confidence", ENERGY)
"""Scores of what the network answers anyway, so that any that answers can be asked for them: what is served is chosen among these."""


@dataclass(frozen=True)
class Score:
    """A score by its name. `numbers` it has to keep, beside the network's weights."""

    name: str
    of: Callable[[Seen], Floats]
    numbers: int


def fit_scores(training: Seen, labels: Labels, seed: int = 0) -> list[Score]:
    """Every score that is compared; training pictures are of the labels `[n]`, and `seed` draws the anchors.

    Raises ValueError where a digit has fewer than two pictures.
    """
    if np.bincount(labels, minlength=CLASSES).min() < 2:
        raise ValueError("every digit needs two training pictures")
    anchors = draw_anchors(labels, seed)
    nearest = neighbour(training[anchors])
    sure = Score(ENERGY, free_energy, 0)
    rest = training[np.setdiff1d(np.arange(len(training)), anchors)]
    return [Score(OF_LOGITS_ALONE[0], confidence, 0), sure, mahalanobis(training, labels), nearest, both(sure, nearest, rest)]


def confidence(seen: Seen) -> Floats:
    """The highest probability (Hendrycks and Gimpel 2017)."""
    highest: Floats = softmax(seen.logits).max(axis=1)
    return highest


def free_energy(seen: Seen) -> Floats:
    """`model.inference.energy` of the logits."""
    return energy(seen.logits)


def mahalanobis(training: Seen, labels: Labels) -> Score:
    """Minus the squared distance to the nearest digit's mean, under one covariance of all (Lee et al. 2018)."""
    features = training.features.astype(np.float64)
    means = np.stack([features[labels == digit].mean(axis=0) for digit in range(CLASSES)])
    around = features - means[labels]
    covariance = around.T @ around / len(features)
    covariance[np.diag_indices_from(covariance)] += RIDGE * np.trace(covariance) / len(covariance)
    whiten = np.linalg.cholesky(np.linalg.inv(covariance))
    centres = means @ whiten

    def of(seen: Seen) -> Floats:
        white = seen.features.astype(np.float64) @ whiten
        squared = np.stack([((white - centre) ** 2).sum(axis=1) for centre in centres])
        nearest: Floats = squared.min(axis=0)
        return -nearest

    return Score("mahalanobis", of, whiten.size + centres.size)


def neighbour(anchors: Seen) -> Score:
    """Minus the distance of the features, brought to length 1, to the nearest of the anchors' (nearest neighbours: Sun et al. 2022)."""
    there = torch.from_numpy(unit(anchors.features))

    def of(seen: Seen) -> Floats:
        directions = torch.from_numpy(unit(seen.features))
        nearest = [(directions[start : start + CHUNK] @ there.T).amax(dim=1) for start in range(0, len(directions), CHUNK)]
        distance: Floats = np.sqrt(np.maximum(2 - 2 * torch.cat(nearest).numpy().astype(np.float64), 0))
        return -distance

    return Score("neighbour", of, int(there.numel()))


def both(first: Score, second: Score, training: Seen) -> Score:
    """Their sum, each in standard deviations that it has on training pictures, none of which it should know as its own."""
    scales = [float(score.of(training).std()) for score in (first, second)]

    def of(seen: Seen) -> Floats:
        return first.of(seen) / scales[0] + second.of(seen) / scales[1]

    return Score(f"{first.name} and {second.name}", of, first.numbers + second.numbers + len(scales))


def draw_anchors(labels: Labels, seed: int) -> NDArray[np.intp]:
    """Positions of up to `ANCHORS` pictures of each digit, and of at most half of them, `intp[m]`."""
    rng = np.random.default_rng(seed)
    places = [rng.permutation(np.flatnonzero(labels == digit)) for digit in range(CLASSES)]
    return np.concatenate([each[: min(ANCHORS, len(each) // 2)] for each in places])


def unit(features: NDArray[np.float32]) -> NDArray[np.float32]:
    """Rows of `float32[n, k]` at length 1; one without any length stays as it is."""
    length = np.linalg.norm(features, axis=1, keepdims=True)
    length[length == 0] = 1
    scaled: NDArray[np.float32] = features / length
    return scaled
