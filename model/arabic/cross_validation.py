"""Grouped cross-validation of each cell: a fresh network a fold, equal folds and seeds, and no writer on both sides of any."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from model.arabic.fitting import Canonical, Fitted, canonical, fit
from model.arabic.reading import Written
from model.arabic.recipe import Cell, recipe_for
from model.articles.folds import Places, writer_folds
from model.data import Digits
from model.inference import fold as folded
from model.latency import cpu_latency
from model.metrics import CLASSES, cluster_interval, confusion, cross_entropy
from model.network import build, parameter_count
from model.recipes import Recipe

Fit = Callable[[Recipe, int, Digits, Path], Fitted]
"""As `model.arabic.fitting.fit`."""

BATCHES = {1: 500}
"""Pictures in a timed call, and calls."""


@dataclass(frozen=True)
class HeldOut:
    """A cell's canonical pictures and what the networks that never saw their writers say of them, `float32[n, 10]`."""

    digits: Digits
    doubts: list[tuple[str, ...]]
    """Of each picture why preprocessing would not trust it to be one digit."""
    logits: NDArray[np.float32]
    fitted: list[Fitted]
    """By fold."""


def read_held_out(
    cell: Cell, recipe: Recipe, seen: Canonical, labels: NDArray[np.uint8], held_out: list[Places], seed: int, scratch: Path, fit: Fit = fit
) -> HeldOut:
    """Every picture read by the network of the fold that it is held out in. Epochs already under `scratch` are not trained again."""
    digits, everyone = Digits(seen.pixels, labels), np.arange(len(labels))
    logits = np.empty((len(labels), CLASSES), np.float32)
    networks = []
    for fold, chosen in enumerate(held_out, start=1):
        training = digits[np.setdiff1d(everyone, chosen)]
        fitted = fit(recipe_for(cell, recipe), seed * 1_000 + fold, training, scratch / cell.network / f"fold{fold}")
        logits[chosen] = fitted.logits(digits[chosen])
        networks.append(fitted)
    return HeldOut(digits, seen.doubts, logits, networks)


def cross_validate(
    cells: Sequence[Cell],
    recipe: Recipe,
    written: Written,
    folds: int,
    seed: int,
    scratch: Path,
    *,
    batches: dict[int, int] = BATCHES,
    fit: Fit = fit,
) -> dict[str, Any]:
    """The results as JSON values, without where they come from. Raises ValueError for a number of folds that cannot be made."""
    held_out = writer_folds(written.writer, folds, seed)
    seen = {side: canonical(written.pictures, side) for side in sorted({cell.side for cell in cells})}
    read = [read_held_out(cell, recipe, seen[cell.side], written.labels, held_out, seed, scratch, fit) for cell in cells]
    rows = [_cell(cell, recipe, one, written, held_out, batches) for cell, one in zip(cells, read, strict=True)]
    return {
        "seed": seed,
        "n": len(written),
        "writers": len(np.unique(written.writer)),
        "pictures_sha256": written.digest,
        "writers_on_both_sides": sum(_shared(written.writer, chosen) for chosen in held_out),
        "cells": rows,
        "differences": [_difference(rows[later], rows[earlier]) for later in range(len(rows)) for earlier in range(later)],
    }


def served(layers: nn.Sequential, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Logits of a folded network, as `model.inference.Classifier` computes them."""
    with torch.inference_mode():
        logits: NDArray[np.float32] = layers(torch.from_numpy(pixels.astype(np.float32)).unsqueeze(1)).numpy()
        return logits


def _cell(cell: Cell, recipe: Recipe, read: HeldOut, written: Written, held_out: list[Places], batches: dict[int, int]) -> dict[str, Any]:
    predicted = read.logits.argmax(axis=1)
    right = predicted == written.labels
    accuracies = np.array([right[chosen].mean() for chosen in held_out])
    table = confusion(written.labels, predicted)
    layers = folded(read.fitted[-1].network, 1.0)
    by_writer = np.bincount(written.writer[~right], minlength=int(written.writer.max()) + 1)
    return {
        **asdict(cell),
        "recipe": asdict(recipe_for(cell, recipe)),
        "parameters": parameter_count(build(cell.network)),
        "accuracy": {
            "mean": float(accuracies.mean()),
            "sd": float(accuracies.std(ddof=1)),
            "ddof": 1,
            "n": len(accuracies),
            "lowest": float(accuracies.min()),
            "highest": float(accuracies.max()),
        },
        "interval": cluster_interval(right, written.writer),
        "errors": int((~right).sum()),
        "writers_without_error": int((by_writer == 0).sum()),
        "most_errors_of_a_writer": int(by_writer.max()),
        "loss": cross_entropy(read.logits, written.labels),
        "by_digit": [{"digit": digit, "n": int(row.sum()), "errors": int(row.sum() - row[digit])} for digit, row in enumerate(table)],
        "confusions": _confusions(table),
        "doubted": {"n": sum(bool(why) for why in read.doubts), **Counter(reason for why in read.doubts for reason in why)},
        "seconds": sum(fitted.seconds for fitted in read.fitted),
        "processor_seconds": sum(fitted.processor_seconds for fitted in read.fitted),
        "latency": cpu_latency(lambda pixels: served(layers, pixels), batches, cell.side),
        "folds": [
            {
                "fold": fold,
                "training_n": len(written) - len(chosen),
                "test_n": len(chosen),
                "test_writers": len(np.unique(written.writer[chosen])),
                "accuracy": accuracy,
                "seconds": fitted.seconds,
                "processor_seconds": fitted.processor_seconds,
            }
            for fold, (chosen, accuracy, fitted) in enumerate(zip(held_out, accuracies, read.fitted, strict=True), start=1)
        ],
    }


def _confusions(table: NDArray[np.intp], most: int = 6) -> list[dict[str, int]]:
    errors = table - np.diag(np.diag(table))
    worst = [divmod(int(cell), CLASSES) for cell in np.argsort(-errors, axis=None, kind="stable")[:most]]
    return [{"label": row, "predicted": column, "count": int(errors[row, column])} for row, column in worst if errors[row, column]]


def _difference(later: dict[str, Any], earlier: dict[str, Any]) -> dict[str, Any]:
    """Accuracy, fold by fold."""
    each = np.array([one["accuracy"] - other["accuracy"] for one, other in zip(later["folds"], earlier["folds"], strict=True)])
    names = (later["network"], earlier["network"])
    return {"of": names, "mean": float(each.mean()), "sd": float(each.std(ddof=1)), "ddof": 1, "n": len(each)}


def _shared(writer: NDArray[np.uint16], chosen: Places) -> int:
    return len(np.intersect1d(writer[chosen], np.delete(writer, chosen)))
