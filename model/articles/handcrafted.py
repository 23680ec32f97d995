"""What stood before small CNNs, measured beside them: HOG with a Gaussian SVM, and nearest neighbours of deskewed pixels.

Every choice is made on the writer-disjoint validation split; the test set is read once by each, with what was chosen.
"""

import hashlib
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from model.articles import hog, svm
from model.articles.deskew import deskewed
from model.articles.neighbours import Neighbours, voted
from model.data import Digits
from model.evaluate import note_reading
from model.judge import Panel
from model.latency import cpu_latency
from model.metrics import wilson

Pixels = NDArray[np.uint8]
Predict = Callable[[Pixels], NDArray[np.intp]]


@dataclass(frozen=True)
class Search:
    """What is tried. SVMs are compared on the first `svm_pictures` training pictures, and the best is trained on all."""

    cs: Sequence[float] = (1.0, 10.0)
    gammas: Sequence[float] = (0.01, 0.02, 0.05)
    svm_pictures: int = 5_000
    ks: Sequence[int] = (1, 3, 5, 7)
    blurs: Sequence[float] = (0.0, 0.7, 1.0)
    """Standard deviation in pixels, of a Gaussian."""


@dataclass(frozen=True)
class Reader:
    """A finished one: what was chosen, all that was tried with its validation accuracy, how it reads, and what it must keep."""

    name: str
    chosen: dict[str, Any]
    tried: list[dict[str, Any]]
    predict: Predict
    kept: Sequence[torch.Tensor]


def measure_handcrafted(
    training: Digits, validation: Digits, panel: Panel, *, command: str, log: Path, search: Search, batches: dict[int, int]
) -> list[dict[str, Any]]:
    """A row for each reader, as JSON values; `batches`: pictures in a timed call, and calls."""
    rows = []
    for make in (fit_hog_svm, fit_neighbours):
        started = time.monotonic()
        reader = make(training, validation, search)
        fitted = time.monotonic() - started
        right = int((reader.predict(panel.digits.pixels) == panel.digits.labels).sum())
        digest = hashlib.sha256(b"".join(tensor.numpy().tobytes() for tensor in reader.kept)).hexdigest()
        note_reading(log, panel, command=f"{command} ({reader.name})", digest=digest, accuracy=right / len(panel.digits))
        rows.append(
            {
                "name": reader.name,
                "chosen": reader.chosen,
                "tried": reader.tried,
                "training_n": len(training),
                "validation_n": len(validation),
                "validation_accuracy": float((reader.predict(validation.pixels) == validation.labels).mean()),
                "panel": panel.name,
                "test_n": len(panel.digits),
                "errors": len(panel.digits) - right,
                "test_accuracy": right / len(panel.digits),
                "interval": wilson(right, len(panel.digits)),
                "bytes": sum(tensor.nbytes for tensor in reader.kept),
                "fitting_seconds": fitted,
                "latency": cpu_latency(reader.predict, batches),
            }
        )
    return rows


def fit_hog_svm(training: Digits, validation: Digits, search: Search) -> Reader:
    """Of deskewed and plain pictures, and of every C and gamma, what reads most of the validation pictures."""
    few = training[: search.svm_pictures]
    tried: list[dict[str, Any]] = []
    for upright in (False, True):
        known, asked = (hog.features(_upright(digits.pixels, upright)) for digits in (few, validation))
        for c in search.cs:
            for gamma in search.gammas:
                predicted = _by_chunks(svm.fit(known, few.labels, c=c, gamma=gamma).predict, asked)
                accuracy = float((predicted == validation.labels).mean())
                tried.append({"deskewed": upright, "c": c, "gamma": gamma, "validation_accuracy": accuracy})
    best = max(tried, key=lambda row: row["validation_accuracy"])
    machine = svm.fit(hog.features(_upright(training.pixels, best["deskewed"])), training.labels, c=best["c"], gamma=best["gamma"])
    chosen = {name: best[name] for name in ("deskewed", "c", "gamma")} | {"support_vectors": len(machine.vectors)}

    def predict(pixels: Pixels) -> NDArray[np.intp]:
        return _by_chunks(machine.predict, hog.features(_upright(pixels, best["deskewed"])))

    return Reader("HOG + RBF SVM", chosen, tried, predict, (machine.vectors, machine.weights, machine.biases))


def fit_neighbours(training: Digits, validation: Digits, search: Search) -> Reader:
    """Of every number of neighbours and every blur of deskewed pixels, what reads most of the validation pictures."""
    tried: list[dict[str, Any]] = []
    for blur in search.blurs:
        nearest = Neighbours.of(_vectors(training.pixels, blur), training.labels).nearest(_vectors(validation.pixels, blur), max(search.ks))
        for k in search.ks:
            accuracy = float((voted(nearest[:, :k]) == validation.labels).mean())
            tried.append({"blur": blur, "k": k, "validation_accuracy": accuracy})
    best = max(tried, key=lambda row: row["validation_accuracy"])
    neighbours = Neighbours.of(_vectors(training.pixels, best["blur"]), training.labels)

    def predict(pixels: Pixels) -> NDArray[np.intp]:
        return voted(neighbours.nearest(_vectors(pixels, best["blur"]), best["k"]))

    chosen = {name: best[name] for name in ("blur", "k")}
    return Reader("nearest neighbours", chosen, tried, predict, (neighbours.known, neighbours.labels))


def _upright(pixels: Pixels, upright: bool) -> Pixels:
    return deskewed(pixels) if upright else pixels


def _vectors(pixels: Pixels, blur: float) -> NDArray[np.float32]:
    pictures: NDArray[np.float32] = (deskewed(pixels) / np.float32(255)).astype(np.float32)
    for picture in pictures if blur else ():
        cv2.GaussianBlur(picture, (0, 0), blur, dst=picture)
    vectors: NDArray[np.float32] = pictures.reshape(len(pixels), -1)
    return vectors


def _by_chunks(
    predict: Callable[[NDArray[np.float32]], NDArray[np.intp]], features: NDArray[np.float32], size: int = 500
) -> NDArray[np.intp]:
    return np.concatenate([predict(features[start : start + size]) for start in range(0, len(features), size)])
