"""`python -m model`: helps without torch, says in one line what a user got wrong, and ends as it promises to."""

import subprocess
import sys
from pathlib import Path

import pytest

import model
from model import data
from model.__main__ import main
from model.commands import pictures
from tests.model.commands.saying import Printed, complaint

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


@pytest.fixture
def _no_sources(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(data, "MIRRORS", ())
    monkeypatch.setenv("PATH", str(tmp_path))


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
        (["train", "--recipe", "dense512", "--epochs", "0"], "--epochs is 0; it is at least 1"),
        (["train", "--recipe", "dense512", "--epochs", "few"], "few"),
        (["split", "--qmnist", "nowhere"], "nowhere/qmnist-train-labels.tsv.gz"),
    ],
)
def test_a_wrong_name_or_number_is_one_line(arguments: list[str], said: str, capsys: Printed) -> None:
    assert main(arguments) == 1
    assert said in complaint(capsys)


def test_interrupting_is_no_error_of_ours(monkeypatch: pytest.MonkeyPatch, capsys: Printed) -> None:
    def interrupted(folder: Path) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(pictures, "fetch", interrupted)
    assert main(["fetch"]) == 130
    assert complaint(capsys) == "python -m model fetch: interrupted"
