"""Every figure of a cross-validation, drawn from the results files in a folder: curves of each, and a box plot of all of one recipe."""

import json
from pathlib import Path
from typing import Any

from model.figures import draw_fold_boxes, draw_fold_curves


def cross_validations(evidence: Path) -> dict[str, dict[str, Any]]:
    """By the name of its file, every cross-validation in the folder; those of one recipe lie together, the fewest folds first."""
    found = {path.stem: json.loads(path.read_text()) for path in evidence.glob("cross-validation-*-folds*.json")}
    return dict(sorted(found.items(), key=lambda item: (item[1]["recipe"]["name"], item[1]["protocol"], len(item[1]["folds"]), item[0])))


def curves_path(evidence: Path, name: str) -> Path:
    return evidence / f"{name}-curves.png"


def boxes_path(evidence: Path, recipe: str) -> Path:
    return evidence / f"cross-validation-{recipe}-boxes.png"


def draw_results(evidence: Path) -> None:
    """Draw all of them again; equal results give equal files."""
    found = cross_validations(evidence)
    for name, result in found.items():
        draw_fold_curves(result, curves_path(evidence, name))
    for recipe in {result["recipe"]["name"] for result in found.values()}:
        boxes = {
            f"{result['protocol']}\n{len(result['folds'])} folds": result for result in found.values() if result["recipe"]["name"] == recipe
        }
        draw_fold_boxes(boxes, boxes_path(evidence, recipe))
