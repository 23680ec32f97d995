"""A small world: pictures that a small network learns in a moment, and a release of such a network, for the tests of renewal."""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
import torch

from model.augment import Augmentation
from model.data import Digits
from model.judge import Panel
from model.recipes import Cosine
from model.renewal.candidate import write_release
from model.renewal.choice import Judged, Option
from model.renewal.recipe import TUNED, Plan
from model.renewal.training import Material
from model.splitting import Writers
from model.train import train
from tests.model.bars import bars

RECIPE = replace(
    TUNED.recipe,
    network="student",
    epochs=2,
    batch_size=64,
    learning_rate=3e-3,
    precision="float32",
    ema_decay=0.8,
    schedule=Cosine(),
    augmentation=Augmentation(),
)
PLAN = Plan(replace(RECIPE, name="tiny", learning_rate=1e-3), draws=640)


def panel(digits: Digits) -> Panel:
    """By ten writers of either form series."""
    writer = (np.arange(len(digits)) // 10 % 10).astype(np.uint16)
    return Panel("bars", digits, Writers(writer, np.where(writer % 2, 4, 0).astype(np.uint8)))


def swapped(digits: Digits) -> Digits:
    """4 is called 9, and 9 is called 4."""
    exchange = np.arange(10, dtype=np.uint8)
    exchange[[4, 9]] = [9, 4]
    return Digits(digits.pixels, exchange[digits.labels])


@dataclass(frozen=True)
class World:
    """Pictures of each kind, and the folder of the network that serves."""

    training: Digits
    validation: Digits
    test: Digits
    current: Path


def released(digits: Digits, validation: Digits, folder: Path) -> Path:
    """A network that learnt these pictures, in the form of a release."""
    recipe = replace(RECIPE, epochs=4, distillation=None)
    trained = train(recipe, 1, 0.0, digits, validation, folder / "run")
    option = Option(1, 1.0, trained.validation_loss, trained.validation_accuracy, None, None)
    judged = Judged(option, [option], option, trained.network.state_dict())
    nothing = Material(digits, digits[:0], np.empty(0))
    write_release(folder / "released", judged, "bars", "student", "tiny", 0.0, nothing, validation, reference_pictures=200)
    return folder / "released"


@pytest.fixture(autouse=True)
def _one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    torch.set_num_threads(1)
    training, validation, test = bars(640, 0), bars(100, 1), bars(400, 2)
    return World(training, validation, test, released(training, validation, tmp_path_factory.mktemp("current")))


@pytest.fixture(scope="session")
def swapping(world: World, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A planted bad candidate: it learnt 4 and 9 the wrong way round."""
    return released(swapped(world.training), swapped(world.validation), tmp_path_factory.mktemp("swapping"))
