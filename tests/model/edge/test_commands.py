"""What `edge` and `edge-bench` are asked wrongly is one line; what they are asked rightly is a table or JSON."""

import json
import shutil
from pathlib import Path

import pytest

from model.__main__ import main
from model.committed import EVIDENCE
from model.compiled import NotCompilable
from model.edge.measuring import CALIBRATION
from model.edge.page import page
from model.edge.runtimes import NAMES
from model.timing import processor
from tests.model.edge.fakes import AbsentRuntime, known
from tests.model.edge.test_bench import brought

Printed = pytest.CaptureFixture[str]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--exports", "nowhere"], "no exports: nowhere/exports.json is missing"),
        (["--calls", "0"], "--calls is 0"),
    ],
)
def test_what_cannot_be_timed_is_one_line(arguments: list[str], said: str, capsys: Printed) -> None:
    assert main(["edge-bench", *arguments]) == 1
    [line] = capsys.readouterr().err.splitlines()
    assert line.startswith("python -m model edge-bench: ")
    assert said in line


def test_an_unknown_runtime_is_a_usage_error(capsys: Printed) -> None:
    with pytest.raises(SystemExit) as left:
        main(["edge-bench", "--runtimes", "abacus"])
    assert left.value.code == 2
    assert "abacus" in capsys.readouterr().err


def test_the_device_is_named_as_asked_or_by_itself(tmp_path: Path, capsys: Printed) -> None:
    folder = str(brought(tmp_path, AbsentRuntime()))
    assert main(["edge-bench", "--exports", folder, "--device", "the kitchen's", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["device"], told["processor"], told["threads"], told["rows"]) == ("the kitchen's", processor(), 1, [])
    assert main(["edge-bench", "--exports", folder]) == 0
    header, _ = capsys.readouterr().out.splitlines()
    assert header.startswith("| device | runtime")


@pytest.mark.parametrize("cut", [["--limit", "9"], ["--runtimes", "onnx"]])
def test_a_part_of_the_exports_never_replaces_what_is_committed(
    cut: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Printed
) -> None:
    monkeypatch.setattr("model.edge.commands.EVIDENCE", tmp_path / "model" / "evidence")
    assert main(["edge", "--data", str(tmp_path / "none"), *cut]) == 1
    [line] = capsys.readouterr().err.splitlines()
    assert line == (
        f"python -m model edge: {cut[0]} cuts what is measured, and model/evidence is committed; "
        "name another place: --evidence var/trial/evidence/edge.json"
    )


def edge(folder: Path, monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    """`edge` where the known digits stand for all pictures; everything goes into the folder."""
    monkeypatch.setattr("model.edge.commands.training_split", lambda where: (known(), known()))
    monkeypatch.setattr("model.judge.test_digits", lambda where: known())
    return main(["edge", "--out", str(folder), "--evidence", str(folder / "edge.json"), "--log", str(folder / "LOG.md"), *arguments])


def test_without_a_network_edge_says_so_in_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Printed) -> None:
    assert edge(tmp_path, monkeypatch, "--released", str(tmp_path), "--calibration", "9") == 1
    [line] = capsys.readouterr().err.splitlines()
    assert line.startswith("python -m model edge: no released network")


def test_calibrating_on_more_pictures_than_there_are_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Printed) -> None:
    assert edge(tmp_path, monkeypatch, "--calibration", "101") == 1
    [line] = capsys.readouterr().err.splitlines()
    assert line == "python -m model edge: --calibration is 101; there are 100 training pictures"


def test_a_network_that_cannot_be_exported_is_one_line_and_no_reading(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Printed
) -> None:
    def refused(layers: object) -> None:
        raise NotCompilable("a network that does not begin with a convolution cannot be exported")

    monkeypatch.setattr("model.edge.measuring.portable", refused)
    assert edge(tmp_path, monkeypatch, "--calibration", "9") == 1
    [line] = capsys.readouterr().err.splitlines()
    assert line.endswith("a network that does not begin with a convolution cannot be exported")
    assert not (tmp_path / "LOG.md").exists()


def test_the_page_is_written_again_from_the_evidence_alone(tmp_path: Path, capsys: Printed) -> None:
    evidence = tmp_path / "evidence"
    evidence.mkdir()
    shutil.copy(EVIDENCE / "edge.json", evidence)
    assert main(["edge-page", "--evidence", str(evidence)]) == 0
    assert capsys.readouterr().out.strip() == str(tmp_path / "EDGE.md")
    assert (tmp_path / "EDGE.md").read_text() == page(evidence)


def test_the_commands_say_what_the_code_does() -> None:
    from model.__main__ import parser

    options = parser().parse_args(["edge"])
    assert options.calibration == CALIBRATION
    assert options.evidence == EVIDENCE / "edge.json"
    assert tuple(options.runtimes) == NAMES
