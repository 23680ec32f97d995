"""A store is told of every epoch and result while training goes on; without one, or without the library, nothing is different."""

import json
import sys
import tomllib
from pathlib import Path

import numpy as np
import pytest
import torch

from model.__main__ import main
from model.articles import commands as articles
from model.commands import training
from model.splitting import Writers
from model.tracking import LIBRARY, VARIABLE, tracked
from tests.model.bars import bars
from tests.model.tracked_store import Store

ROOT = Path(__file__).parents[2]
PICTURES = bars(60, 0)
QUICK = ["--epochs", "2", "--batch-size", "20"]
TRAIN = ["train", "--recipe", "dense512", *QUICK, "--seeds", "1", "2"]

needs_the_library = pytest.mark.filterwarnings("ignore")  # its own, of SQLAlchemy's age
Printed = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    torch.set_num_threads(1)
    monkeypatch.delenv(VARIABLE, raising=False)
    monkeypatch.setattr(training, "training_split", lambda folder: (PICTURES, PICTURES[:20]))
    monkeypatch.setattr(articles, "train_digits", lambda folder: PICTURES)
    monkeypatch.setattr("model.splitting.load_writers", lambda which: Writers(np.arange(60, dtype=np.uint16) // 5, np.zeros(60, np.uint8)))


@pytest.fixture
def _no_library(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "mlflow", None)


@pytest.mark.usefixtures("_no_library")
def test_without_a_store_nothing_of_the_library_is_asked_for(tmp_path: Path) -> None:
    assert main([*TRAIN[:-1], "--out", str(tmp_path / "runs")]) == 0
    assert [path.name for path in tmp_path.iterdir()] == ["runs"]


@pytest.mark.usefixtures("_no_library")
@pytest.mark.parametrize("said", ["option", "variable"])
def test_without_the_library_one_line_says_what_brings_it_before_anything_is_trained(
    said: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: Printed
) -> None:
    store = str(tmp_path / "track.db")
    if said == "variable":
        monkeypatch.setenv(VARIABLE, store)
    assert main([*TRAIN, "--out", str(tmp_path / "runs"), *(["--track", store] if said == "option" else [])]) == 1
    [line] = capsys.readouterr().err.splitlines()
    assert f"`pip install {LIBRARY}`" in line
    assert list(tmp_path.iterdir()) == []


def test_the_extra_brings_what_the_line_names() -> None:
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    assert [wanted.split(">=")[0] for wanted in extras["tracking"]] == [LIBRARY]
    assert f"\n{LIBRARY}==" not in (ROOT / "requirements.lock").read_text()


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store" / "track.db")


@pytest.mark.extra
@needs_the_library
def test_a_training_is_told_epoch_by_epoch_and_read_back_as_it_was(store: Store, tmp_path: Path) -> None:
    runs = tmp_path / "runs"
    assert main([*TRAIN, "--out", str(runs), "--track", store.file]) == 0
    command, trained = store.runs()
    assert command.data.tags["command"] == command.info.run_name
    assert command.info.run_name.startswith("python -m model train --recipe dense512 ")
    assert [run.data.params["seed"] for run in trained] == ["1", "2"]
    for run, folder in zip(trained, sorted(runs.iterdir()), strict=True):
        history = json.loads((folder / "history.json").read_text())
        assert run.info.run_name == f"runs/{folder.name}"
        assert (run.data.params["network"], run.data.params["optimizer"], run.data.params["augmentation.zoom"]) == (
            "dense512",
            "rmsprop",
            str(history["recipe"]["augmentation"]["zoom"]),
        )
        for figure in ("training_loss_running", "validation_loss", "validation_accuracy", "seconds"):
            assert store.told(run, figure) == [(place, epoch[figure]) for place, epoch in enumerate(history["epochs"], start=1)]
        assert store.file_of(run, "history.json", tmp_path) == history
    assert {run.info.status for run in (command, *trained)} == {"FINISHED"}


@pytest.mark.extra
@needs_the_library
def test_a_cross_validation_leaves_its_folds_and_its_results_file(store: Store, tmp_path: Path) -> None:
    out = ["--out", str(tmp_path / "out"), "--scratch", str(tmp_path / "scratch"), "--track", store.file]
    assert main(["cross-validate", "--network", "dense512", *QUICK, "--folds", "2", "--by", "writers", *out]) == 0
    command, folds = store.runs()
    [results] = (tmp_path / "out").glob("cross-validation-*.json")
    written = json.loads(results.read_text())
    assert store.file_of(command, results.name, tmp_path) == written
    assert command.data.metrics["accuracy.mean"] == written["accuracy"]["mean"]
    assert [run.info.run_name for run in folds] == [f"{results.stem}/fold{fold}" for fold in (1, 2)]
    for run, fold in zip(folds, written["folds"], strict=True):
        steps, accuracies = zip(*store.told(run, "test_accuracy"), strict=True)
        assert steps == (1, 2)
        assert accuracies[-1] == pytest.approx(fold["accuracy"], abs=1e-6)


@pytest.mark.extra
@needs_the_library
def test_what_goes_on_after_an_interruption_is_told_whole(store: Store, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def interrupted(folder: Path, recipe: str, seed: int) -> None:
        raise KeyboardInterrupt

    one = [*TRAIN[:-1], "--out", str(tmp_path / "runs"), "--track"]
    with monkeypatch.context() as patched:
        patched.setattr(training, "_draw_curves", interrupted)
        assert main([*one, store.file]) == 130
    command, [run] = store.runs()
    assert {command.info.status, run.info.status} == {"KILLED"}
    again = Store(tmp_path / "store" / "again.db")
    assert main([*one, again.file]) == 0
    _, [resumed] = again.runs()
    assert again.told(resumed, "validation_loss") == store.told(run, "validation_loss")


@pytest.mark.extra
@needs_the_library
def test_a_store_that_fails_later_costs_its_record_and_no_run(store: Store, tmp_path: Path, capsys: Printed) -> None:
    with tracked(store.file, "a command") as tracking:
        Path(store.file).unlink()
        Path(store.file).mkdir()
        (tmp_path / "results.json").write_text('{"accuracy": 0.5}')
        tracking.results(tmp_path / "results.json")
        tracking.results(tmp_path / "results.json")
    [line] = [line for line in capsys.readouterr().err.splitlines() if "racking" in line]
    assert line.startswith("tracking has failed, and goes on no further: ")


@pytest.mark.extra
@needs_the_library
def test_files_that_cannot_be_kept_cost_no_run(store: Store, tmp_path: Path, capsys: Printed) -> None:
    (tmp_path / "results.json").write_text('{"accuracy": 0.5}')
    with tracked(store.file, "a command") as tracking:
        Path(f"{store.file}.files").write_text("in the way of a folder")
        tracking.results(tmp_path / "results.json")
    assert "tracking has failed, and goes on no further: " in capsys.readouterr().err


@pytest.mark.extra
@needs_the_library
def test_a_store_that_cannot_be_opened_is_one_line_and_nothing_is_trained(tmp_path: Path, capsys: Printed) -> None:
    assert main([*TRAIN, "--out", str(tmp_path / "runs"), "--track", "nosuch://store"]) == 1
    assert "nothing can be tracked in nosuch://store: " in capsys.readouterr().err
    assert not (tmp_path / "runs").exists()
