"""Training by a recipe: once for a seed and a dropout, or on from the last finished epoch, and how good what it made is."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional

from model.course import Course, Lesson
from model.data import Digits
from model.distil import Teachers
from model.history import History, Watch, unwatched
from model.network import DigitNetwork
from model.recipes import Recipe

EVALUATION_BATCH = 125
"""With convolutions, 1,000 at a time take 1.3 to 1.9 times as long on one thread: layers' outputs leave the processor's caches."""


@dataclass(frozen=True)
class Trained:
    """A finished run: the network in evaluation mode, its validation loss (mean cross-entropy, nats) and accuracy, its history."""

    network: DigitNetwork
    validation_loss: float
    validation_accuracy: float
    history: History


def train_recipe(
    recipe: Recipe, seed: int, training: Digits, validation: Digits, folder: Path, device: str = "cpu", watch: Watch = unwatched
) -> Trained:
    """One run for each of the recipe's dropouts under `folder`; the one with the lowest validation loss is returned."""
    runs = [
        train(recipe, seed, dropout, training, validation, folder / f"{recipe.name}-dropout{dropout:g}-seed{seed}", device, watch)
        for dropout in recipe.dropouts
    ]
    return min(runs, key=lambda run: run.validation_loss)


def train(
    recipe: Recipe,
    seed: int,
    dropout: float,
    training: Digits,
    validation: Digits,
    folder: Path,
    device: str = "cpu",
    watch: Watch = unwatched,
) -> Trained:
    """Train, or go on after the last finished epoch found in `folder`. Writes `checkpoint.pt`, `history.json` and `weights.pt` there.

    Teachers are looked for beside `folder`. Raises RunsMissing or ReleaseUnusable without them, ValueError where `folder` holds another
    recipe's run.
    """
    run = Course(recipe, seed, dropout, folder, device, steps_per_epoch=len(training) // recipe.batch_size, watch=watch)
    run.resume()
    lessons = _lessons(recipe, seed, training, folder.parent, device)
    folder.mkdir(parents=True, exist_ok=True)
    while not run.finished:
        entry = run.train_epoch(lessons(run.epoch))
        loss, accuracy = measure(run.candidate, validation, device)
        run.end_epoch({**entry, "validation_loss": loss, "validation_accuracy": accuracy})
    network = run.result()
    torch.save(network.state_dict(), folder / "weights.pt")
    loss, accuracy = measure(network, validation, device)
    return Trained(network, loss, accuracy, run.history)


def measure(network: nn.Module, digits: Digits, device: str = "cpu") -> tuple[float, float]:
    """Mean cross-entropy in nats and accuracy in 0..1, in evaluation mode."""
    logits = logits_of(network, digits, device)
    labels = torch.from_numpy(digits.labels).long()
    return float(functional.cross_entropy(logits, labels)), float((logits.argmax(1) == labels).float().mean())


def logits_of(network: nn.Module, digits: Digits, device: str = "cpu") -> Tensor:
    """`float32[n, 10]` on the CPU, in evaluation mode."""
    network.eval()
    with torch.inference_mode():
        batches = torch.split(torch.from_numpy(digits.pixels), EVALUATION_BATCH)
        return torch.cat([network(batch.to(device)).cpu() for batch in batches])


def _lessons(recipe: Recipe, seed: int, training: Digits, runs: Path, device: str) -> Callable[[int], Lesson]:
    """From an epoch's number, counted from 0, to its lesson."""
    labels = torch.from_numpy(training.labels).long().to(device)
    if recipe.distillation is None:
        plain = Lesson(torch.from_numpy(training.pixels).to(device), labels)
        return lambda epoch: plain
    teachers = Teachers(recipe.distillation, recipe.augmentation, training, runs, device)
    first = seed * teachers.views // 3  # seeds trained side by side make different views, and find each other's made

    def taught(epoch: int) -> Lesson:
        view = teachers.view(first + epoch)
        return Lesson(view.pixels, labels, view.log_probabilities)

    return taught
