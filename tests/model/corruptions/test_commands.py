"""`python -m model corruptions` writes what it measured and how, notes readings of test pictures, and says in a line what is wrong."""

import json
from pathlib import Path

import numpy as np
import pytest

from model import splitting
from model.__main__ import main
from model.committed import RELEASED
from model.corruptions import commands
from model.corruptions.table import CORRUPTIONS
from model.data import Digits
from model.splitting import Writers

Printed = pytest.CaptureFixture[str]
WRITERS = Writers(np.tile(np.arange(10), 10).astype(np.uint16), np.zeros(100, np.uint8))


@pytest.fixture
def _digits(monkeypatch: pytest.MonkeyPatch, known: Digits) -> None:
    """The known digits stand for both sets; the last thirty are held out."""
    monkeypatch.setattr("model.judge.test_digits", lambda folder: known)
    monkeypatch.setattr(commands, "training_split", lambda folder: (known[np.arange(70)], known[np.arange(70, 100)]))
    monkeypatch.setattr(splitting, "validation_indices", lambda: np.arange(70, 100))
    monkeypatch.setattr("model.judge.load_writers", lambda which: WRITERS)
    monkeypatch.setattr(splitting, "load_writers", lambda which: WRITERS)


def run(tmp_path: Path, *arguments: str) -> int:
    return main(["corruptions", "--out", str(tmp_path / "evidence"), "--log", str(tmp_path / "LOG.md"), *arguments])


@pytest.mark.usefixtures("_digits")
def test_the_test_set_is_measured_noted_drawn_and_told(tmp_path: Path, capsys: Printed) -> None:
    assert run(tmp_path, "--pictures", "12", "--seed", "3") == 0
    told = json.loads((tmp_path / "evidence" / "corruptions.json").read_text())
    assert (told["n"], told["seed"], told["panel"]) == (12, 3, "MNIST test set")
    assert told["generated"]["command"].endswith("--pictures 12 --seed 3")
    assert told["generated"]["seconds"] > 0
    assert told["generated"]["machine"]["processor"]
    assert told["seen"] == ["rotate", "translate", "scale", "shear"]
    assert told["clean"]["network"]["errors"] == 0
    assert (tmp_path / "evidence" / "corruptions.png").stat().st_size > 1_000
    noted = [line for line in (tmp_path / "LOG.md").read_text().splitlines() if "MNIST-C regenerated, mean of 15" in line]
    assert [line.split(" · ")[1].rsplit(", ", 1)[1] for line in noted] == ["network", "upload"]
    lines = capsys.readouterr().out.splitlines()
    assert [line[:14].strip() for line in lines[1:-1]] == ["clean", *CORRUPTIONS, "mean", "mean, unseen"]
    assert lines[-1].startswith("(n = 12, seed 3")


@pytest.mark.usefixtures("_digits")
def test_results_of_a_network_that_is_not_served_bear_its_name_and_what_its_pictures_were_spoilt_by(tmp_path: Path) -> None:
    released = tmp_path / "other"
    released.mkdir()
    (released / "weights.pt").write_bytes((RELEASED / "weights.pt").read_bytes())
    facts = json.loads((RELEASED / "release.json").read_text())
    (released / "release.json").write_text(json.dumps({**facts, "model": "other", "recipe": "sturdy"}))
    assert run(tmp_path, "--released", str(released), "--split", "validation", "--pictures", "5") == 0
    assert sorted(path.stem for path in (tmp_path / "evidence").glob("*.json")) == ["corruptions-validation-other"]
    told = json.loads((tmp_path / "evidence" / "corruptions-validation-other.json").read_text())
    assert told["trained_with"]["clutter"] > 0
    assert {"rotate", "fog", "impulse noise"} <= set(told["seen"])


@pytest.mark.usefixtures("_digits")
def test_the_validation_split_has_a_file_of_its_own_and_is_no_reading_of_the_test_set(tmp_path: Path) -> None:
    assert run(tmp_path, "--split", "validation", "--pictures", "5") == 0
    assert sorted(path.name for path in (tmp_path / "evidence").iterdir()) == ["corruptions-validation.json", "corruptions-validation.png"]
    assert json.loads((tmp_path / "evidence" / "corruptions-validation.json").read_text())["panel"] == "MNIST validation split"
    assert not (tmp_path / "LOG.md").exists()


@pytest.mark.usefixtures("_digits")
@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--pictures", "101"], "--pictures is 101; there are 100"),
        (["--released", "none"], "none/release.json is missing"),
    ],
)
def test_what_cannot_be_measured_is_one_line(arguments: list[str], said: str, tmp_path: Path, capsys: Printed) -> None:
    assert run(tmp_path, *arguments) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("python -m model corruptions: ")
    assert said in line
    assert not (tmp_path / "LOG.md").exists()


@pytest.mark.usefixtures("_digits")
def test_a_part_of_the_pictures_never_replaces_what_is_committed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Printed) -> None:
    monkeypatch.setattr(commands, "EVIDENCE", tmp_path / "model" / "evidence")
    assert main(["corruptions", "--pictures", "12", "--log", str(tmp_path / "LOG.md")]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.endswith("--pictures cuts what is measured, and model/evidence is committed; name another place: --out var/trial")


@pytest.mark.usefixtures("_digits")
def test_a_release_of_no_recipe_is_refused_before_anything_is_read(tmp_path: Path, capsys: Printed) -> None:
    released = tmp_path / "released"
    released.mkdir()
    (released / "weights.pt").write_bytes((RELEASED / "weights.pt").read_bytes())
    facts = json.loads((RELEASED / "release.json").read_text())
    (released / "release.json").write_text(json.dumps({**facts, "recipe": "lost"}))
    assert run(tmp_path, "--released", str(released)) == 1
    assert "names no recipe" in capsys.readouterr().err
