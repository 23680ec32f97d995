"""All pictures are trained on, every seed is read once and noted, and running means are told apart from evaluation mode."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from model.articles.reproduction import reproduce
from model.judge import Panel
from model.recipes import DENSE512
from tests.model.bars import bars_panel

QUICK = replace(DENSE512, epochs=2, batch_size=32)


@pytest.fixture(autouse=True)
def _one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture(scope="module")
def panel() -> Panel:
    return bars_panel()


def test_each_seed_is_read_once_and_the_reading_is_noted(panel: Panel, tmp_path: Path) -> None:
    log = tmp_path / "LOG.md"
    result = reproduce(QUICK, [1, 2], panel.digits, panel, tmp_path, command="a command", log=log)
    noted = [line for line in log.read_text().splitlines() if "bars" in line]
    assert len(noted) == 2
    assert all("`a command (seed " in line and line.endswith("(n = 60)") for line in noted)
    assert [row["seed"] for row in result["seeds"]] == [1, 2]
    assert result["seeds"][0]["weights_sha256"] != result["seeds"][1]["weights_sha256"]
    assert result["mean"]["test_accuracy"]["n"] == 2
    assert result["parameters"] == 407_050


def test_the_mean_over_an_epoch_is_behind_the_network_at_its_end(panel: Panel, tmp_path: Path) -> None:
    result = reproduce(QUICK, [1], panel.digits, panel, tmp_path, command="a command", log=tmp_path / "LOG.md")
    (row,) = result["seeds"]
    assert row["running_loss"] > row["training_loss"]
    assert row["running_accuracy"] < row["training_accuracy"]
    assert result["mean"]["running_loss"] == {"mean": row["running_loss"], "sd": None, "n": 1}
