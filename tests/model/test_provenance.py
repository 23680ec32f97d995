"""What a results file says of itself."""

import pytest

from model.provenance import Begun, commit


def test_a_command_s_results_say_when_it_began_and_how_long_it_took(monkeypatch: pytest.MonkeyPatch) -> None:
    times = iter([100.0, 107.5])
    days = iter(["2026-01-01T23:59Z", "2026-01-02T00:00Z"])
    monkeypatch.setattr("model.provenance.time.monotonic", lambda: next(times))
    monkeypatch.setattr("model.provenance.now", lambda: next(days))
    told = Begun("python -m model evaluate").generated()
    assert list(told) == ["command", "date", "commit", "seconds", "machine"]
    assert (told["command"], told["date"], told["seconds"]) == ("python -m model evaluate", "2026-01-01T23:59Z", 7.5)
    assert told["commit"] == commit()
    assert told["machine"]["processor"]


def test_of_what_went_on_after_an_interruption_the_seconds_are_those_of_its_work() -> None:
    assert Begun("python -m model cross-validate").generated(12_345.0)["seconds"] == 12_345.0
