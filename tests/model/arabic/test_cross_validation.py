"""A picture is read by a network that never saw its writer, and the figures are those of such readings."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from model.arabic.cross_validation import cross_validate
from model.arabic.reading import Written
from model.arabic.recipe import CANDIDATES, CELLS, CHOSEN
from model.articles.folds import writer_folds
from model.data import Digits
from tests.model.arabic.written import by_heart

FOLDS, SEED = 4, 1


@pytest.fixture(scope="module")
def told() -> list[Digits]:
    return []


@pytest.fixture(scope="module")
def result(written: Written, told: list[Digits], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    cells, batches = (CELLS[1], CELLS[3]), {1: 2}
    scratch = tmp_path_factory.mktemp("scratch")
    return cross_validate(cells, CANDIDATES[CHOSEN], written, FOLDS, SEED, scratch, batches=batches, fit=by_heart(told))


def test_who_learns_by_heart_reads_nothing_that_is_held_out(result: dict[str, Any]) -> None:
    for cell in result["cells"]:
        assert cell["accuracy"]["mean"] == pytest.approx(0.1)  # all zeros are called zeros, and nothing else is read
        assert cell["errors"] == 360
        assert [row["errors"] for row in cell["by_digit"]] == [0] + 9 * [40]


def test_each_network_learns_from_all_other_writers(result: dict[str, Any], told: list[Digits], written: Written) -> None:
    assert [len(training) for training in told] == 2 * FOLDS * [300]
    assert result["writers_on_both_sides"] == 0
    for cell in result["cells"]:
        assert [(row["training_n"], row["test_n"], row["test_writers"]) for row in cell["folds"]] == FOLDS * [(300, 100, 1)]
    held_out = writer_folds(written.writer, FOLDS, SEED)
    labels = [np.delete(written.labels, chosen) for chosen in held_out]
    assert all(np.array_equal(training.labels, expected) for training, expected in zip(told, 2 * labels, strict=True))


def test_a_cell_says_mean_spread_n_durations_parameters_and_time(result: dict[str, Any]) -> None:
    small, large = result["cells"]
    assert (small["parameters"], large["parameters"]) == (198_482, 208_722)
    assert small["accuracy"] | {"mean": 0, "lowest": 0, "highest": 0} == {
        "mean": 0,
        "sd": pytest.approx(0),
        "ddof": 1,
        "n": FOLDS,
        "lowest": 0,
        "highest": 0,
    }
    assert (large["seconds"], large["processor_seconds"]) == (8.0, 4.0)
    assert large["latency"]["threads"] == 1
    assert large["latency"]["batches"][0]["median_ms"] > 0


def test_cells_are_compared_fold_by_fold(result: dict[str, Any]) -> None:
    assert result["differences"] == [{"of": ("residual-deeper-48", "residual-deeper"), "mean": 0.0, "sd": 0.0, "ddof": 1, "n": FOLDS}]


def test_more_folds_than_writers_are_refused(written: Written, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="5 folds cannot be made of 4 writers"):
        cross_validate(CELLS, CANDIDATES[CHOSEN], written, 5, SEED, tmp_path, fit=by_heart([]))
