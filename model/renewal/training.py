"""One candidate: trained on what is drawn by weight from MNIST and labelled pictures, seeded, and resumable after any epoch."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from model.augment import augment
from model.course import Course, Lesson
from model.data import Digits
from model.distil import BATCH
from model.history import History, Watch, unwatched
from model.inference import Classifier
from model.metrics import CLASSES, Floats
from model.network import DigitNetwork
from model.recipes import Recipe
from model.renewal.recipe import SURE, Plan
from model.train import measure

Weights = dict[str, Tensor]


@dataclass(frozen=True)
class Material:
    """What is trained on: MNIST's pictures, each of weight 1, and labelled ones with the `weights` float64[n] of each."""

    mnist: Digits
    labelled: Digits
    weights: Floats

    @property
    def share(self) -> float:
        """Of what is drawn, how much is labelled pictures: 0..1."""
        return float(self.weights.sum() / (len(self.mnist) + self.weights.sum()))

    def drawn(self, count: int, seed: int) -> tuple[Digits, Tensor]:
        """So many, by weight and with replacement, and which of them are labelled ones, bool[count]."""
        both = torch.cat([torch.ones(len(self.mnist), dtype=torch.float64), torch.from_numpy(self.weights)])
        chosen = torch.multinomial(both, count, replacement=True, generator=torch.Generator().manual_seed(seed))
        places = chosen.numpy()
        pixels = np.concatenate([self.mnist.pixels, self.labelled.pixels])[places]
        labels = np.concatenate([self.mnist.labels, self.labelled.labels])[places]
        return Digits(pixels, labels), chosen >= len(self.mnist)


@dataclass(frozen=True)
class Renewed:
    """What training ended with: the weights, the network that they are for, and what happened."""

    weights: Weights
    network: DigitNetwork
    history: History


def retrain(
    plan: Plan, seed: int, material: Material, current: Path, validation: Digits, folder: Path, watch: Watch = unwatched
) -> Renewed:
    """Train, or go on after the last finished epoch found in `folder`, on one thread or as many as torch has.

    `current`: folder of the released network, teacher and beginning. Raises ReleaseUnusable, ValueError where `folder` holds another run or
    `current` is of another network than the plan's.
    """
    steps = plan.draws // plan.recipe.batch_size
    course = Course(plan.recipe, seed, plan.recipe.dropouts[0], folder, "cpu", steps_per_epoch=steps, watch=watch)
    if plan.from_current:
        course.begin_with(weights_of(current), otherwise=f"the current network is not a {plan.recipe.network}; train from scratch")
    course.resume()
    folder.mkdir(parents=True, exist_ok=True)
    lesson = lessons(plan, seed, material, current)
    while not course.finished:
        entry = course.train_epoch(lesson(course.epoch))
        loss, accuracy = measure(course.candidate, validation)
        course.end_epoch({**entry, "validation_loss": loss, "validation_accuracy": accuracy})
    network = course.result()
    return Renewed({name: value.clone() for name, value in network.state_dict().items()}, network, course.history)


def lessons(plan: Plan, seed: int, material: Material, current: Path) -> Callable[[int], Lesson]:
    """From an epoch's number, from 0, to its lesson: pictures varied already, and of each what it is taught to be."""
    recipe = plan.recipe
    if recipe.distillation is None:
        raise ValueError(f"the recipe {recipe.name} is taught by nobody")
    temperature, layers = recipe.distillation.temperature, Classifier(current).layers

    def lesson(epoch: int) -> Lesson:
        number = seed * 10_000 + epoch
        digits, labelled = material.drawn(plan.draws, number)
        torch.manual_seed(number)
        images = _varied(digits, recipe)
        labels = torch.from_numpy(digits.labels).long()
        said = torch.empty(len(digits), CLASSES)
        with torch.inference_mode():
            for start in range(0, len(digits), BATCH):
                batch = images[start : start + BATCH].unsqueeze(1).float()
                said[start : start + BATCH] = functional.log_softmax(layers(batch) / temperature, 1)
        said[labelled] = functional.log_softmax(_of_labels(labels[labelled]).log() / temperature, 1)
        return Lesson(images, labels, said)

    return lesson


def weights_of(released: Path) -> Weights:
    """Of a release that `Classifier` can load. Raises ReleaseUnusable."""
    Classifier(released)
    loaded: Weights = torch.load(released / "weights.pt", map_location="cpu", weights_only=True)
    return loaded


def between(current: Weights, tuned: Weights, share: float) -> Weights:
    """Each weight so far from the current towards the tuned one, 0..1 (WiSE-FT, Wortsman et al. 2022): counts of batches are tuned's."""
    return {name: current[name].lerp(value, share) if value.dtype.is_floating_point else value.clone() for name, value in tuned.items()}


def named(plan: Plan, sha256: str, current: str) -> Plan:
    """The plan under a name that says how long it is, and which records and which current version it is for: a run of others is never gone
    on with."""
    length = f"{plan.recipe.epochs}x{plan.draws}"
    return replace(plan, recipe=replace(plan.recipe, name=f"{plan.recipe.name}-{length}-{sha256[:8]}-{current[:8]}"))


def _of_labels(labels: Tensor) -> Tensor:
    """Probabilities `float32[n, 10]`: what a teacher would say who believed the labels as far as SURE."""
    others = (1 - SURE) / (CLASSES - 1)
    return functional.one_hot(labels, CLASSES) * (SURE - others) + others


def _varied(digits: Digits, recipe: Recipe) -> Tensor:
    """`uint8[n, 28, 28]`."""
    batches = torch.split(torch.from_numpy(digits.pixels), BATCH)
    return torch.cat([augment(batch, recipe.augmentation).round().clamp(0, 255).to(torch.uint8) for batch in batches])
