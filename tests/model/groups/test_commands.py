"""`groups` reads the test set once, notes that, writes its evidence and the card; the committed evidence is of the released network."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch

import model
from model import splitting
from model.__main__ import main
from model.card import card_from
from model.committed import EVIDENCE, RELEASED
from model.data import Digits
from model.evaluate import weights_digest
from model.splitting import Writers

Printed = pytest.CaptureFixture[str]


@pytest.fixture
def _known_digits(monkeypatch: pytest.MonkeyPatch) -> None:
    """They stand for test and for validation pictures."""
    torch.set_num_threads(1)
    with np.load(Path(model.__file__).parent / "known" / "digits.npz") as stored:
        known = Digits(stored["pixels"], stored["labels"])
    writers = Writers(np.tile(np.arange(10), 10).astype(np.uint16), np.tile(np.repeat([0, 4], 5), 10).astype(np.uint8))
    monkeypatch.setattr("model.judge.test_digits", lambda folder: known)
    monkeypatch.setattr("model.groups.commands.training_split", lambda folder: (known, known))
    monkeypatch.setattr(splitting, "validation_indices", lambda: np.arange(100))
    monkeypatch.setattr("model.judge.load_writers", lambda which: writers)
    monkeypatch.setattr(splitting, "load_writers", lambda which: writers)


@pytest.mark.usefixtures("_known_digits")
def test_evidence_card_and_log_say_what_was_measured(tmp_path: Path, capsys: Printed) -> None:
    out, log = tmp_path / "model" / "evidence", tmp_path / "LOG.md"
    out.mkdir(parents=True)
    shutil.copy(EVIDENCE / "evaluation.json", out)
    assert main(["groups", "--out", str(out), "--log", str(log), "--resamples", "50", "--seed", "3"]) == 0
    told = json.loads((out / "groups.json").read_text())
    assert (told["n"], told["seed"], told["resamples"]) == (100, 3, 50)
    assert told["weights_sha256"] == weights_digest(RELEASED / "weights.pt")
    assert told["generated"]["command"].startswith("python -m model groups --out")
    assert told["generated"]["seconds"] > 0
    assert told["generated"]["machine"]["processor"]
    assert [group["n"] for group in told["validation"]["groups"]] == [50, 50]
    assert log.read_text().count("MNIST test set") == 1
    assert "MNIST test set: census staff (HSF 0, 5 writers, n = 50) 100.00 % [100.00 %, 100.00 %]" in capsys.readouterr().out
    card = (tmp_path / "model" / "CARD.md").read_text()
    assert card == card_from(out)
    assert "| census staff (HSF 0) | 5 | 50 | 100.00 % [100.00 %, 100.00 %] | 0 |" in card


@pytest.mark.usefixtures("_known_digits")
@pytest.mark.parametrize(
    ("arguments", "said"), [(["--resamples", "0"], "there is at least 1"), (["--released", "nowhere"], "release.json is missing")]
)
def test_what_cannot_be_measured_is_one_line_and_no_reading(arguments: list[str], said: str, tmp_path: Path, capsys: Printed) -> None:
    assert main(["groups", "--out", str(tmp_path), "--log", str(tmp_path / "LOG.md"), *arguments]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert said in line
    assert list(tmp_path.iterdir()) == []


def test_the_committed_groups_are_those_of_the_committed_evaluation() -> None:
    groups, evaluation = (json.loads((EVIDENCE / f"{name}.json").read_text()) for name in ("groups", "evaluation"))
    assert groups["weights_sha256"] == evaluation["model"]["weights_sha256"] == weights_digest(RELEASED / "weights.pt")
    assert [group["errors"] for group in groups["test"]["groups"]] == [group["errors"] for group in evaluation["series"]["groups"]]
    assert groups["n"] == evaluation["n"]
