"""EDGE.md is what the committed results give, follows them when they change, and holds no number that somebody typed."""

import ast
import json
import re
from pathlib import Path
from typing import Any

import pytest

from model.articles.claims import RASPBERRY_MS
from model.committed import EVIDENCE, RELEASED
from model.edge.agreement import INT8_LOSES_AT_MOST, SAME_DIGITS_AT_LEAST
from model.edge.page import NAME, page
from model.evaluate import weights_digest
from tests.model.edge.fakes import MODEL

RESULT = EVIDENCE / "edge.json"


@pytest.fixture
def result() -> dict[str, Any]:
    told: dict[str, Any] = json.loads(RESULT.read_text())
    return told


def exports(result: dict[str, Any]) -> list[dict[str, Any]]:
    return [row for row in result["rows"] if "kept" in row]


def test_the_committed_page_is_what_the_committed_results_give() -> None:
    assert (MODEL / NAME).read_text(encoding="utf-8") == page(EVIDENCE), "write it again: python -m model edge-page"


def test_the_results_are_of_the_released_network_and_say_how_they_were_taken(result: dict[str, Any]) -> None:
    assert result["weights_sha256"] == weights_digest(RELEASED / "weights.pt")
    assert result["n"] == 10_000
    assert result["generated"]["seconds"] > 0
    assert result["generated"]["machine"]["processor"]


def test_every_committed_export_keeps_the_promises(result: dict[str, Any]) -> None:
    assert {row["arithmetic"] for row in exports(result)} == {"float32", "int8"}
    for row in exports(result):
        assert row["test"]["same_digits"] >= SAME_DIGITS_AT_LEAST * result["n"], row["file"]
        if row["arithmetic"] == "int8":
            assert row["test"]["points_lost"] <= INT8_LOSES_AT_MOST + 1e-6, row["file"]
        assert row["kept"] is True


def test_int8_is_the_way_that_agrees_most_on_validation_pictures(result: dict[str, Any]) -> None:
    for row in exports(result):
        if row["arithmetic"] == "int8":
            [told] = [way for way in row["tried"] if way["levels"] == row["levels"]]
            assert told["same_digits"] == max(way["same_digits"] for way in row["tried"])


def test_the_article_s_time_stands_beside_ours_as_theirs() -> None:
    [row] = [line for line in page(EVIDENCE).splitlines() if "Raspberry Pi" in line]
    assert f"{RASPBERRY_MS:g} ms" in row
    assert "theirs, not measured here" in row


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"same_digits": 9_123}, "9,123 of 10,000"),
        ({"accuracy": 0.9123}, "91.23 %"),
        ({"points_lost": 7.25}, "| 7.25 |"),
        ({"largest_difference": 0.123456}, "0.123456"),
    ],
)
def test_a_changed_result_changes_the_page(tmp_path: Path, result: dict[str, Any], change: dict[str, float], said: str) -> None:
    exports(result)[0]["test"].update(change)
    (tmp_path / "edge.json").write_text(json.dumps(result))
    assert said not in page(EVIDENCE)
    assert said in page(tmp_path)


def test_how_busy_the_machine_was_stands_beside_its_times(tmp_path: Path, result: dict[str, Any]) -> None:
    result["generated"]["machine"].update(cores=48, load_average=31.4159)
    (tmp_path / "edge.json").write_text(json.dumps(result))
    assert "the load average of its 48 cores was 31.4 at the start" in page(tmp_path)


def test_a_runtime_that_was_not_installed_has_its_line(tmp_path: Path, result: dict[str, Any]) -> None:
    result["rows"].append({"runtime": "absent", "title": "Absent", "arithmetic": "int8", "not_installed": "Absent is not installed; pip x"})
    (tmp_path / "edge.json").write_text(json.dumps(result))
    [row] = [line for line in page(tmp_path).splitlines() if line.startswith("| Absent ")]
    assert "pip x" in row
    assert " ms" not in row


def test_every_network_s_results_have_a_table_the_released_one_s_first(tmp_path: Path, result: dict[str, Any]) -> None:
    (tmp_path / "edge.json").write_text(json.dumps(result))
    (tmp_path / "edge-student.json").write_text(json.dumps({**result, "network": "a-student"}))
    assert re.findall(r"^## `(\S+)`", page(tmp_path), re.MULTILINE) == [result["network"], "a-student"]


@pytest.mark.parametrize("name", ["page", "table"])
def test_no_measured_number_is_typed_in_what_writes_the_page(name: str) -> None:
    tree = ast.parse((MODEL / "edge" / f"{name}.py").read_text())
    docstrings = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings:
            assert not re.search(r"\d+\.\d+|\d ?%|\d,\d{3}|\d{3,}", node.value.replace("sha256", "")), node.value
