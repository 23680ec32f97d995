"""Two recipes that are trained in a second, with finished runs of each."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from model.data import Digits
from model.judge import Panel
from model.recipes import TEACHER
from model.splitting import Writers
from model.train import train

QUICK = replace(TEACHER, network="student", epochs=1, batch_size=20, dropouts=(0.0,), precision="float32")
SEEDS = {"first": (1, 2, 3), "second": (2, 3, 4)}


@pytest.fixture(scope="session")
def panel() -> Panel:
    """Pictures of noise with a bar that says the label; two labels are said to be wrong."""
    rng = np.random.default_rng(0)
    labels = (np.arange(60) % 10).astype(np.uint8)
    pixels = rng.integers(0, 60, (60, 28, 28)).astype(np.uint8)
    for picture, label in zip(pixels, labels, strict=True):
        picture[4:24, 4 + 2 * label : 6 + 2 * label] = 255
    return Panel("bars", Digits(pixels, labels), Writers(np.zeros(60, np.uint16), np.zeros(60, np.uint8)), (3, 17))


@pytest.fixture(scope="session")
def runs(panel: Panel, tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch.set_num_threads(1)
    folder = tmp_path_factory.mktemp("runs")
    for recipe, seeds in SEEDS.items():
        for seed in seeds:
            run = folder / f"{recipe}-dropout0-seed{seed}"
            train(replace(QUICK, name=recipe), seed, 0.0, panel.digits, panel.digits[:20], run)
    return folder
