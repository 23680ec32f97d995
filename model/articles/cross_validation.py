"""Cross-validation by three protocols, a fold resumable after any epoch: what a network reads of pictures that it was not fitted on.

`pictures` and `writers` begin every fold with a fresh network. `published` is what the second article does: one network, fitted on all
pictures first, goes on from fold to fold. It has seen every picture that it is then measured on, so it estimates nothing.

No schedule and no stopping listens to a held-out fold: a fold is read to be measured and nothing is chosen by it.
"""

import math
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np
import torch

from model.articles.folds import Places, picture_folds, writer_folds
from model.course import Course, Lesson
from model.data import Digits
from model.history import Watch, unwatched
from model.network import build, parameter_count
from model.recipes import Plateau, Recipe
from model.splitting import Writers
from model.train import measure

Protocol = Literal["pictures", "writers", "published"]
PROTOCOLS: tuple[Protocol, ...] = get_args(Protocol)

MET_POINTS = 0.5
"""Curves have met where the accuracy of both differs by no more at the end, in percentage points."""


@dataclass(frozen=True)
class Plan:
    """What is cross-validated: `seed` draws the folds, and with a fold's number its network."""

    recipe: Recipe
    protocol: Protocol
    folds: int
    seed: int

    @property
    def name(self) -> str:
        return f"cross-validation-{self.recipe.name}-{self.protocol}-{self.folds}-folds" + ("" if self.seed == 1 else f"-seed{self.seed}")


def fixed(recipe: Recipe) -> Recipe:
    """The recipe without what would listen to the held-out fold, and with its last dropout alone. Raises ValueError where it is taught:
    its teachers have seen every fold."""
    if recipe.distillation is not None:
        raise ValueError(f"the recipe {recipe.name} is taught by networks that have seen every fold")
    schedule = None if isinstance(recipe.schedule, Plateau) else recipe.schedule
    return replace(recipe, schedule=schedule, dropouts=recipe.dropouts[-1:])


def cross_validate(plan: Plan, digits: Digits, writers: Writers, scratch: Path, watch: Watch = unwatched) -> dict[str, Any]:
    """The results as JSON values, without where they come from. Epochs already under `scratch` are not trained again.

    Raises ValueError for a number of folds that cannot be made, and where `scratch` holds another recipe's run.
    """
    recipe = fixed(plan.recipe)
    if plan.protocol == "writers":
        held_out = writer_folds(writers.writer, plan.folds, plan.seed)
    else:
        held_out = picture_folds(len(digits), plan.folds, plan.seed)
    fit = _published if plan.protocol == "published" else _fresh
    rows, fitted_before = fit(replace(plan, recipe=recipe), digits, held_out, scratch / plan.name, watch)
    for row, chosen in zip(rows, held_out, strict=True):
        row["writers_on_both_sides"] = _shared_writers(writers, chosen)
    accuracies = np.array([row["accuracy"] for row in rows])
    return {
        "protocol": plan.protocol,
        "recipe": asdict(recipe),
        "network": recipe.network,
        "parameters": parameter_count(build(recipe.network)),
        "seed": plan.seed,
        "n": len(digits),
        "accuracy": {
            "mean": float(accuracies.mean()),
            "sd": float(accuracies.std(ddof=1)),
            "ddof": 1,
            "sd_ddof_0": float(accuracies.std()),
            "lowest": float(accuracies.min()),
            "highest": float(accuracies.max()),
            "n": len(rows),
        },
        "seconds": sum(epoch["seconds"] for part in [*(row["epochs"] for row in rows), fitted_before or []] for epoch in part),
        "fitted_before": fitted_before,
        "folds": rows,
    }


Epochs = list[dict[str, float]]


