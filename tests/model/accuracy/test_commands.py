"""`python -m model seeds` writes what it prints, says when seeds are too few for a claim, and answers mistakes in one line."""

import json
from pathlib import Path

import pytest

from model import judge
from model.__main__ import main
from model.accuracy import commands
from model.judge import Panel

Printed = pytest.CaptureFixture[str]


@pytest.fixture
def _pictures(monkeypatch: pytest.MonkeyPatch, panel: Panel) -> None:
    """Bars stand for MNIST."""
    monkeypatch.setattr(commands, "training_split", lambda folder: (panel.digits, panel.digits[:20]))
    monkeypatch.setattr(judge, "test_digits", lambda folder: panel.digits)
    monkeypatch.setattr(judge, "load_writers", lambda which: panel.writers)
    monkeypatch.setattr(judge, "LABEL_ERRORS", (3, 17))


@pytest.mark.usefixtures("_pictures")
def test_the_results_and_what_is_printed_agree(runs: Path, tmp_path: Path, capsys: Printed) -> None:
    given = ["seeds", "--recipe", "first", "--against", "second", "--runs", str(runs)]
    assert main([*given, "--out", str(tmp_path), "--log", str(tmp_path / "LOG.md")]) == 0
    printed = capsys.readouterr().out
    told = json.loads((tmp_path / "seeds-first.json").read_text())
    mean = told["mean"]["as_is"]["test_accuracy"]
    assert f"test {100 * mean['mean']:.2f} +- {100 * mean['sd']:.2f} %" in printed.splitlines()[0]
    assert "first, 3 together, pictures moved about: validation " in printed
    assert "first minus second, seed by seed" in printed
    assert "no claim is made of a mean over fewer than 5 seeds" in printed
    assert (told["gained"]["seeds"], told["against"]["recipe"]) == ([2, 3], "second")
    assert told["generated"]["command"].startswith("python -m model seeds --recipe first")
    assert told["generated"]["seconds"] > 0
    assert (told["training_n"], told["validation_n"], told["test_n"], told["chosen"]) == (60, 20, 60, None)
    assert (tmp_path / "seeds-first-errors.png").exists()


@pytest.mark.usefixtures("_pictures")
@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--recipe", "third"], "no finished run of the recipe third is under"),
        (["--recipe", "first", "--released", "nowhere"], "release.json is missing"),
        (["--recipe", "first", "--against", "third"], "no finished run of the recipe third is under"),
    ],
)
def test_a_mistake_is_one_line(arguments: list[str], said: str, runs: Path, tmp_path: Path, capsys: Printed) -> None:
    there = ["--runs", str(runs), "--out", str(tmp_path), "--log", str(tmp_path / "LOG.md")]
    assert main(["seeds", *there, *arguments]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert said in line
