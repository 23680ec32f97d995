"""Two runs side by side show what differs and nothing else; equal folds are compared fold by fold."""

import json
from pathlib import Path
from typing import Any

import pytest

from model.comparing import NotARun, Row, compare, fold_by_fold, read_run, table


def result(rate: float, accuracies: list[float], **changes: Any) -> dict[str, Any]:
    folds = [{"fold": place, "accuracy": accuracy} for place, accuracy in enumerate(accuracies, start=1)]
    recipe = {"learning_rate": rate, "dropouts": [0.5]}
    return {"protocol": "pictures", "seed": 1, "n": 60, "recipe": recipe, "seconds": 9.0, "folds": folds, **changes}


ONE, OTHER = result(1e-3, [0.90, 0.94]), result(2e-3, [0.92, 0.95], optimizer="adam")


def test_only_what_differs_is_shown() -> None:
    assert compare(ONE, ONE) == []
    assert compare(ONE, OTHER) == [Row("recipe.learning_rate", 1e-3, 2e-3), Row("optimizer", None, "adam")]
    assert table(compare(ONE, OTHER)).splitlines()[2:] == [
        "| recipe.learning_rate | 0.001 | 0.002 | +0.001 |",
        "| optimizer |  | adam |  |",
    ]


def test_of_epochs_the_last_counts() -> None:
    short, long = ({"epochs": [{"loss": 0.5}, {"loss": last}][:count]} for count, last in ((1, 0.0), (2, 0.25)))
    assert compare(short, long) == [Row("epochs", 1, 2), Row("epochs, the last.loss", 0.5, 0.25)]


def test_equal_folds_are_compared_fold_by_fold() -> None:
    assert fold_by_fold(ONE, OTHER) == pytest.approx((1.5, 0.5**0.5, 2))


@pytest.mark.parametrize("other", [result(1e-3, [0.9, 0.9, 0.9]), result(1e-3, [0.9, 0.9], seed=2), {"seed": 1}])
def test_other_folds_are_not(other: dict[str, Any]) -> None:
    assert fold_by_fold(ONE, other) is None


def test_a_run_is_a_folder_a_file_or_a_name_in_the_evidence(tmp_path: Path) -> None:
    (tmp_path / "history.json").write_text(json.dumps({"seed": 1}))
    (tmp_path / "one.json").write_text(json.dumps({"seed": 2}))
    assert read_run(tmp_path, tmp_path) == {"seed": 1}
    assert read_run(tmp_path / "one.json", tmp_path) == {"seed": 2}
    assert read_run(Path("one"), tmp_path) == {"seed": 2}


@pytest.mark.parametrize(("text", "said"), [(None, "in .* are none"), ("[", "is not JSON"), ("[1]", "holds no results")])
def test_what_is_no_run_is_one_line(tmp_path: Path, text: str | None, said: str) -> None:
    if text is not None:
        (tmp_path / "odd").write_text(text)
    with pytest.raises(NotARun, match=said):
        read_run(tmp_path / "odd", tmp_path / "evidence")
