"""The card says what the evidence says, no more, and the committed card is the committed evidence's."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from model.card import CARD, MORE, EvidenceMissing, card_from, measured_weights, render, write_card
from model.committed import EVIDENCE, RELEASED
from model.data import Digits
from model.evaluate import ARTICLE_CLAIMS, weights_digest, write_json
from model.judge import Panel, judge
from model.splitting import Writers
from tests.model.test_beside import article

__all__ = ["article"]

N = 200


@pytest.fixture
def evaluation(tmp_path: Path) -> dict[str, Any]:
    """As `evaluate` writes it, of a reader that errs on picture 0 alone."""
    labels = (np.arange(N) % 10).astype(np.uint8)
    answered = labels.astype(np.intp)
    answered[0] = 6
    writers = Writers((np.arange(N) // 10).astype(np.uint16), np.where(np.arange(N) < 100, 0, 4).astype(np.uint8))
    panel = Panel("MNIST test set", Digits(np.zeros((N, 28, 28), np.uint8), labels), writers, (5,))
    machine = {"processor": "Processor X", "cores": 2, "load_average": 0.5, "torch": "2.0"}
    report = {
        "generated": {"command": "python -m model evaluate", "date": "2026-01-01T00:00Z", "machine": machine},
        "model": {
            "model": "digits",
            "network": "residual-flat",
            "recipe": "release",
            "seed": 2,
            "dropout": 0.3,
            "temperature": 1.1,
            "accept_threshold": 0.6,
            "parameters": 161_770,
            "weights_sha256": "ab" * 32,
            "arithmetic": "float32",
        },
        "data": {"training_n": 54_973, "training_writers": 492, "validation_n": 5_027, "validation_writers": 47, "panel": "MNIST test set"},
        **judge((9 * np.eye(10)[answered]).astype(np.float32), panel, temperature=1.1, threshold=0.6),
        "latency": {
            "cpu": {"processor": "Processor X", "threads": 1, "batches": [{"batch": 1, "runs": 9, "median_ms": 0.512, "p95_ms": 0.7}]},
            "cuda": None,
        },
        "arithmetics": [
            {
                "arithmetic": "int8",
                "accuracy": 0.98,
                "other_digits": 3,
                "largest_difference": 0.0612,
                "latency": {"batches": [{"batch": 1, "median_ms": 0.16}, {"batch": 16, "median_ms": 1.2}]},
            }
        ],
        "article_claims": ARTICLE_CLAIMS,
    }
    write_json(report, tmp_path / "evaluation.json")
    loaded: dict[str, Any] = json.loads((tmp_path / "evaluation.json").read_text())
    return loaded


def test_the_card_has_its_sections_in_order(evaluation: dict[str, Any], article: dict[str, Any]) -> None:
    headings = [line for line in render(evaluation, article).splitlines() if line.startswith("#")]
    assert headings == [
        "# Model card: digits",
        "## Model",
        "## Use",
        "## Data",
        "## Numbers",
        "### Beside the article",
        "## Groups",
        "## Other digits",
        "## Limits",
        "## Contact",
    ]


def test_the_numbers_are_the_evidence_s(evaluation: dict[str, Any]) -> None:
    card = render(evaluation, None)
    for said in (
        "99.50 % [97.",
        "1 errors",
        "0 read as 6 (1)",
        "161,770 parameters",
        "ab" * 32,
        "0.51 ms",
        "2026-01-01T00:00Z",
        "Processor X",
    ):
        assert said in card
    evaluation["errors"] = 77
    assert "77 errors" in render(evaluation, None)


def test_what_was_not_measured_is_said_to_be_so(evaluation: dict[str, Any]) -> None:
    card = render(evaluation, None)
    assert "| GPU | | not measured | not measured | |" in card
    assert "The article's recipe was not evaluated." in card


def test_a_gpu_that_was_timed_is_in_the_card(evaluation: dict[str, Any]) -> None:
    evaluation["latency"]["cuda"] = {"processor": "GPU Y", "batches": [{"batch": 1, "runs": 9, "median_ms": 0.2, "p95_ms": 0.3}]}
    card = render(evaluation, None)
    assert "| GPU Y | 1 | 0.20 ms | 0.30 ms | 9 |" in card


def test_without_an_evaluation_there_is_no_card(tmp_path: Path) -> None:
    with pytest.raises(EvidenceMissing, match="python -m model evaluate"):
        write_card(tmp_path, tmp_path / "CARD.md")
    assert not (tmp_path / "CARD.md").exists()


def test_what_was_measured_of_other_weights_is_not_in_the_card(evaluation: dict[str, Any], tmp_path: Path) -> None:
    made = {"command": "a command", "date": "2026-01-01T00:00Z", "seconds": 1.0, "machine": {"processor": "Processor X"}}
    share = {"accuracy": 0.5, "interval": [0.4, 0.6], "accepted": {"coverage": 0.5, "n": 1, "accuracy": 1.0, "errors": 0}}
    others = {"generated": made, "name": "mine", "form": "CSV", "n": 2, "preprocessed": share, "raw": share}
    for weights, there in ((evaluation["model"]["weights_sha256"], True), ("cd" * 32, False)):
        write_json({**others, "weights_sha256": weights}, tmp_path / "others-mine.json")
        assert ("| mine | 2 | 50.00 % [40.00 %, 60.00 %] |" in card_from(tmp_path)) is there


def test_other_results_have_their_sections_before_the_limits_where_they_are_there(evaluation: dict[str, Any], tmp_path: Path) -> None:
    headings = {"trust.json": "## Trust", "corruptions.json": "## Corrupted pictures", "adversarial.json": "## Deliberate deception"}
    assert set(headings) == set(MORE)
    assert not any(heading in card_from(tmp_path) for heading in headings.values())
    for name in MORE:
        told = json.loads((EVIDENCE / name).read_text()) | {"weights_sha256": evaluation["model"]["weights_sha256"]}
        write_json(told, tmp_path / name)
    shown = [line for line in render(evaluation, None, more=["## More\n\nSaid."]).splitlines() if line.startswith("## ")]
    assert shown[-4:] == ["## Other digits", "## More", "## Limits", "## Contact"]
    assert all(heading in card_from(tmp_path) for heading in headings.values())


def test_the_committed_card_is_what_the_committed_evidence_gives() -> None:
    assert CARD.read_text(encoding="utf-8") == card_from(EVIDENCE)


def test_the_committed_evidence_is_of_the_released_weights() -> None:
    evidence = json.loads((EVIDENCE / "evaluation.json").read_text())
    release = json.loads((RELEASED / "release.json").read_text())
    assert evidence["model"]["weights_sha256"] == weights_digest(RELEASED / "weights.pt")
    for key in ("network", "recipe", "seed", "temperature", "accept_threshold"):
        assert evidence["model"][key] == release[key]
    more = [EVIDENCE / name for name in ("groups.json", *MORE)]
    for path in (*more, *EVIDENCE.glob("others-*.json")):
        of = measured_weights(json.loads(path.read_text()))
        assert evidence["model"]["weights_sha256"] in of, f"{path.name}: measure again"
