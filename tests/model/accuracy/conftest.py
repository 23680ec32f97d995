"""Two recipes that are trained in a second, with finished runs of each."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from model.judge import Panel
from model.recipes import TEACHER
from model.train import train
from tests.model.bars import bars_panel

QUICK = replace(TEACHER, network="student", epochs=1, batch_size=20, dropouts=(0.0,), precision="float32")
SEEDS = {"first": (1, 2, 3), "second": (2, 3, 4)}


@pytest.fixture(scope="session")
def panel() -> Panel:
    """Two labels are said to be wrong."""
    return bars_panel(3, 17)


@pytest.fixture(scope="session")
def runs(panel: Panel, tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch.set_num_threads(1)
    folder = tmp_path_factory.mktemp("runs")
    for recipe, seeds in SEEDS.items():
        for seed in seeds:
            run = folder / f"{recipe}-dropout0-seed{seed}"
            train(replace(QUICK, name=recipe), seed, 0.0, panel.digits, panel.digits[:20], run)
    return folder
