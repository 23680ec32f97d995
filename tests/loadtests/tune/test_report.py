"""What is left behind says what was measured, advises what is better, and is what the gateway reads."""

import json
from pathlib import Path

import pytest

from gateway.tuning import Tuning
from loadtests.bench.report import Machine
from loadtests.tune.candidates import Setting
from loadtests.tune.report import Tuned, as_markdown, leave_behind
from tests.loadtests.tune.trials_made import PRESENT, trial

MACHINE = Machine("a processor", 2, 8.0, "2026-01-02T03:04:05+00:00", None)
BEST = Setting(largest_batch=8, workers=2)


def tuned(best_p95_ms: float, present_p95_ms: float = 10.0, refusals: int = 0) -> Tuned:
    """Two runs of the present setting, one of a candidate that is the best, and both in turn."""
    present, best = trial(PRESENT, present_p95_ms, refusals), trial(BEST, best_p95_ms)
    return Tuned(MACHINE, 200.0, 5.0, [present, trial(PRESENT, 12.0), trial(BEST, 1.0), present, best, present, best], BEST)


def test_what_is_better_is_advised() -> None:
    found = tuned(best_p95_ms=5.0)
    assert found.lines == ["GATEWAY_LARGEST_BATCH=8", "GATEWAY_WORKERS=2"]
    assert found.verdict == "to change, for 5.0 ms of p95 less (the noise is 2.0):"


def test_what_was_better_once_and_not_in_turn_is_not_advised() -> None:
    found = tuned(best_p95_ms=9.0)
    assert found.lines == []
    assert found.verdict == "nothing is better by more than the noise (2.0 ms of p95 between runs of the present settings)"


def test_the_run_that_made_it_the_best_does_not_count_for_it() -> None:
    present = trial(PRESENT, 10.0)
    found = Tuned(MACHINE, 200.0, 5.0, [present, present, trial(BEST, 1.0), present, trial(BEST, 5.0), present, trial(BEST, 9.0)], BEST)
    assert found.verdict == "to change, for 3.0 ms of p95 less (the noise is 0.0):"


def test_where_nothing_was_better_nothing_is_advised() -> None:
    assert Tuned(MACHINE, 200.0, 5.0, [trial(PRESENT, 10.0), trial(PRESENT, 10.0), trial(BEST, 20.0)], PRESENT).lines == []


def test_refusals_are_told_where_there_were_some() -> None:
    assert "6.0 refusals less" in tuned(best_p95_ms=50.0, refusals=6).verdict or tuned(best_p95_ms=50.0, refusals=6).lines == []


@pytest.mark.parametrize(("best_p95_ms", "lines"), [(5.0, ["GATEWAY_LARGEST_BATCH=8", "GATEWAY_WORKERS=2"]), (9.0, [])])
def test_the_gateway_reads_it(tmp_path: Path, best_p95_ms: float, lines: list[str]) -> None:
    leave_behind(tuned(best_p95_ms), tmp_path)
    assert Tuning.read(tmp_path) == Tuning(lines, 200.0, MACHINE.date)
    assert not list(tmp_path.glob("*.partial"))


def test_a_table_a_figure_and_all_figures_are_left(tmp_path: Path) -> None:
    found = tuned(best_p95_ms=5.0)
    folder = leave_behind(found, tmp_path)
    assert folder == tmp_path / "tune"
    assert (folder / "tune.png").read_bytes().startswith(b"\x89PNG")
    told = json.loads((folder / "tune.json").read_text())
    assert [run["p95_ms"] for run in told["trials"]] == [run.p95_ms for run in found.trials]
    assert told["lines"] == found.lines
    assert (folder / "tune.md").read_text() == as_markdown(found)


def test_the_table_has_a_row_a_run_and_the_advice() -> None:
    table = as_markdown(tuned(best_p95_ms=5.0))
    assert table.count("| present | 1000 | 0 | 5.0 | 10.0 | 20.0 | 1.50 | 0.10 |") == 3
    assert table.count("| GATEWAY_LARGEST_BATCH=8 GATEWAY_WORKERS=2 |") == 3
    assert table.endswith("```\nGATEWAY_LARGEST_BATCH=8\nGATEWAY_WORKERS=2\n```\n")
    assert "```" not in as_markdown(tuned(best_p95_ms=9.0))
