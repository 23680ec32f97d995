"""What a results file says of itself."""

import re
from pathlib import Path

import pytest

from model.committed import EVIDENCE
from model.provenance import Begun, commit
from model.results import read_result

COMMITTED = sorted(EVIDENCE.glob("*.json"))


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


@pytest.mark.parametrize("path", COMMITTED, ids=[path.stem for path in COMMITTED])
def test_a_committed_result_says_what_made_it_when_of_which_commit_for_how_long_and_on_what(path: Path) -> None:
    result = read_result(path)
    assert result is not None
    made = result["made"] if "signature" in result else result["generated"]
    assert made["command"].startswith("python -m ")
    assert re.fullmatch(r"20\d\d-\d\d-\d\dT\d\d:\d\dZ", made["date"])
    assert re.fullmatch(r"[0-9a-f]{12}\+?", made["commit"])
    assert made["seconds"] > 0
    assert made["machine"]["processor"]
    assert made["machine"]["cores"] >= 1
