"""What is measured is what would be served, each reading is in the log first, and the evidence can be read back."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

import model
from model.data import Digits
from model.evaluate import ARTICLE_CLAIMS, LOG_HEADING, accuracy_line, evaluate_recipe, evaluate_release, read, weights_digest, write_json
from model.inference import Classifier, ReleaseUnusable
from model.judge import Panel
from model.network import build
from model.recipes import ARTICLE
from model.runs import RunsMissing
from model.splitting import Writers

FEW = {1: 3, 64: 2}


@pytest.fixture(scope="module")
def panel() -> Panel:
    """The hundred known digits, ten to a writer, with two labels said to be wrong."""
    with np.load(Path(model.__file__).parent / "known" / "digits.npz") as known:
        digits = Digits(known["pixels"], known["labels"])
    writers = Writers(np.tile(np.arange(10), 10).astype(np.uint16), np.tile(np.repeat([0, 4], 5), 10).astype(np.uint8))
    return Panel("known digits", digits, writers, (3, 17))


@pytest.fixture
def released(tmp_path: Path) -> Path:
    """An untrained network, released."""
    folder = tmp_path / "released"
    folder.mkdir()
    torch.manual_seed(0)
    torch.save(build("residual-pooled").state_dict(), folder / "weights.pt")
    release = {
        "model": "digits",
        "network": "residual-pooled",
        "recipe": "release",
        "seed": 1,
        "dropout": 0.3,
        "temperature": 0.5,
        "accept_threshold": 0.2,
        "candidates": [],
    }
    (folder / "release.json").write_text(json.dumps(release))
    return folder


class Fixed:
    """Reads every picture as the same digit."""

    def __init__(self, digit: int) -> None:
        self.digit = digit

    def logits(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        return np.tile(np.eye(10, dtype=np.float32)[self.digit], (len(pixels), 1))


def test_the_predictions_are_those_of_the_served_classifier(released: Path, panel: Panel, tmp_path: Path) -> None:
    report = evaluate_release(released, panel, tmp_path / "out", command="c", log=tmp_path / "LOG.md", batches=FEW)
    served = Classifier(released).logits(panel.digits.pixels).argmax(axis=1)
    assert report["predicted"] == "".join(str(digit) for digit in served)
    assert report["model"]["arithmetic"] == Classifier.arithmetic


def test_the_evidence_says_which_weights_on_which_machine_by_which_command(released: Path, panel: Panel, tmp_path: Path) -> None:
    out = tmp_path / "out"
    evaluate_release(released, panel, out, command="python -m model evaluate", log=tmp_path / "LOG.md", batches=FEW)
    evidence = json.loads((out / "evaluation.json").read_text())
    assert evidence["generated"]["command"] == "python -m model evaluate"
    assert evidence["generated"]["machine"]["processor"]
    assert evidence["generated"]["seconds"] > sum(batch["median_ms"] for batch in evidence["latency"]["cpu"]["batches"]) / 1_000
    assert evidence["model"]["weights_sha256"] == weights_digest(released / "weights.pt")
    assert evidence["model"]["parameters"] == 157_714
    assert (evidence["n"], len(evidence["predicted"])) == (100, 100)
    assert evidence["data"] == {
        "training_n": 54_973,
        "training_writers": 492,
        "validation_n": 5_027,
        "validation_writers": 47,
        "panel": "known digits",
    }
    assert evidence["article_claims"] == ARTICLE_CLAIMS
    assert evidence["latency"]["cuda"] is None
    assert {path.name for path in out.iterdir()} == {"evaluation.json", "confusion.png", "reliability.png", "errors.png"}


def test_a_missing_release_is_said_and_nothing_is_logged(panel: Panel, tmp_path: Path) -> None:
    with pytest.raises(ReleaseUnusable):
        evaluate_release(tmp_path, panel, tmp_path / "out", command="c", log=tmp_path / "LOG.md")
    assert not (tmp_path / "LOG.md").exists()


def test_a_release_that_says_too_little_costs_no_reading(released: Path, panel: Panel, tmp_path: Path) -> None:
    release = json.loads((released / "release.json").read_text())
    del release["accept_threshold"]
    (released / "release.json").write_text(json.dumps(release))
    with pytest.raises(ReleaseUnusable, match="does not say accept_threshold"):
        evaluate_release(released, panel, tmp_path / "out", command="c", log=tmp_path / "LOG.md")
    assert not (tmp_path / "LOG.md").exists()


def test_each_reading_is_a_line_of_the_log_in_its_own_section(panel: Panel, tmp_path: Path) -> None:
    log = tmp_path / "LOG.md"
    log.write_text("# Log\n\nFirst.\n")
    for digit in (3, 4):
        read(Fixed(digit), panel, log, command="c", digest=f"{digit}" * 64)
    log.write_text(log.read_text() + "\n## Later\n\nLast.\n")
    read(Fixed(5), panel, log, command="c", digest="5" * 64)
    head, _, section = log.read_text().partition(LOG_HEADING)
    readings, _, later = section.partition("## Later")
    lines = [line for line in readings.splitlines() if line]
    assert head == "# Log\n\nFirst.\n\n"
    assert [line.split(" · ")[3] for line in lines] == ["weights 333333333333", "weights 444444444444", "weights 555555555555"]
    assert all(line.endswith("test accuracy 10.00 % (n = 100)") for line in lines)
    assert later == "\n\nLast.\n"


def test_the_log_has_the_reading_even_if_judging_it_fails(released: Path, panel: Panel, tmp_path: Path) -> None:
    log = tmp_path / "LOG.md"
    broken = Panel(panel.name, panel.digits, panel.writers, label_errors=(1_000,))
    with pytest.raises(IndexError):
        evaluate_release(released, broken, tmp_path / "out", command="c", log=log)
    assert log.read_text().count("test accuracy") == 1


def test_the_last_line_is_exact() -> None:
    assert accuracy_line(0.9971, 10_000) == "test accuracy 99.71 % (n = 10000)"


def test_evidence_is_written_so_that_changes_can_be_read(tmp_path: Path) -> None:
    report = {"a": np.arange(4).reshape(2, 2), "b": [{"x": np.int64(1), "y": np.float32(0.123456789)}], "c": None, "d": (0.25,)}
    write_json(report, tmp_path / "r.json")
    assert json.loads((tmp_path / "r.json").read_text()) == {"a": [[0, 1], [2, 3]], "b": [{"x": 1, "y": 0.123457}], "c": None, "d": [0.25]}
    assert "[ 2, 3 ]\n" in (tmp_path / "r.json").read_text()


def put_article_run(runs: Path, seed: int, dropout: float, loss: float) -> None:
    folder = runs / f"article-dropout{dropout:g}-seed{seed}"
    folder.mkdir(parents=True)
    torch.manual_seed(seed)
    torch.save(build("article").state_dict(), folder / "weights.pt")
    history: dict[str, Any] = {
        "recipe": asdict(ARTICLE),
        "seed": seed,
        "dropout": dropout,
        "epochs": [{"validation_loss": loss, "validation_accuracy": 0.9, "seconds": 2.5}],
        "rate_halved_after": [4, 9],
        "stopped_early_after": 12,
        "best_epoch": 1,
    }
    (folder / "history.json").write_text(json.dumps(history))


def test_a_recipe_is_its_seeds_each_with_the_dropout_that_validation_chose(panel: Panel, tmp_path: Path) -> None:
    for seed in (1, 2):
        for dropout in ARTICLE.dropouts:
            put_article_run(tmp_path / "runs", seed, dropout, loss=abs(dropout - 0.3) + 0.1)
    log = tmp_path / "LOG.md"
    evaluate_recipe("article", tmp_path / "runs", panel.digits, panel, tmp_path, command="c", log=log, batches=FEW)
    evidence = json.loads((tmp_path / "article.json").read_text())
    assert [(seed["seed"], seed["dropout"]) for seed in evidence["seeds"]] == [(1, 0.3), (2, 0.3)]
    assert evidence["parameters"] == 197_674
    assert evidence["mean"]["test_accuracy"]["n"] == 2
    assert evidence["seeds"][0]["training_accuracy"] == evidence["seeds"][0]["test_accuracy"]  # the same pictures, here
    assert evidence["seeds"][0]["rate_halved_after"] == [4, 9]
    assert evidence["seeds"][0]["stopped_early_after"] == 12
    assert [seed["training_seconds"] for seed in evidence["seeds"]] == [2.5 * len(ARTICLE.dropouts)] * 2
    assert evidence["generated"]["seconds"] > 0
    assert [row["batch"] for row in evidence["latency"]["cpu"]["batches"]] == [1, 64]
    assert log.read_text().count("test accuracy") == 2


def test_a_recipe_without_runs_is_refused_before_anything_is_read(panel: Panel, tmp_path: Path) -> None:
    with pytest.raises(RunsMissing):
        evaluate_recipe("article", tmp_path, panel.digits, panel, tmp_path, command="c", log=tmp_path / "LOG.md")
    assert not (tmp_path / "LOG.md").exists()
