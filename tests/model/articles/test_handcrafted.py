"""The older readers do what their papers say, choose by validation alone, and are read once on the panel."""

from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from model.articles import hog, svm
from model.articles.deskew import deskewed, slant
from model.articles.handcrafted import Search, measure_handcrafted
from model.articles.neighbours import Neighbours, voted
from model.data import Digits
from model.judge import Panel
from model.splitting import Writers

FEW = Search(cs=(1.0,), gammas=(0.02, 0.05), svm_pictures=60, ks=(1, 3), blurs=(0.0, 1.0))


@pytest.fixture(autouse=True)
def _one_thread() -> None:
    torch.set_num_threads(1)


def strokes(count: int, seed: int) -> Digits:
    """A stroke for each digit, each at its own angle, a little to the side."""
    rng = np.random.default_rng(seed)
    labels = (np.arange(count) % 10).astype(np.uint8)
    pixels = np.zeros((count, 28, 28), np.uint8)
    for picture, label in zip(pixels, labels, strict=True):
        angle, (x, y) = label * np.pi / 10, rng.uniform(12, 16, 2)
        away = 9 * np.array([np.cos(angle), np.sin(angle)])
        (left, top), (right, bottom) = (np.array([x, y]) - away).round(), (np.array([x, y]) + away).round()
        cv2.line(picture, (int(left), int(top)), (int(right), int(bottom)), 255, 3)
    return Digits(pixels, labels)


def test_deskewing_takes_the_slant_out_and_leaves_what_has_none() -> None:
    leaning, upright = np.zeros((2, 28, 28), np.uint8)
    cv2.line(leaning, (18, 4), (8, 24), 255, 3)
    cv2.line(upright, (14, 4), (14, 24), 255, 3)
    straight = deskewed(np.stack([leaning, upright, np.zeros_like(upright)]))
    assert abs(slant(leaning)) > 0.4
    assert abs(slant(straight[0])) < 0.05
    assert np.array_equal(straight[1], upright)
    assert not straight[2].any()
    assert deskewed(np.zeros((0, 28, 28), np.uint8)).shape == (0, 28, 28)


def test_gradients_are_told_apart_by_direction_and_not_by_contrast() -> None:
    across = np.repeat(np.linspace(0, 200, 28)[None], 28, axis=0).astype(np.uint8)
    found = hog.features(np.stack([across, across // 2, across.T]))
    assert found.shape == (3, 1_296)
    assert found[0] == pytest.approx(found[1], abs=0.05)
    assert np.abs(found[0] - found[2]).max() > 0.3
    directions = found[0].reshape(-1, 9)[0]
    assert directions.argmax() == 0
    assert hog.features(np.zeros((0, 28, 28), np.uint8)).shape == (0, 1_296)


def test_an_svm_meets_the_conditions_of_its_optimum() -> None:
    """Weights within 0..C and balanced; whoever is outside the margin weighs nothing, whoever is inside weighs C."""
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 2, 80).astype(np.uint8)
    features = (rng.normal(size=(80, 3)) + labels[:, None]).astype(np.float32)
    machine = svm.fit(features, labels, c=2.0, gamma=0.5)
    column = svm.PAIRS.index((0, 1))
    weight = machine.weights[:, column].numpy()
    said = svm.kernel(torch.from_numpy(features), machine.vectors, 0.5) @ machine.weights[:, column] + machine.biases[column]
    margin = said.numpy() * np.where(labels == 0, 1, -1)
    assert np.abs(weight).max() <= 2 + 1e-6
    assert weight.sum() == pytest.approx(0, abs=1e-4)
    held = {tuple(vector): abs(value) for vector, value in zip(machine.vectors.tolist(), weight.tolist(), strict=True)}
    for picture, distance in zip(features.tolist(), margin, strict=True):
        alpha = held.get(tuple(picture), 0.0)
        assert alpha > 0 or distance >= 1 - 2e-3
        assert alpha > 2 - 1e-5 or distance >= 1 - 2e-3
        assert alpha == 0 or distance <= 1 + 2e-3


def test_neighbours_vote_and_the_nearest_decides_a_tie() -> None:
    line = np.arange(6, dtype=np.float32)[:, None]
    known = Neighbours.of(line, np.array([3, 3, 3, 5, 5, 5], np.uint8))
    nearest = known.nearest(np.array([[0.1], [2.6]], np.float32), 4)
    assert nearest.tolist() == [[3, 3, 3, 5], [5, 3, 5, 3]]
    assert voted(nearest).tolist() == [3, 5]


def test_what_validation_prefers_is_chosen_and_the_panel_is_read_once_each(tmp_path: Path) -> None:
    panel = Panel("strokes", strokes(40, 2), Writers(np.zeros(40, np.uint16), np.zeros(40, np.uint8)))
    log = tmp_path / "LOG.md"
    rows = measure_handcrafted(strokes(120, 0), strokes(50, 1), panel, command="a command", log=log, search=FEW, batches={1: 3})
    assert [row["name"] for row in rows] == ["HOG + RBF SVM", "nearest neighbours"]
    assert [line.split("`")[1] for line in log.read_text().splitlines() if "strokes" in line] == [
        "a command (HOG + RBF SVM)",
        "a command (nearest neighbours)",
    ]
    for row in rows:
        best = max(row["tried"], key=lambda tried: tried["validation_accuracy"])
        assert {name: row["chosen"][name] for name in best if name != "validation_accuracy"}.items() <= best.items()
        assert row["errors"] == round((1 - row["test_accuracy"]) * row["test_n"])
        assert row["bytes"] > 0
        assert row["latency"]["batches"][0]["batch"] == 1
    svm_row, _ = rows
    assert svm_row["test_accuracy"] > 0.9
    assert len(svm_row["tried"]) == 4