def _fresh(plan: Plan, digits: Digits, held_out: list[Places], scratch: Path, watch: Watch) -> tuple[list[dict[str, Any]], None]:
    rows = []
    for fold, chosen in enumerate(held_out, start=1):
        training, test = digits[_others(chosen, len(digits))], digits[chosen]
        course = _course(plan, plan.seed * 1_000 + fold, scratch / f"fold{fold}", len(training), watch)
        watched = _Watched(training, test, plan.seed)
        while not course.finished:
            watched.epoch(course)
        rows.append(_row(fold, course.history.epochs, len(training), len(test), pictures_seen_before=0))
    return rows, None


def _published(plan: Plan, digits: Digits, held_out: list[Places], scratch: Path, watch: Watch) -> tuple[list[dict[str, Any]], Epochs]:
    """The folds, and the epochs over all pictures that came before the first."""
    each = plan.recipe.epochs
    whole = replace(plan, recipe=replace(plan.recipe, epochs=each * (plan.folds + 1)))
    course = _course(whole, plan.seed * 1_000, scratch / "one-network", len(digits), watch)
    stages = [(digits, digits)] + [(digits[_others(chosen, len(digits))], digits[chosen]) for chosen in held_out]
    for stage, (training, test) in enumerate(stages):
        watched = _Watched(training, test, plan.seed)
        while course.epoch < each * (stage + 1):
            watched.epoch(course)
    rows = []
    for fold, (training, test) in enumerate(stages[1:], start=1):
        epochs = course.history.epochs[each * fold : each * (fold + 1)]
        rows.append(_row(fold, epochs, len(training), len(test), pictures_seen_before=len(test)))
    return rows, course.history.epochs[:each]


class _Watched:
    """A fold's two sides. The training side is measured on as many of its pictures as the other has, drawn once."""

    def __init__(self, training: Digits, test: Digits, seed: int) -> None:
        self.training, self.test = training, test
        sample = np.random.default_rng(seed).permutation(len(training))[: len(test)]
        self.sample = training[np.sort(sample)]
        self.lesson = Lesson(torch.from_numpy(training.pixels), torch.from_numpy(training.labels).long())

    def epoch(self, course: Course) -> None:
        started = time.monotonic()
        course.steps_per_epoch = math.ceil(len(self.training) / course.recipe.batch_size)
        entry = course.train_epoch(self.lesson)
        training_loss, training_accuracy = measure(course.candidate, self.sample)
        test_loss, test_accuracy = measure(course.candidate, self.test)
        course.end_epoch(
            {
                **entry,
                "training_loss": training_loss,
                "training_accuracy": training_accuracy,
                "test_loss": test_loss,
                "test_accuracy": test_accuracy,
                "seconds": time.monotonic() - started,
            }
        )


def _course(plan: Plan, seed: int, folder: Path, pictures: int, watch: Watch) -> Course:
    recipe = plan.recipe
    steps = math.ceil(pictures / recipe.batch_size)
    course = Course(recipe, seed, recipe.dropouts[0], folder, "cpu", steps_per_epoch=steps, watch=watch)
    course.resume()
    folder.mkdir(parents=True, exist_ok=True)
    return course


def _row(fold: int, epochs: Epochs, training_n: int, test_n: int, *, pictures_seen_before: int) -> dict[str, Any]:
    last = epochs[-1]
    gap = 100 * (last["training_accuracy"] - last["test_accuracy"])
    return {
        "fold": fold,
        "training_n": training_n,
        "test_n": test_n,
        "test_pictures_seen_before": pictures_seen_before,
        "accuracy": last["test_accuracy"],
        "loss": last["test_loss"],
        "gap_points": gap,
        "curves_met": abs(gap) <= MET_POINTS,
        "lowest_test_loss_at_epoch": 1 + min(range(len(epochs)), key=lambda place: epochs[place]["test_loss"]),
        "seconds": sum(epoch["seconds"] for epoch in epochs),
        "epochs": epochs,
    }


def _others(chosen: Places, pictures: int) -> Places:
    return np.setdiff1d(np.arange(pictures), chosen)


def _shared_writers(writers: Writers, chosen: Places) -> int:
    others = _others(chosen, len(writers.writer))
    return len(np.intersect1d(writers.writer[chosen], writers.writer[others]))
