"""The report's part on seeds says what the results say, and no measured number is typed in what writes it."""

import ast
import json
import re
from pathlib import Path
from typing import Any

import pytest

import model
from model.accuracy import section
from model.accuracy.section import beyond
from model.articles.document import Figure, Table, to_markdown
from model.metrics import spread


def figures(accuracy: float) -> dict[str, Any]:
    return {
        "validation_loss": 1 - accuracy,
        "validation_accuracy": accuracy - 0.01,
        "test_accuracy": accuracy,
        "test_errors": round(1000 * (1 - accuracy)),
        "test_interval": [accuracy - 0.005, accuracy + 0.005],
        "test_accuracy_without_label_errors": accuracy + 0.002,
    }


def result(recipe: str, accuracies: dict[int, float]) -> dict[str, Any]:
    rows: list[dict[str, Any]] = [
        {"seed": seed, "as_is": figures(value), "moved_about": figures(value + 0.001)} for seed, value in accuracies.items()
    ]
    means: dict[str, Any] = {}
    for way in ("as_is", "moved_about"):
        columns = {name: [row[way][name] for row in rows] for name in figures(0.5) if isinstance(figures(0.5)[name], float)}
        means[way] = {name: {**spread(values), "lowest": min(values), "highest": max(values)} for name, values in columns.items()}
    return {
        "generated": {"command": "python -m model seeds", "date": "2026-11-26", "machine": {"processor": "X"}, "seconds": 9.0},
        "recipe": recipe,
        "parameters": 18_834,
        "validation_n": 500,
        "test_n": 1_000,
        "label_errors": 2,
        "seeds_claimed": 5,
        "chosen": None,
        "mean": means,
        "ensemble": {"as_is": figures(0.987), "moved_about": figures(0.988)},
        "seeds": rows,
        "errors": {"by_any": 31, "by_all": 7, "by_all_with_wrong_label": 1},
    }


@pytest.fixture
def evidence(tmp_path: Path) -> Path:
    taught = result("student", {1: 0.98, 2: 0.984})
    taught["chosen"] = {"seed": 2, "bytes": 88_111, "latency": {"batches": [{"median_ms": 0.123}]}}
    taught["against"] = {"recipe": "student-alone", "mean": {"as_is": result("a", {2: 0.979})["mean"]["as_is"]}}
    taught["gained"] = {"seeds": [2], **{name: spread([value]) for name, value in figures(0.005).items() if isinstance(value, float)}}
    (tmp_path / "seeds-student.json").write_text(json.dumps(taught))
    return tmp_path


def test_one_network_all_together_and_moved_about_are_lines_of_their_own(evidence: Path) -> None:
    table = next(part for part in beyond(evidence) if isinstance(part, Table))
    assert [row[0] for row in table.rows] == [
        "one network",
        "one network, each picture moved about",
        "2 together",
        "2 together, each picture moved about",
    ]
    assert table.rows[0][2:4] == ("98.20 % +- 0.28 % (ddof 1, n = 2)", "98.00 % to 98.40 %")
    assert table.rows[2][2] == "98.70 %"


def test_of_one_seed_nothing_is_said_together(tmp_path: Path) -> None:
    (tmp_path / "seeds-student.json").write_text(json.dumps(result("student", {1: 0.98})))
    text = to_markdown(beyond(tmp_path))
    assert "1 together" not in text
    assert "No majority" not in text


def test_the_teacher_s_gain_is_of_equal_seeds_alone(evidence: Path) -> None:
    *_, table = [part for part in beyond(evidence) if isinstance(part, Table)]
    assert table.rows[2] == ("test", "98.40 %", "97.90 %", "0.50 %")


def test_the_committed_network_the_errors_and_the_ceilings_are_told(evidence: Path) -> None:
    text = to_markdown(beyond(evidence))
    assert "Committed: seed 2, the lowest validation loss of 2; 88,111 bytes" in text
    assert "test 98.40 % [97.90 %, 98.90 %], 16 errors; 123 us" in text
    assert "at most 99.80 % of the given labels" in text
    assert "7 pictures are read wrong by every seed, 1 of them with a label known to be wrong" in text
    assert "No majority of these seeds can pass 99.30 %" in text
    assert "No claim is made of a mean over fewer than 5 seeds." in text


def test_without_results_it_is_not_measured(tmp_path: Path) -> None:
    assert to_markdown(beyond(tmp_path)).rstrip().endswith("not measured")


def test_the_figures_it_shows_are_committed() -> None:
    room = Path(model.__file__).parent
    shown = [part.path for part in beyond(room / "evidence") if isinstance(part, Figure)]
    assert all((room / path).is_file() for path in shown)


def test_no_measured_number_is_typed_in_it() -> None:
    tree = ast.parse(Path(section.__file__).read_text())
    typed = [node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)]
    assert not [text for text in typed if re.search(r"\d+\.\d+|\d ?%|\d,\d{3}|\d{3,}", text)]
