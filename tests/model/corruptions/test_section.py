"""The card's section is what the results file says, number by number, and the committed one is of the released weights."""

import json
from typing import Any

import pytest

from model.card import CARD
from model.committed import EVIDENCE
from model.corruptions.section import section
from model.corruptions.table import CORRUPTIONS
from model.evaluate import weights_digest

COMMITTED = [EVIDENCE / f"{name}.json" for name in ("corruptions", "corruptions-validation")]


def share(accuracy: float) -> dict[str, Any]:
    return {"accuracy": accuracy, "interval": [accuracy - 0.01, accuracy + 0.01]}


def row(name: str, accuracy: float, accepted: int) -> dict[str, Any]:
    return {
        "name": name,
        "network": share(accuracy),
        "upload": {**share(accuracy / 2), "accepted": accepted, "errors_accepted": accepted // 4},
    }


@pytest.fixture
def result() -> dict[str, Any]:
    means = {"network": share(0.8123), "upload": share(0.8456)}
    return {
        "generated": {
            "command": "python -m model corruptions",
            "date": "2026-01-01T00:00Z",
            "seconds": 1234.5,
            "machine": {"processor": "Processor X"},
        },
        "arithmetic": "float32",
        "panel": "MNIST test set",
        "trained_with": {"rotation_degrees": 15.0, "shift_pixels": 2.5},
        "n": 10_000,
        "writers": 297,
        "seed": 7,
        "seen": ["rotate", "translate"],
        "clean": row("clean", 0.99, 9_900),
        "corruptions": [row(name, 0.5, 0 if name == "fog" else 2_000) for name in CORRUPTIONS],
        "mean": means,
        "mean_unseen": {"network": share(0.7), "upload": share(0.71)},
    }


def test_every_corruption_and_both_means_are_in_the_table(result: dict[str, Any]) -> None:
    told = section(result)
    assert "| clean | 99.00 % [98.00 %, 100.00 %] | 49.50 % [48.50 %, 50.50 %] | 99.00 % | 25.00 % |" in told
    assert all(f"| {name} | 50.00 % [" in told for name in CORRUPTIONS)
    assert "| fog | 50.00 % [49.00 %, 51.00 %] | 25.00 % [24.00 %, 26.00 %] | 0.00 % | - |" in told
    assert "| mean of the 15 | 81.23 % [80.23 %, 82.23 %] | 84.56 % [83.56 %, 85.56 %] | | |" in told
    assert "| mean of the 13 not trained with | 70.00 % [" in told


def test_it_says_on_what_and_what_training_had_seen(result: dict[str, Any]) -> None:
    told = section(result)
    for said in (
        "seed 7",
        "10,000 pictures",
        "297 writers",
        "rotation degrees 15, shift pixels 2.5;",
        "which rotate, translate of",
        "1,234 s",
    ):
        assert said in told
    result["trained_with"], result["seen"] = {}, []
    assert "by: nothing;\nwhich no corruption of" in section(result)


@pytest.mark.parametrize("path", COMMITTED, ids=lambda path: path.stem)
def test_committed_results_are_of_the_released_weights(path: Any) -> None:
    result = json.loads(path.read_text())
    assert result["weights_sha256"] == weights_digest(CARD.parent / "released" / "weights.pt"), "measure again: python -m model corruptions"
    assert result["model"] == json.loads((CARD.parent / "released" / "release.json").read_text())["model"]
    assert result["n"] == {"MNIST test set": 10_000, "MNIST validation split": 5_027}[result["panel"]]
