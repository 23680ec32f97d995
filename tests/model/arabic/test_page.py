"""ARABIC.md is what the committed results give, follows them when they change, and holds no number that somebody typed."""

import json
from pathlib import Path
from typing import Any

import pytest

from model.arabic.page import FIGURE, NAME, WANTED, page
from model.arabic.recipe import CELLS, SERVED
from model.committed import EVIDENCE
from model.evaluate import write_json
from model.refused import Refused

MODEL = Path(__file__).parents[3] / "model"


@pytest.fixture
def result() -> dict[str, Any]:
    told: dict[str, Any] = json.loads((EVIDENCE / "arabic.json").read_text())
    return told


def test_the_committed_page_is_what_the_committed_results_give() -> None:
    assert (MODEL / NAME).read_text(encoding="utf-8") == page(EVIDENCE), "write it again: python -m model arabic-page"


def test_the_committed_results_are_of_all_cells_on_all_pictures_and_say_how_they_were_taken(result: dict[str, Any]) -> None:
    assert [cell["network"] for cell in result["cells"]] == [cell.network for cell in CELLS]
    assert (result["n"], result["writers"], result["writers_on_both_sides"]) == (10_000, 100, 0)
    assert {fold["test_n"] for cell in result["cells"] for fold in cell["folds"]} == {2_000}
    assert all(cell["seconds"] > 0 and cell["accuracy"]["ddof"] == 1 for cell in result["cells"])
    assert result["generated"]["machine"]["processor"]


def test_the_network_that_is_served_keeps_what_was_asked(result: dict[str, Any]) -> None:
    [cell] = [cell for cell in result["cells"] if cell["network"] == SERVED.network]
    assert cell["accuracy"]["mean"] >= WANTED


def test_the_page_follows_the_results(result: dict[str, Any], tmp_path: Path) -> None:
    for cell in result["cells"]:
        cell["accuracy"]["mean"], cell["accuracy"]["sd"], cell["errors"] = 0.9712, 0.0123, 288
    write_json(result, tmp_path / "arabic.json")
    text = page(tmp_path)
    assert text.count("97.12 % +- 1.23") == len(CELLS)
    assert "is not met" in text
    assert "## The recipe" not in text


def test_the_figure_on_the_page_is_there() -> None:
    assert f"({EVIDENCE.name}/{FIGURE})" in page(EVIDENCE)
    assert (EVIDENCE / FIGURE).stat().st_size > 0


def test_without_results_it_says_what_makes_them(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="python -m model arabic --data ZIP"):
        page(tmp_path)
