"""Figures are drawn from results files alone, curves for each and one box plot a recipe."""

import json
from pathlib import Path
from typing import Any

from model.articles.drawing import boxes_path, cross_validations, curves_path, draw_results


def result(recipe: str, protocol: str, folds: int) -> dict[str, Any]:
    epoch = {f"{side}{quantity}": 0.5 for side in ("training_", "test_") for quantity in ("loss", "accuracy")}
    epoch |= {"training_loss_running": 0.6, "training_accuracy_running": 0.4}
    rows = [{"fold": fold, "accuracy": 0.9 + fold / 100, "epochs": [epoch]} for fold in range(1, folds + 1)]
    return {"recipe": {"name": recipe}, "protocol": protocol, "folds": rows}


def test_every_result_has_its_curves_and_every_recipe_its_boxes(tmp_path: Path) -> None:
    results = {
        f"cross-validation-{recipe}-{protocol}-{folds}-folds": result(recipe, protocol, folds)
        for recipe, protocol, folds in (("a", "pictures", 5), ("a", "pictures", 3), ("a-epochs=2", "published", 2))
    }
    for name, each in results.items():
        (tmp_path / f"{name}.json").write_text(json.dumps(each))
    draw_results(tmp_path)
    assert [len(each["folds"]) for each in cross_validations(tmp_path).values()] == [3, 5, 2]
    drawn = {path.name for path in tmp_path.glob("*.png")}
    assert drawn == {curves_path(tmp_path, name).name for name in results} | {
        boxes_path(tmp_path, recipe).name for recipe in ("a", "a-epochs=2")
    }
