"""Figures are PNG files, the same for the same numbers, and cope with the emptiest case."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from model.figures import draw_confusion, draw_learning_curves, draw_pictures, draw_reliability
from model.metrics import Reliability

EPOCH = {"training_loss_running": 0.5, "validation_loss": 0.4, "training_accuracy_running": 0.8, "validation_accuracy": 0.9}


@pytest.mark.parametrize("count", [0, 1, 11])
def test_any_number_of_pictures_is_drawn(tmp_path: Path, count: int) -> None:
    draw_pictures(np.zeros((count, 28, 28), np.uint8), tmp_path / "a.png", columns=10, titles=["x"] * count)
    with Image.open(tmp_path / "a.png") as drawn:
        assert drawn.format == "PNG"


def test_the_same_numbers_give_the_same_file(tmp_path: Path) -> None:
    for name in ("a.png", "b.png"):
        draw_confusion(np.arange(100).reshape(10, 10), tmp_path / name, heading="h")
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()


def test_a_reader_without_errors_has_a_reliability_diagram(tmp_path: Path) -> None:
    draw_reliability(Reliability(np.array([100]), np.array([0.99]), np.array([1.0])), tmp_path / "r.png", heading="h")
    assert (tmp_path / "r.png").exists()


@pytest.mark.parametrize("epochs", [1, 6])
def test_learning_curves_are_drawn_from_a_history(tmp_path: Path, epochs: int) -> None:
    history = {
        "recipe": {"name": "article"},
        "seed": 1,
        "dropout": 0.3,
        "epochs": [EPOCH] * epochs,
        "rate_halved_after": [4] if epochs > 4 else [],
        "best_epoch": 1,
        "stopped_early_after": None,
    }
    draw_learning_curves(history, tmp_path / "new" / "curves.png")
    assert (tmp_path / "new" / "curves.png").exists()
