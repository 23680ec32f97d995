"""Looking at MNIST prints what it holds and keeps the counts."""

import json
from pathlib import Path

import pytest

from model.__main__ import main
from model.commands import pictures
from model.data import Digits
from tests.model.commands.saying import Printed


def test_explore_describes_both_sets_and_draws_the_training_set(
    known: Digits, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: Printed
) -> None:
    monkeypatch.setattr(pictures, "train_digits", lambda folder: known)
    monkeypatch.setattr(pictures, "test_digits", lambda folder: known[:30])
    monkeypatch.setattr("model.explore.draw", lambda train, folder: [folder / f"{len(train)}.png"])
    assert main(["explore", "--out", str(tmp_path), "--evidence", str(tmp_path)]) == 0
    printed = capsys.readouterr().out.splitlines()
    assert printed[0].startswith("training pictures 100x28x28")
    assert printed[-1] == str(tmp_path / "100.png")
    counted = json.loads((tmp_path / "explore.json").read_text())
    assert counted["generated"]["seconds"] > 0
    assert (counted["training"]["n"], counted["test"]["digits"]) == (100, [10, 10, 10, *[0] * 7])
