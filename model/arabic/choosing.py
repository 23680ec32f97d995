"""Which recipe: the candidate whose network is the least surprised by writers that it did not learn from, all of one fold's training."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from model.arabic.cross_validation import Fit
from model.arabic.fitting import canonical, fit
from model.arabic.reading import Written
from model.arabic.recipe import CHOSEN_ON, recipe_for
from model.articles.folds import writer_folds
from model.data import Digits
from model.metrics import cross_entropy
from model.recipes import Recipe


def try_candidates(written: Written, candidates: dict[str, Recipe], folds: int, seed: int, scratch: Path, fit: Fit = fit) -> dict[str, Any]:
    """The results as JSON values. Of the writers that the first fold trains on, a part of the same size validates: the first fold's own
    are never read."""
    held_out = writer_folds(written.writer, folds, seed)[0]
    known = np.setdiff1d(np.arange(len(written)), held_out)
    inner = known[writer_folds(written.writer[known], folds, seed)[0]]
    learnt = np.setdiff1d(known, inner)
    pixels = canonical(written.pictures, CHOSEN_ON.side).pixels
    training, validation = (Digits(pixels[chosen], written.labels[chosen]) for chosen in (learnt, inner))
    rows: list[dict[str, Any]] = []
    for name, candidate in candidates.items():
        recipe = recipe_for(CHOSEN_ON, candidate)
        fitted = fit(recipe, seed, training, scratch / "choice" / name.replace(" ", "-").replace(",", ""))
        logits = fitted.logits(validation)
        rows.append(
            {
                "name": name,
                "validation_loss": cross_entropy(logits, validation.labels),
                "validation_accuracy": float((logits.argmax(1) == validation.labels).mean()),
                "seconds": fitted.seconds,
                "processor_seconds": fitted.processor_seconds,
                "recipe": asdict(recipe),
            }
        )
    return {
        "network": CHOSEN_ON.network,
        "seed": seed,
        "pictures_sha256": written.digest,
        "training_n": len(training),
        "training_writers": len(np.unique(written.writer[learnt])),
        "validation_n": len(validation),
        "validation_writers": len(np.unique(written.writer[inner])),
        "candidates": rows,
        "chosen": min(rows, key=lambda row: row["validation_loss"])["name"],
    }
