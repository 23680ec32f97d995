"""Evaluating writes evidence and card and ends with the accuracy; what is missing is one line."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from model import evaluate as evaluation
from model import judge
from model.__main__ import main
from model.compiled import native
from model.data import Digits
from model.network import build
from model.splitting import Writers
from tests.model.commands.saying import Printed, complaint


@pytest.fixture
def _test_set(monkeypatch: pytest.MonkeyPatch, known: Digits, tmp_path: Path) -> None:
    """The known digits stand for the test set; nothing is written into the real log, and nothing is timed."""
    writers = Writers(np.tile(np.arange(10), 10).astype(np.uint16), np.tile(np.repeat([0, 4], 5), 10).astype(np.uint8))
    timed: dict[str, Any] = {"processor": "X", "threads": 1, "batches": [{"batch": 1, "runs": 1, "median_ms": 1.0, "p95_ms": 1.0}]}
    monkeypatch.setattr(judge, "test_digits", lambda folder: known)
    monkeypatch.setattr(judge, "load_writers", lambda which: writers)
    monkeypatch.setattr(judge, "LABEL_ERRORS", (1,))
    monkeypatch.setattr("model.commands.evaluating.LOG", tmp_path / "LOG.md")
    monkeypatch.setattr(evaluation, "cpu_latency", lambda logits, batches: timed)


@pytest.mark.usefixtures("_test_set")
def test_evaluate_writes_evidence_and_card_and_ends_with_the_accuracy(tmp_path: Path, capsys: Printed) -> None:
    torch.manual_seed(0)
    torch.save(build("residual-pooled").state_dict(), tmp_path / "weights.pt")
    release = {"model": "digits", "network": "residual-pooled", "recipe": "release", "seed": 1, "dropout": 0.3}
    (tmp_path / "release.json").write_text(json.dumps({**release, "temperature": 1.0, "accept_threshold": 0.5}))
    out = tmp_path / "model" / "evidence"
    assert main(["evaluate", "--released", str(tmp_path), "--out", str(out)]) == 0
    evidence = json.loads((out / "evaluation.json").read_text())
    assert capsys.readouterr().out.splitlines()[-1] == f"test accuracy {100 * evidence['accuracy']:.2f} % (n = 100)"
    assert evidence["generated"]["command"].startswith("python -m model evaluate --released")
    assert (tmp_path / "model" / "CARD.md").read_text().startswith("# Model card: digits\n")
    assert (tmp_path / "LOG.md").read_text().count("test accuracy") == 1 + len(native(None)), "at single precision, and in each arithmetic"


@pytest.mark.usefixtures("_test_set", "_splits")
@pytest.mark.parametrize(
    ("arguments", "said"), [([], "release.json is missing"), (["--recipe", "article"], "no finished run of the recipe article is under")]
)
def test_evaluating_nothing_is_one_line(arguments: list[str], said: str, tmp_path: Path, capsys: Printed) -> None:
    nowhere = ["--released", str(tmp_path), "--runs", str(tmp_path), "--out", str(tmp_path / "evidence")]
    assert main(["evaluate", *nowhere, *arguments]) == 1
    assert said in complaint(capsys)


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has a GPU")
@pytest.mark.usefixtures("_test_set")
def test_asking_for_a_gpu_where_there_is_none_is_one_line(capsys: Printed) -> None:
    assert main(["evaluate", "--device", "cuda"]) == 1
    assert "there is no device 'cuda' here" in complaint(capsys)
