"""Each table tells what was measured, in the right column, and is left out where nothing was."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from loadtests.bench.evidence import Evidence
from loadtests.bench.hit_rates import MEASURED
from loadtests.bench.large import WHOLE_DECODE
from loadtests.bench.report import Machine
from loadtests.bench.runs import Cell, Memory, Run
from loadtests.bench.servers import BARE_ROUTE, LITSERVE, OURS, OURS_TWICE, OURS_TWO_WORKERS, OURS_UNCACHED
from loadtests.bench.tables import again, hit_rates, new_pictures, photographs, processes, section, sentences, workers
from loadtests.bench.workloads import AHEAD, BESIDE, DISTINCT, HIT_RATES, MEMORY, NETWORK, PHOTOGRAPHS, REPEATED, SMALL, WRK

MACHINE = Machine("a processor", 2, 24.0, "2026-11-26T05:00:00+00:00", "abc1234", "CPython 3.11.2")


def measured(cell: Cell, *rates: float, p50: float = 1.0, p99: float = 3.0, us: float = 250.0) -> list[Run]:
    """A run a round."""
    return [Run(cell, number, 100, 1.0, rate, p50, 2.0, p99, 0.1, us, 100.0) for number, rate in enumerate(rates or (1_000.0,))]


def test_new_pictures_have_a_row_for_each_server_with_median_least_and_most() -> None:
    runs = [
        *measured(Cell(DISTINCT, 1, OURS), p50=0.8),
        *measured(Cell(DISTINCT, 32, OURS), 1_000.0, 3_000.0, 1_200.4, p50=4.0, p99=9.0),
        *measured(Cell(DISTINCT, 128, OURS), 4_000.0, p99=50.0),
        *measured(Cell(DISTINCT, 32, LITSERVE), us=2_500.0),
        *measured(Cell(DISTINCT, 32, OURS_TWO_WORKERS)),
    ]
    assert new_pictures(runs)[2:] == [
        "| digitserve | 1,200 (1,000 to 3,000) | 4.0 | 9.0 | 250 | 4,000 (4,000 to 4,000) | 50.0 | 0.8 |",
        "| LitServe | 1,000 (1,000 to 1,000) | 1.0 | 3.0 | 2,500 |  |  |  |",
    ]


def test_pictures_that_come_again_have_a_row_for_each_server() -> None:
    runs = [*measured(Cell(WRK, 32, OURS), 21_000.0), *measured(Cell(REPEATED, 32, OURS), 20_000.0, us=40.0)]
    runs += measured(Cell(REPEATED, 32, BARE_ROUTE), 9_000.0)
    assert again(runs)[2:] == [
        "| the same picture, 32 connections | digitserve | 20,000 (20,000 to 20,000) | 1.0 | 3.0 | 40 |",
        "| the same picture, 32 connections | bare FastAPI route | 9,000 (9,000 to 9,000) | 1.0 | 3.0 | 250 |",
        "| the same picture, by wrk (statuses checked), 32 connections | digitserve | 21,000 (21,000 to 21,000) | 1.0 | 3.0 | 250 |",
    ]


def test_two_processes_are_told_by_one_with_what_the_load_takes() -> None:
    one, twice = measured(Cell(AHEAD, 32, OURS), 50_000.0, 40_000.0), measured(Cell(AHEAD, 32, OURS_TWICE), 70_000.0, 60_000.0)
    seen = [*(replace(run, generator_share=0.09) for run in one), *(replace(run, generator_share=0.154) for run in twice)]
    assert processes(seen) == [
        "- Two gateway processes by one, the same picture, 16 requests sent ahead on each connection, 32 connections: 1.45 (1.40 to 1.50); "
        "the load takes 0.09 and 0.15 of a core beside one and beside two."
    ]
    assert processes(one) == processes(twice) == []


def test_what_a_hit_rate_saves_is_of_what_new_pictures_cost_and_caches_may_cost() -> None:
    us = {(0, OURS_UNCACHED): 380.0, (0, OURS): 400.0, (10, OURS): 370.0, (50, OURS): 220.0, (95, OURS): 60.0}
    runs = [run for percent, server in MEASURED for run in measured(Cell(HIT_RATES[percent], 32, server), us=us[percent, server])]
    saved = [row.rsplit(" | ", 2)[1:] for row in hit_rates(runs)[2:]]
    assert saved == [["380", "20 (5 %) |"], ["400", " |"], ["370", "30 (8 %) |"], ["220", "180 (45 %) |"], ["60", "340 (85 %) |"]]
    assert hit_rates(runs)[2].startswith("| 0 %, caches off | ")


def test_photographs_stand_beside_their_decoding() -> None:
    runs = [*measured(Cell(PHOTOGRAPHS[12], 1, OURS), p50=60.0), *measured(Cell(PHOTOGRAPHS[12], 1, WHOLE_DECODE), p50=50.0)]
    assert photographs(runs)[2:] == ["| 12 megapixels | 60.0 | 3.0 | 50.0 |"]


def test_processes_and_workers_are_told_where_they_were_compared() -> None:
    one, twice = measured(Cell(DISTINCT, 32, OURS)), measured(Cell(DISTINCT, 32, OURS_TWICE), 1_500.0)
    assert workers([*one, *twice]) == []
    assert workers([*one, *twice, *measured(Cell(DISTINCT, 128, OURS_TWO_WORKERS), 2_000.0)])[2:] == [
        "| 1 | 1 | 1,000 (1,000 to 1,000) | 3.0 |  |  |",
        "| 2 | 1 | 1,500 (1,500 to 1,500) | 3.0 |  |  |",
        "| 1 | 2 |  |  | 2,000 (2,000 to 2,000) | 3.0 |",
    ]


def test_single_figures_are_sentences() -> None:
    memory = {"gateway": Memory(150.4, 149.0, 1.004, ()), "JVM": Memory(280.0, 280.0, 0.999, ())}
    [watched] = measured(Cell(MEMORY, 32, OURS))
    runs = [
        replace(watched, answers=1_000_000, memory=memory),
        *measured(Cell(NETWORK, 1, "int8, batches of 64"), 9_000.0, us=110.0),
        *measured(Cell(SMALL, None, OURS), p99=4.0),
        *measured(Cell(BESIDE, None, OURS), p99=9.0),
    ]
    network, small, weighed = sentences(runs)
    assert network.startswith("- The network alone (int8, batches of 64): 9,000 (9,000 to 9,000) pictures a second")
    assert "110 CPU seconds" in network
    assert "p99 4.0 ms, and 9.0 ms while photographs of 12 megapixels" in small
    assert weighed.endswith("over 1,000,000 answers, and growth over the last half of them: gateway 150 MB (+0.4 %), JVM 280 MB (-0.1 %).")


def test_the_section_says_where_and_when_and_leaves_out_what_was_not_measured() -> None:
    told = section(Evidence(MACHINE, 5.0, tuple(measured(Cell(DISTINCT, 32, OURS), 1.0, 2.0, 3.0))))
    where = "On a processor, 2 cores shared by servers and load, CPython 3.11.2, 2026-11-26, commit abc1234: medians of 3 rounds of 5 s, "
    assert where in told.replace("\n", " ")
    assert "\nOn a processor, " in told
    assert sum(line.startswith("|---") for line in told.splitlines()) == 1
    assert all(len(line) <= 140 or line.startswith("![") for line in told.splitlines())
    photographed = tuple(measured(Cell(PHOTOGRAPHS[1], 1, OURS)))
    assert "evidence.png" in told
    assert "evidence.png" not in section(Evidence(MACHINE, 5.0, photographed))


@pytest.mark.parametrize("part", [new_pictures, again, hit_rates, photographs, workers, sentences])
def test_of_nothing_there_is_no_table(part: Callable[[list[Run]], list[str]]) -> None:
    assert part([]) == []
