"""A network fitted to given pictures, resumable after any epoch. Nothing listens to pictures that are held out."""

import math
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from tqdm import tqdm

from model.course import Course, Lesson
from model.data import Digits
from model.network import DigitNetwork
from model.preprocess import canonicalise_picture
from model.recipes import Recipe
from model.refused import Refused
from model.train import logits_of


@dataclass(frozen=True)
class Fitted:
    """A network in evaluation mode, and what its training took: of the clock, and of one thread."""

    network: DigitNetwork
    seconds: float
    processor_seconds: float

    def logits(self, digits: Digits) -> NDArray[np.float32]:
        """`float32[n, 10]`."""
        logits: NDArray[np.float32] = logits_of(self.network, digits).numpy()
        return logits


def fit(recipe: Recipe, seed: int, training: Digits, folder: Path) -> Fitted:
    """The network after the recipe's last epoch; those already in `folder` are not trained again.

    Raises Refused where another recipe's run is there.
    """
    course = Course(recipe, seed, recipe.dropouts[0], folder, "cpu", steps_per_epoch=math.ceil(len(training) / recipe.batch_size))
    try:
        course.resume()
    except ValueError as error:
        raise Refused(str(error)) from error
    folder.mkdir(parents=True, exist_ok=True)
    lesson = Lesson(torch.from_numpy(training.pixels), torch.from_numpy(training.labels).long())
    while not course.finished:
        course.end_epoch(course.train_epoch(lesson))
    network, epochs = course.result(), course.history.epochs
    return Fitted(network, sum(epoch["seconds"] for epoch in epochs), sum(epoch["processor_seconds"] for epoch in epochs))


class Canonical(NamedTuple):
    """What the service would give a network: `pixels` uint8[n, side, side], and of each picture why it would doubt it."""

    pixels: NDArray[np.uint8]
    doubts: list[tuple[str, ...]]


def canonical(pictures: NDArray[np.uint8], side: int) -> Canonical:
    """Of these `uint8[n, h, w]`."""
    found = [canonicalise_picture(picture, side) for picture in tqdm(pictures, desc=f"preprocessing to {side}", disable=None)]
    return Canonical(np.stack([one.pixels for one in found]), [one.reasons for one in found])
