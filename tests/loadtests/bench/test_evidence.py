"""What is kept of a benchmark tells the same, and is of one machine and commit."""

import json
from dataclasses import replace

import pytest

from loadtests.bench.evidence import Evidence, as_small_json, joined, parsed
from loadtests.bench.report import Machine, as_json
from loadtests.bench.runs import Cell, Memory
from loadtests.bench.servers import OURS
from loadtests.bench.workloads import DISTINCT, MEMORY, ZIPF
from tests.loadtests.bench.test_runs import run

MACHINE = Machine("a processor", 2, 23.4, "2026-01-01T00:00:00+00:00", "abc1234")
WATCHED = replace(run(Cell(MEMORY, 32, OURS), 0, 5_000), memory={"gateway": Memory.of([100.0] * 101)}, hit_share=0.8)
RUNS = (replace(run(Cell(DISTINCT, 32, OURS), 0, 1_000), per_second=1_234.5678), WATCHED)


def test_a_benchmark_is_read_as_it_was_measured() -> None:
    assert parsed(as_json(MACHINE, 5.0, RUNS)) == Evidence(MACHINE, 5.0, RUNS)


def test_what_is_kept_is_small_and_what_is_read_of_it_stays_the_same() -> None:
    kept = as_small_json(Evidence(MACHINE, 5.0, RUNS))
    assert len(kept) < len(as_json(MACHINE, 5.0, RUNS)) / 2
    first, watched = parsed(kept).runs
    assert (first.cell, first.per_second, first.memory) == (RUNS[0].cell, 1_234.6, None)
    assert watched.memory == {"gateway": Memory(100.0, 100.0, 1.0, ())}
    assert as_small_json(parsed(kept)) == kept
    assert len(kept.splitlines()) == len(RUNS) + 2


def test_what_two_measured_is_told_of_the_first() -> None:
    zipf = run(Cell(ZIPF, 32, OURS), 0, 9)
    both = joined([Evidence(MACHINE, 5.0, RUNS), Evidence(replace(MACHINE, date="later"), 5.0, (replace(RUNS[0], per_second=1.0), zipf))])
    assert both == Evidence(MACHINE, 5.0, (*RUNS, zipf))


@pytest.mark.parametrize(
    "other",
    [
        Evidence(replace(MACHINE, commit="def5678"), 5.0, RUNS),
        Evidence(replace(MACHINE, processor="another"), 5.0, RUNS),
        Evidence(replace(MACHINE, python="another"), 5.0, RUNS),
        Evidence(MACHINE, 2.0, RUNS),
    ],
)
def test_what_was_not_measured_alike_is_not_told_together(other: Evidence) -> None:
    with pytest.raises(ValueError, match="different"):
        joined([Evidence(MACHINE, 5.0, RUNS), other])


@pytest.mark.parametrize("text", ["{}", "[]", json.dumps({"machine": {}, "seconds": 5, "runs": []}), "no JSON"])
def test_what_is_no_benchmark_is_a_value_error(text: str) -> None:
    with pytest.raises(ValueError, match="no benchmark's figures"):
        parsed(text)
