"""What `edge` and `edge-bench` are asked wrongly is one line; what they are asked rightly is a table or JSON."""

import json
from pathlib import Path

import pytest

from model.__main__ import main
from model.edge.commands import HERE
from model.edge.measuring import CALIBRATION
from model.edge.runtimes import NAMES
from model.timing import processor
from tests.model.edge.fakes import AbsentRuntime
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


def test_without_a_network_edge_says_so_in_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Printed) -> None:
    from tests.model.edge.fakes import known

    monkeypatch.setattr("model.edge.commands.training_split", lambda folder: (known(), known()))
    monkeypatch.setattr("model.edge.commands.test_digits", lambda folder: known())
    assert main(["edge", "--released", str(tmp_path), "--out", str(tmp_path), "--log", str(tmp_path / "LOG.md")]) == 1
    [line] = capsys.readouterr().err.splitlines()
    assert line.startswith("python -m model edge: no released network")


def test_the_commands_say_what_the_code_does() -> None:
    from model.__main__ import parser

    options = parser().parse_args(["edge"])
    assert options.calibration == CALIBRATION
    assert options.evidence == HERE / "evidence" / "edge.json"
    assert tuple(options.runtimes) == NAMES
