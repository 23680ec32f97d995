"""`python -m model`: helps without torch, says in one line what a user got wrong, and ends as it promises to."""

import json
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

import model
from model import data, distil, judge, splitting
from model import evaluate as evaluation
from model.__main__ import main
from model.compiled import native
from model.data import Digits
from model.inference import Classifier
from model.network import build
from model.splitting import Writers

COMMANDS = (
    "fetch",
    "explore",
    "split",
    "train",
    "release",
    "known",
    "evaluate",
    "archive",
    "torchscript",
    "throughput",
    "compare",
    "groups",
    "card",
    "cross-validate",
    "report",
    "handcrafted",
    "reproduce",
    "corruptions",
    "explain",
    "compare-explanations",
    "seeds",
    "edge",
    "edge-bench",
    "edge-page",
    "adversarial",
    "trust",
)
Printed = pytest.CaptureFixture[str]


@pytest.fixture(scope="module")
def known() -> Digits:
    with np.load(Path(model.__file__).parent / "known" / "digits.npz") as stored:
        return Digits(stored["pixels"], stored["labels"])


@pytest.fixture
def _no_sources(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(data, "MIRRORS", ())
    monkeypatch.setenv("PATH", str(tmp_path))


@pytest.fixture
def _splits(monkeypatch: pytest.MonkeyPatch, known: Digits) -> None:
    """The known digits stand for training and validation pictures."""
    torch.set_num_threads(1)
    monkeypatch.setattr("model.__main__.training_split", lambda folder: (known, known[:20]))


def complaint(capsys: Printed) -> str:
    """The one line on stderr."""
    printed = capsys.readouterr()
    (line,) = printed.err.splitlines()
    assert "Traceback" not in line
    return line


def test_every_command_helps_without_importing_torch() -> None:
    script = f"""
import contextlib, io, sys
from model.__main__ import main
for command in {[None, *COMMANDS]!r}:
    shown = io.StringIO()
    with contextlib.suppress(SystemExit), contextlib.redirect_stdout(shown):
        main(["--help"] if command is None else [command, "--help"])
    assert "usage: python -m model" in shown.getvalue()
assert "torch" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", script], check=True, cwd=Path(model.__file__).parents[1])


def test_the_module_runs_and_names_every_command() -> None:
    root = Path(model.__file__).parents[1]
    shown = subprocess.run([sys.executable, "-m", "model", "--help"], check=True, cwd=root, capture_output=True, text=True).stdout
    assert all(f"    {command} " in shown.replace("\n", " ") for command in COMMANDS)


def test_no_command_is_a_usage_error(capsys: Printed) -> None:
    with pytest.raises(SystemExit) as left:
        main([])
    assert left.value.code == 2
    assert "COMMAND" in capsys.readouterr().err


@pytest.mark.usefixtures("_no_sources")
@pytest.mark.parametrize("command", [["fetch"], ["explore"], ["train", "--recipe", "article"], ["evaluate"]])
def test_without_data_or_network_one_line_says_what_to_put_where(command: list[str], tmp_path: Path, capsys: Printed) -> None:
    assert main([*command, "--data", str(tmp_path / "mnist")]) == 1
    line = complaint(capsys)
    assert line.startswith(f"python -m model {command[0]}: ")
    assert str(tmp_path / "mnist") in line
    assert "train-images-idx3-ubyte" in line


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (
            ["train", "--recipe", "best"],
            "no recipe is called 'best'; there are article, dense512, teacher, release, student, student-alone",
        ),
        (["train", "--recipe", "article", "--network", "lenet"], "no network is called 'lenet'; there are article, "),
        (["train", "--recipe", "article", "--device", "tpu"], "there is no device 'tpu' here"),
        (["split", "--qmnist", "nowhere"], "nowhere/qmnist-train-labels.tsv.gz"),
    ],
)
def test_a_wrong_name_is_one_line(arguments: list[str], said: str, capsys: Printed) -> None:
    assert main(arguments) == 1
    assert said in complaint(capsys)


def test_interrupting_is_no_error_of_ours(monkeypatch: pytest.MonkeyPatch, capsys: Printed) -> None:
    def interrupted(folder: Path) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("model.__main__.fetch", interrupted)
    assert main(["fetch"]) == 130
    assert complaint(capsys) == "python -m model fetch: interrupted"


def test_explore_describes_both_sets_and_draws_the_training_set(
    known: Digits, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: Printed
) -> None:
    monkeypatch.setattr("model.__main__.train_digits", lambda folder: known)
    monkeypatch.setattr("model.__main__.test_digits", lambda folder: known[:30])
    monkeypatch.setattr("model.explore.draw", lambda train, folder: [folder / f"{len(train)}.png"])
    assert main(["explore", "--out", str(tmp_path), "--evidence", str(tmp_path)]) == 0
    printed = capsys.readouterr().out.splitlines()
    assert printed[0].startswith("training pictures 100x28x28")
    assert printed[-1] == str(tmp_path / "100.png")
    counted = json.loads((tmp_path / "explore.json").read_text())
    assert (counted["training"]["n"], counted["test"]["digits"]) == (100, [10, 10, 10, *[0] * 7])


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


def test_release_and_archive_print_what_they_made(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: Printed) -> None:
    class NotExportable(Exception):
        pass

    def build_archive(released: Path, out_folder: Path) -> Path:
        if not released.exists():
            raise NotExportable(f"{released} is missing")
        return out_folder / "digits.mar"

    chosen = SimpleNamespace(choose=lambda runs, recipe, data, released, **how: f"{recipe} from {runs}, {how}")
    monkeypatch.setitem(sys.modules, "model.release", chosen)
    monkeypatch.setitem(sys.modules, "model.export", SimpleNamespace(build_archive=build_archive, NotExportable=NotExportable))
    assert main(["release", "--recipe", "release", "--runs", "somewhere"]) == 0
    assert main(["archive", "--released", str(tmp_path), "--out", "folder"]) == 0
    assert capsys.readouterr().out.splitlines() == ["release from somewhere, {'name': 'digits', 'at_least': 3}", "folder/digits.mar"]
    assert main(["archive", "--released", str(tmp_path / "none")]) == 1
    assert "is missing" in complaint(capsys)


@pytest.fixture
def _test_set(monkeypatch: pytest.MonkeyPatch, known: Digits, tmp_path: Path) -> None:
    """The known digits stand for the test set; nothing is written into the real log, and nothing is timed."""
    writers = Writers(np.tile(np.arange(10), 10).astype(np.uint16), np.tile(np.repeat([0, 4], 5), 10).astype(np.uint8))
    train_writers = splitting.load_writers("train")
    timed: dict[str, Any] = {"processor": "X", "threads": 1, "batches": [{"batch": 1, "runs": 1, "median_ms": 1.0, "p95_ms": 1.0}]}
    monkeypatch.setattr("model.__main__.test_digits", lambda folder: known)
    monkeypatch.setattr(splitting, "load_writers", lambda which: writers)
    monkeypatch.setattr(evaluation, "load_writers", lambda which: train_writers)
    monkeypatch.setattr(judge, "LABEL_ERRORS", (1,))
    monkeypatch.setattr(evaluation, "LOG", tmp_path / "LOG.md")
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
