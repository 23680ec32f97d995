"""What the commands make of settings."""

from pathlib import Path

import pytest

from gateway.__main__ import main
from gateway.embedded import Embedding


def test_run_takes_the_settings_of_what_it_starts(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    ran: list[Embedding] = []
    logs: list[tuple[str, ...]] = []

    def run(embedding: Embedding) -> int:
        ran.append(embedding)
        return 0

    monkeypatch.setattr("gateway.embedded.run", run)
    monkeypatch.setattr("gateway.__main__.set_up", lambda *said: logs.append(said))
    monkeypatch.setenv("GATEWAY_STATE_DIR", str(tmp_path))
    monkeypatch.setenv("GATEWAY_TORCHSERVE_WORKERS", "3")
    monkeypatch.setenv("GATEWAY_TORCHSERVE_THREADS", "2")
    monkeypatch.setenv("GATEWAY_TORCHSERVE_GPUS", "1")
    monkeypatch.setenv("GATEWAY_LOG_FORMAT", "json")
    assert main(["run"]) == 0
    [embedding] = ran
    assert (embedding.torchserve_workers, embedding.torchserve_threads, embedding.torchserve_gpus) == (3, 2, 1)
    assert embedding.archive == tmp_path / "archive" / "digits.mar"
    assert logs == [("info", "json")]
