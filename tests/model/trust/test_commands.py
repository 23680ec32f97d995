"""`python -m model trust`: what is missing is one line, and results, figures and the reading of the test set are written."""

import json
import shutil
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from model.__main__ import main
from model.committed import RELEASED
from model.data import Digits
from model.splitting import Writers
from model.trust import commands, fashion, measure
from model.trust.figures import NAMES

Printed = pytest.CaptureFixture[str]


def test_without_fashion_mnist_one_line_says_how_to_get_it(tmp_path: Path, capsys: Printed) -> None:
    assert main(["trust", "--fashion", str(tmp_path)]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("python -m model trust: no t10k-images-idx3-ubyte.gz under ")
    assert "apt-get download dataset-fashion-mnist" in line


def test_without_a_released_network_one_line_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: Printed) -> None:
    monkeypatch.setattr(fashion, "fashion_pictures", lambda folder: np.zeros((2, 28, 28), np.uint8))
    assert main(["trust", "--released", str(tmp_path / "nowhere")]) == 1
    assert "no released network" in capsys.readouterr().err


def test_a_release_that_lacks_its_threshold_is_one_line_before_any_data(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: Printed
) -> None:
    monkeypatch.setattr(fashion, "fashion_pictures", lambda folder: np.zeros((2, 28, 28), np.uint8))
    lacking = shutil.copytree(RELEASED, tmp_path / "released")
    release = json.loads((lacking / "release.json").read_text())
    del release["accept_threshold"]
    (lacking / "release.json").write_text(json.dumps(release))
    assert main(["trust", "--released", str(lacking), "--data", str(tmp_path / "none"), "--out", str(tmp_path / "out")]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.endswith("release.json does not say accept_threshold")
    assert not (tmp_path / "out").exists()


def test_results_figures_and_the_reading_are_written(
    monkeypatch: pytest.MonkeyPatch, pictures: tuple[Digits, Writers], tmp_path: Path, capsys: Printed
) -> None:
    digits, writers = pictures
    monkeypatch.setattr(fashion, "fashion_pictures", lambda folder: digits.pixels[:8] // 2)
    monkeypatch.setattr(commands, "training_split", lambda folder: (digits, digits))
    monkeypatch.setattr("model.splitting.validation_writers", lambda: writers)
    monkeypatch.setattr("model.judge.test_digits", lambda folder: digits)
    small = partial(measure.Plan, variations=1, validation_fonts=("cmr10",), reported_fonts=("DejaVuSans",))
    monkeypatch.setattr(measure, "Plan", small)
    monkeypatch.setattr("model.judge.load_writers", lambda which: writers)
    log = tmp_path / "LOG.md"
    assert main(["trust", "--out", str(tmp_path), "--log", str(log), "--seed", "3", "--pictures", "10"]) == 0
    told = json.loads((tmp_path / "trust.json").read_text())
    assert (told["seed"], told["n"], told["generated"]["command"].split()[:4]) == (3, 1_200, ["python", "-m", "model", "trust"])
    assert told["generated"]["seconds"] > 0
    assert told["generated"]["machine"]["processor"]
    assert {path.name for path in tmp_path.glob("*.png")} == {f"trust-{name}.png" for name in NAMES}
    assert log.read_text().count("MNIST test set") == 1
    printed = capsys.readouterr().out
    assert printed.startswith("calibration error ")
    assert "sets of 99.9 %" in printed
    assert "served in float32: refused " in printed
    assert told["served"]["threshold"] == json.loads((RELEASED / "limits.json").read_text())["least"]


def test_a_release_without_limits_is_one_line_that_says_what_writes_them(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: Printed
) -> None:
    monkeypatch.setattr(fashion, "fashion_pictures", lambda folder: np.zeros((2, 28, 28), np.uint8))
    lacking = shutil.copytree(RELEASED, tmp_path / "released")
    (lacking / "limits.json").unlink()
    assert main(["trust", "--released", str(lacking), "--out", str(tmp_path / "out")]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.endswith("limits.json is missing or refuses nothing; `python -m model limits` writes it")


def test_limits_are_set_by_validation_pictures_beside_the_network(
    monkeypatch: pytest.MonkeyPatch, pictures: tuple[Digits, Writers], tmp_path: Path, capsys: Printed
) -> None:
    digits, writers = pictures
    monkeypatch.setattr(commands, "training_split", lambda folder: (digits[:0], digits))
    monkeypatch.setattr("model.splitting.validation_writers", lambda: writers)
    copied = shutil.copytree(RELEASED, tmp_path / "released")
    assert main(["limits", "--released", str(copied)]) == 0
    told = json.loads((copied / "limits.json").read_text())
    assert (told["score"], told["level"], told["quantile"]) == ("energy", 0.999, 0)
    assert f"no digit under {told['least']:.4f} nats of energy" in capsys.readouterr().out


def test_without_a_network_there_are_no_limits(tmp_path: Path, capsys: Printed) -> None:
    assert main(["limits", "--released", str(tmp_path / "nowhere")]) == 1
    assert "no released network" in capsys.readouterr().err


def test_a_set_of_no_pictures_is_refused(monkeypatch: pytest.MonkeyPatch, capsys: Printed) -> None:
    monkeypatch.setattr(fashion, "fashion_pictures", lambda folder: np.zeros((2, 28, 28), np.uint8))
    assert main(["trust", "--pictures", "0"]) == 1
    assert "--pictures is 0" in capsys.readouterr().err
