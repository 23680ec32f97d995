"""Both gateways get as much load as each other, in turns, and the share is of all of it."""

from typing import cast

import pytest

from loadtests.bench import recording
from loadtests.bench.recording import Gateway, Hits


class Scripted:
    """Answers so many a second, and notes its turns."""

    def __init__(self, name: str, per_second: int, turns: list[str]) -> None:
        self.name, self.per_second, self.turns = name, per_second, turns

    def turn(self, hits: Hits, seconds: float) -> None:
        self.turns.append(self.name)
        hits.measured.latencies.extend([0.001] * self.per_second)
        hits.measured.seconds += seconds
        hits.processor_seconds += 0.5


def test_turns_alternate_and_so_does_who_is_first(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(recording, "SETTLED_SECONDS", 0.0)
    turns: list[str] = []
    gateways = {name: cast(Gateway, Scripted(name, rate, turns)) for name, rate in (("off", 1000), ("buffered", 900))}
    assert recording.pair(gateways, 3) == pytest.approx(0.9)
    assert turns == ["off", "buffered", "buffered", "off", "off", "buffered"]
    assert capsys.readouterr().out == "off 1000 hits/s (500 us of processor each), on 900 (556 us): 0.900\n"
