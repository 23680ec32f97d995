"""`python -m gateway edge` hands over to a small process by one call, with what it was told, or says in one line why not."""

import signal
import sys
from pathlib import Path

import pytest

from gateway.__main__ import EXPORTED, INTERRUPTED, main
from gateway.device import __main__ as process
from gateway.device.command import FRUGAL, serve_on_device
from gateway.device.settings import DeviceSettings
from gateway.settings import Settings
from model.edge.commands import EXPORTS


def test_the_process_is_told_its_settings_and_to_be_frugal(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    monkeypatch.setenv("GATEWAY_PORT", "8001")
    became: list[tuple[str, list[str], dict[str, str]]] = []
    serve_on_device(Settings(), tmp_path / "digits-int8.onnx", replace=lambda *given: became.append(given))
    [(program, arguments, environment)] = became
    assert (program, arguments[:3]) == (sys.executable, [sys.executable, "-m", "gateway.device"])
    told = DeviceSettings.from_text(arguments[3])
    assert (told.port, told.network) == (8001, tmp_path / "digits-int8.onnx")
    assert environment["OMP_NUM_THREADS"] == "7"  # who says it knows better
    assert environment["MALLOC_ARENA_MAX"] == FRUGAL["MALLOC_ARENA_MAX"]


def test_what_it_cannot_be_is_one_line(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("GATEWAY_WORKERS", "2")
    assert main(["edge"]) == 1
    [line] = capsys.readouterr().err.splitlines()
    assert line.startswith("digitserve: GATEWAY_WORKERS")


def test_both_processes_say_the_same_where_somebody_interrupts() -> None:
    assert process.INTERRUPTED == INTERRUPTED == 128 + signal.SIGINT


def test_the_default_is_what_the_exports_are_called() -> None:
    assert EXPORTED.parent == EXPORTS
    assert EXPORTED.name == "digits-int8.onnx"
