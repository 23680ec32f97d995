"""Training compares seeds and draws their curves; what cannot be trained or picked is one line."""

import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from model import distil
from model.__main__ import main
from model.inference import Classifier
from tests.model.commands.saying import Printed, complaint


@pytest.mark.usefixtures("_splits")
def test_train_compares_seeds_and_draws_learning_curves(tmp_path: Path, capsys: Printed) -> None:
    changed = ["--epochs", "1", "--dropouts", "0.2", "--batch-size", "50"]
    assert main(["train", "--recipe", "article", "--seeds", "1", "2", "--out", str(tmp_path), *changed]) == 0
    last = capsys.readouterr().out.splitlines()[-1]
    assert last.startswith("article-epochs=1-batch_size=50-dropouts=0.2: validation loss ")
    assert last.count("+-") == 2
    assert last.endswith("% (n = 20, seeds: 2)")
    runs = sorted(tmp_path.iterdir())
    assert [run.name for run in runs] == [f"article-epochs=1-batch_size=50-dropouts=0.2-dropout0.2-seed{seed}" for seed in (1, 2)]
    assert all((run / "learning-curves.png").exists() for run in runs)
    assert main(["train", "--recipe", "article", "--seeds", "1", "--out", str(tmp_path), *changed]) == 0
    assert "+-" not in capsys.readouterr().out.splitlines()[-1]


@pytest.mark.usefixtures("_splits")
def test_fewer_pictures_than_a_batch_are_refused(tmp_path: Path, capsys: Printed) -> None:
    assert main(["train", "--recipe", "article", "--limit", "60", "--out", str(tmp_path)]) == 1
    assert "60 training pictures are less than one batch of 128" in complaint(capsys)


@pytest.mark.usefixtures("_splits")
def test_a_student_without_its_teacher_is_one_line(tmp_path: Path, capsys: Printed) -> None:
    few = ["--limit", "60", "--batch-size", "20"]
    assert main(["train", "--recipe", "release", "--out", str(tmp_path), *few]) == 1
    assert "no finished run of the recipe teacher is under" in complaint(capsys)


@pytest.mark.usefixtures("_splits")
def test_a_student_of_a_network_that_is_not_there_is_one_line(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: Printed) -> None:
    monkeypatch.setattr(distil, "Classifier", lambda released: Classifier(tmp_path / "none"))
    few = ["--limit", "60", "--batch-size", "20"]
    assert main(["train", "--recipe", "student", "--out", str(tmp_path), *few]) == 1
    assert "release.json is missing" in complaint(capsys)


@pytest.mark.usefixtures("_splits")
def test_picking_known_digits_says_how_many_or_why_not(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: Printed) -> None:
    monkeypatch.setattr("model.known.pick_known", lambda released, data, out: 100)
    assert main(["known", "--out", str(tmp_path)]) == 0
    assert capsys.readouterr().out == f"100 known digits are in {tmp_path}\n"
    monkeypatch.undo()
    assert main(["known", "--out", str(tmp_path), "--released", str(tmp_path / "none")]) == 1
    assert "release.json is missing" in complaint(capsys)


def test_releasing_prints_what_was_chosen(monkeypatch: pytest.MonkeyPatch, capsys: Printed) -> None:
    chosen = SimpleNamespace(choose=lambda runs, recipe, data, released, **how: f"{recipe} from {runs}, {how}")
    monkeypatch.setitem(sys.modules, "model.release", chosen)
    assert main(["release", "--recipe", "release", "--runs", "somewhere"]) == 0
    assert capsys.readouterr().out == "release from somewhere, {'name': 'digits', 'at_least': 3}\n"
