"""A recipe's line is the mean of its seeds with spread and n, all together is another line, and every reading is in the log."""

import json
from pathlib import Path

import numpy as np
import pytest

from model.accuracy.seeds import Answers, Measured, figures, gained, measure_seeds
from model.data import Digits
from model.evaluate import as_served, weights_digest, write_json
from model.inference import softmax
from model.judge import Panel
from model.metrics import cross_entropy
from model.runs import RunsMissing, finished_runs


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("log") / "LOG.md"


@pytest.fixture(scope="module")
def measured(runs: Path, panel: Panel, log: Path) -> Measured:
    return measure_seeds("first", runs, panel.digits[:20], panel, command="a command", log=log)


def test_each_seed_stands_with_its_own_figures_and_weights(measured: Measured, runs: Path, panel: Panel) -> None:
    rows = measured.report["seeds"]
    assert [row["seed"] for row in rows] == [1, 2, 3]
    for row in rows:
        run = finished_runs("first", runs)[row["seed"]][0]
        assert row["weights_sha256"] == weights_digest(run.folder / "weights.pt")
        logits = as_served(run).logits(panel.digits.pixels)
        assert row["as_is"]["test_accuracy"] == (logits.argmax(axis=1) == panel.digits.labels).mean()
        assert row["as_is"]["validation_loss"] == pytest.approx(cross_entropy(logits[:20], panel.digits.labels[:20]), abs=1e-5)
        assert row["as_is"]["validation_loss"] == pytest.approx(run.kept["validation_loss"], abs=1e-3)
        assert row["training_seconds"] == sum(epoch["seconds"] for epoch in run.history["epochs"]) > 0


def test_the_mean_is_that_of_the_seeds_with_spread_ends_and_n(measured: Measured) -> None:
    values = [row["as_is"]["test_accuracy"] for row in measured.report["seeds"]]
    mean = measured.report["mean"]["as_is"]["test_accuracy"]
    assert mean == {
        "mean": pytest.approx(np.mean(values)),
        "sd": pytest.approx(np.std(values, ddof=1)),
        "n": 3,
        "lowest": min(values),
        "highest": max(values),
    }


def test_all_together_is_the_mean_of_their_probabilities(measured: Measured, runs: Path, panel: Panel) -> None:
    each = [softmax(as_served(found[0]).logits(panel.digits.pixels)) for found in finished_runs("first", runs).values()]
    accuracy = (np.mean(each, axis=0).argmax(axis=1) == panel.digits.labels).mean()
    assert measured.report["ensemble"]["n"] == 3
    assert measured.report["ensemble"]["as_is"]["test_accuracy"] == accuracy


def test_moving_pictures_about_is_a_line_of_its_own(measured: Measured) -> None:
    rows = measured.report["seeds"]
    assert any(row["moved_about"]["validation_loss"] != row["as_is"]["validation_loss"] for row in rows)
    assert measured.report["ensemble"]["moved_about"] != measured.report["ensemble"]["as_is"]


def test_every_reading_is_noted(measured: Measured, log: Path) -> None:
    noted = [line for line in log.read_text().splitlines() if "bars" in line]
    assert [line.split("`")[1] for line in noted] == [
        *(f"a command (first, seed {seed}){more}" for seed in (1, 2, 3) for more in ("", ", moved about")),
        "a command (first, 3 together, as_is)",
        "a command (first, 3 together, moved_about)",
    ]
    accuracy = measured.report["seeds"][0]["as_is"]["test_accuracy"]
    assert f"test accuracy {100 * accuracy:.2f} % (n = 60)" in noted[0]


def test_known_label_errors_count_in_one_figure_and_not_in_the_other(panel: Panel) -> None:
    labels = panel.digits.labels
    said = np.eye(10)[labels]
    said[[3, 17, 40]] = np.eye(10)[(labels[[3, 17, 40]] + 1) % 10]
    told = figures(Answers(said[:20], said), panel.digits[:20], panel)
    assert (told["test_accuracy"], told["test_errors"]) == (57 / 60, 3)
    assert told["test_accuracy_without_label_errors"] == 57 / 58


def test_a_certain_error_is_a_large_loss_and_no_infinity() -> None:
    answers = Answers(np.eye(10), np.eye(10))
    labels = np.array([*range(9), 0], np.uint8)
    panel = Panel("certain", Digits(np.zeros((10, 28, 28), np.uint8), labels), None)  # type: ignore[arg-type]  # nobody asks who wrote
    assert 70 < figures(answers, panel.digits, panel)["validation_loss"] < 71


def test_errors_are_listed_once_those_of_most_seeds_first_and_marked(measured: Measured, panel: Panel) -> None:
    told, labels = measured.report["errors"], panel.digits.labels
    rows = told["pictures"]
    assert [row["wrong_by"] for row in rows] == sorted((row["wrong_by"] for row in rows), reverse=True)
    assert len({row["index"] for row in rows}) == len(rows) == told["by_any"]
    assert sum(row["wrong_by"] == 3 for row in rows) == told["by_all"]
    for row in rows:
        assert row["label"] == labels[row["index"]]
        assert sum(digit != row["label"] for digit in row["read"]) == row["wrong_by"]
        assert row["label_known_wrong"] == (row["index"] in (3, 17))
    counted = sum(seed["as_is"]["test_errors"] for seed in measured.report["seeds"])
    assert counted == sum(row["wrong_by"] for row in rows) > 0


def test_what_is_gained_is_taken_seed_by_seed_on_equal_seeds(measured: Measured, runs: Path, panel: Panel, log: Path) -> None:
    other = measure_seeds("second", runs, panel.digits[:20], panel, command="c", log=log, only=[1, 2, 3]).report
    assert [row["seed"] for row in other["seeds"]] == [2, 3]
    more = gained(measured.report, other)
    assert more["seeds"] == [2, 3]
    ones, others = measured.report["seeds"][1:], other["seeds"]
    expected = [one["as_is"]["test_accuracy"] - two["as_is"]["test_accuracy"] for one, two in zip(ones, others, strict=True)]
    assert more["test_accuracy"]["mean"] == pytest.approx(np.mean(expected))
    assert more["test_accuracy"]["n"] == 2


def test_no_seed_in_common_is_one_line(measured: Measured, runs: Path, panel: Panel, log: Path) -> None:
    with pytest.raises(RunsMissing, match="first and first have no seed in common"):
        gained(measured.report, {**measured.report, "seeds": []})
    with pytest.raises(RunsMissing, match="recipe second with one of the seeds 1 is under"):
        measure_seeds("second", runs, panel.digits[:20], panel, command="c", log=log, only=[1])


def test_the_results_can_be_written(measured: Measured, tmp_path: Path) -> None:
    write_json(measured.report, tmp_path / "seeds.json")
    assert json.loads((tmp_path / "seeds.json").read_text())["shifts"][0] == [0, 0]
