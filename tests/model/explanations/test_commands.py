"""Explanations are measured from the command line: what was measured is printed and written, and a mistake is one line."""

import json
from pathlib import Path

import numpy as np
import pytest

from model.__main__ import main
from model.choice import KNOWN
from model.data import Digits
from model.splitting import Writers

Printed = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def _data(monkeypatch: pytest.MonkeyPatch) -> None:
    """The known digits stand for the test set, and for validation pictures."""
    with np.load(KNOWN) as stored:
        known = Digits(stored["pixels"], stored["labels"])
    monkeypatch.setattr("model.judge.test_digits", lambda folder: known)
    monkeypatch.setattr("model.judge.load_writers", lambda which: Writers(np.arange(100).astype(np.uint16), np.zeros(100, np.uint8)))
    monkeypatch.setattr("model.explanations.commands.training_split", lambda folder: (known[:0], known))


def test_explain_says_what_deleting_the_most_salient_ink_does(tmp_path: Path, capsys: Printed) -> None:
    assert main(["explain", "--out", str(tmp_path), "--log", str(tmp_path / "LOG.md"), "--pictures", "20"]) == 0
    told = json.loads((tmp_path / "explanation.json").read_text())
    assert f"difference {told['difference']['mean']:.3f} (95 %" in capsys.readouterr().out
    assert told["generated"]["command"].endswith("--pictures 20")
    assert (told["n"], told["seed"]) == (20, 0)
    assert (tmp_path / "explanations.png").stat().st_size > 1_000
    [noted] = [line for line in (tmp_path / "LOG.md").read_text().splitlines() if line.startswith("- ")]
    assert "· MNIST test set, 20 drawn by seed 0 · `python -m model explain" in noted
    assert told["weights_sha256"][:12] in noted
    assert noted.endswith("test accuracy 100.00 % (n = 20)")


def test_the_reading_is_noted_before_anything_is_made_of_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*given: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("model.faithful.faithfulness", broken)
    assert main(["explain", "--out", str(tmp_path), "--log", str(tmp_path / "LOG.md"), "--pictures", "20"]) == 130
    assert (tmp_path / "LOG.md").read_text().count("MNIST test set") == 1


@pytest.mark.parametrize("arguments", [["explain", "--pictures", "20"], ["compare-explanations", "--limit", "10"]])
def test_a_part_of_the_pictures_never_replaces_what_is_committed(
    arguments: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Printed
) -> None:
    monkeypatch.setattr("model.explanations.commands.EVIDENCE", tmp_path / "model" / "evidence")
    monkeypatch.setattr("model.explanations.commands.LOG", tmp_path / "LOG.md")
    assert main(arguments) == 1
    [line] = capsys.readouterr().err.splitlines()
    assert line.endswith(f"{arguments[1]} cuts what is measured, and model/evidence is committed; name another place: --out var/trial")


def test_comparing_writes_a_row_for_each_kind(tmp_path: Path, capsys: Printed) -> None:
    assert main(["compare-explanations", "--out", str(tmp_path), "--limit", "10"]) == 0
    told = json.loads((tmp_path / "explanations-tried.json").read_text())
    assert told["n"] == 10
    assert told["generated"]["seconds"] > 0
    assert len(capsys.readouterr().out.splitlines()) == len(told["kinds"]) + 2


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["explain", "--pictures", "101"], "there are 100"),
        (["explain", "--pictures", "5", "--released", "none"], "is missing"),
        (["compare-explanations", "--limit", "101"], "there are 100 validation pictures"),
        (["compare-explanations", "--released", "none"], "is missing"),
    ],
)
def test_explaining_nothing_is_one_line(arguments: list[str], said: str, tmp_path: Path, capsys: Printed) -> None:
    assert main([*arguments, "--out", str(tmp_path)]) == 1
    [line] = capsys.readouterr().err.splitlines()
    assert said in line
