"""A recipe trained on all 60,000 pictures as the articles do, its epochs fixed, and each seed's last epoch read on the test set.

Nothing is held back for validation, so nothing may be chosen: not an epoch, not a seed.
"""

import math
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch

from model.articles.cross_validation import fixed
from model.course import Course, Lesson
from model.data import Digits
from model.evaluate import note_reading, weights_digest
from model.history import Watch, unwatched
from model.judge import Panel
from model.metrics import spread
from model.network import build, parameter_count
from model.recipes import Recipe
from model.train import measure

MEASURED = ("running_loss", "running_accuracy", "training_loss", "training_accuracy", "test_loss", "test_accuracy")


def reproduce(
    recipe: Recipe,
    seeds: list[int],
    training: Digits,
    panel: Panel,
    scratch: Path,
    *,
    command: str,
    log: Path,
    watch: Watch = unwatched,
) -> dict[str, Any]:
    """The results as JSON values, without where they come from; a line in `log` for each seed. Epochs under `scratch` are not done again.

    `running` figures are the mean over the last epoch while it was trained, which is what Keras prints; the others are of its end, in
    evaluation mode. Raises ValueError where the recipe is taught, or `scratch` holds another one's run.
    """
    recipe = fixed(recipe)
    rows = [_seed(recipe, seed, training, panel, scratch / f"all-{recipe.name}-seed{seed}", command, log, watch) for seed in seeds]
    return {
        "recipe": asdict(recipe),
        "network": recipe.network,
        "parameters": parameter_count(build(recipe.network)),
        "training_n": len(training),
        "panel": panel.name,
        "test_n": len(panel.digits),
        "mean": {name: spread([row[name] for row in rows]) for name in MEASURED},
        "lowest": min(row["test_accuracy"] for row in rows),
        "highest": max(row["test_accuracy"] for row in rows),
        "seconds": sum(row["seconds"] for row in rows),
        "seeds": rows,
    }


def _seed(recipe: Recipe, seed: int, training: Digits, panel: Panel, folder: Path, command: str, log: Path, watch: Watch) -> dict[str, Any]:
    steps = math.ceil(len(training) / recipe.batch_size)
    course = Course(recipe, seed, recipe.dropouts[0], folder, "cpu", steps_per_epoch=steps, watch=watch)
    course.resume()
    folder.mkdir(parents=True, exist_ok=True)
    lesson = Lesson(torch.from_numpy(training.pixels), torch.from_numpy(training.labels).long())
    while not course.finished:
        course.end_epoch(course.train_epoch(lesson))
    started = time.monotonic()
    network = course.result()
    torch.save(network.state_dict(), folder / "weights.pt")
    training_loss, training_accuracy = measure(network, training)
    test_loss, test_accuracy = measure(network, panel.digits)
    digest = weights_digest(folder / "weights.pt")
    note_reading(log, panel, command=f"{command} (seed {seed})", digest=digest, accuracy=test_accuracy)
    last = course.history.epochs[-1]
    return {
        "seed": seed,
        "running_loss": last["training_loss_running"],
        "running_accuracy": last["training_accuracy_running"],
        "training_loss": training_loss,
        "training_accuracy": training_accuracy,
        "test_loss": test_loss,
        "test_accuracy": test_accuracy,
        "seconds": sum(epoch["seconds"] for epoch in course.history.epochs) + time.monotonic() - started,
        "weights_sha256": digest,
    }
