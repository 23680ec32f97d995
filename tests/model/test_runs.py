"""Only whole recipes are compared: every dropout of a seed finished, and trained with the numbers the recipe has now."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from model.recipes import ARTICLE, RELEASE, Recipe
from model.runs import RunsMissing, finished_runs


def put_run(runs: Path, of: Recipe, seed: int, dropout: float, losses: list[float], **changes: Any) -> Path:
    folder = runs / f"{of.name}-dropout{dropout:g}-seed{seed}"
    folder.mkdir()
    history = {
        "recipe": asdict(of),
        "seed": seed,
        "dropout": dropout,
        "epochs": [{"validation_loss": loss, "validation_accuracy": 0.9} for loss in losses],
        "rate_halved_after": [],
        "stopped_early_after": None,
        "best_epoch": None,
        **changes,
    }
    (folder / "history.json").write_text(json.dumps(history))
    (folder / "weights.pt").write_bytes(b"")
    return folder


def test_runs_are_found_by_seed_with_the_lowest_validation_loss_first(tmp_path: Path) -> None:
    for seed in (2, 1):
        for dropout in ARTICLE.dropouts:
            put_run(tmp_path, ARTICLE, seed, dropout, [0.5, abs(dropout - 0.4) + 0.01], best_epoch=2)
    found = finished_runs("article", tmp_path)
    assert list(found) == [1, 2]
    assert [run.dropout for run in found[1]] == [0.4, 0.5, 0.3, 0.2]


def test_the_kept_epoch_is_the_best_where_there_is_one_and_else_the_last(tmp_path: Path) -> None:
    put_run(tmp_path, RELEASE, 1, RELEASE.dropouts[0], [0.1, 0.3])
    put_run(tmp_path, RELEASE, 2, RELEASE.dropouts[0], [0.1, 0.3], best_epoch=1)
    found = finished_runs("release", tmp_path)
    assert [found[seed][0].kept["validation_loss"] for seed in (1, 2)] == [0.3, 0.1]


def test_a_seed_that_lacks_a_dropout_is_refused(tmp_path: Path) -> None:
    for dropout in ARTICLE.dropouts[:-1]:
        put_run(tmp_path, ARTICLE, 1, dropout, [0.1])
    with pytest.raises(RunsMissing, match=r"seed 1 of the recipe article lacks its runs with dropout 0\.5"):
        finished_runs("article", tmp_path)


def test_an_unfinished_run_is_none(tmp_path: Path) -> None:
    (put_run(tmp_path, RELEASE, 1, RELEASE.dropouts[0], [0.1]) / "weights.pt").unlink()
    with pytest.raises(RunsMissing, match="python -m model train --recipe release"):
        finished_runs("release", tmp_path)


def test_runs_with_other_numbers_than_the_recipe_s_are_refused(tmp_path: Path) -> None:
    other = asdict(RELEASE) | {"epochs": RELEASE.epochs + 1}
    put_run(tmp_path, RELEASE, 1, RELEASE.dropouts[0], [0.1], recipe=other)
    with pytest.raises(RunsMissing, match="other numbers"):
        finished_runs("release", tmp_path)
