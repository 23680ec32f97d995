"""What a benchmark leaves behind says where it comes from and loses nothing."""

import json
import platform
from dataclasses import replace
from pathlib import Path

import cv2

from loadtests.bench import figure
from loadtests.bench.apart import APART
from loadtests.bench.figure import MARKS, draw
from loadtests.bench.plan import cases
from loadtests.bench.report import COLUMNS, Machine, as_json, as_markdown, row, this_machine
from loadtests.bench.runs import Cell, Memory
from loadtests.bench.servers import BARE_ROUTE, OURS, TORCHSERVE_BATCHED
from loadtests.bench.workloads import DISTINCT, REPEATED
from loadtests.drawing import ACCENT
from tests.loadtests.bench.test_runs import run

MACHINE = Machine("a processor", 2, 23.4, "2026-01-01T00:00:00+00:00", "abc1234", "CPython 3.11.2")
RUNS = [
    run(Cell(workload, connections, server), number, 1_000 * (number + 1))
    for number in range(3)
    for workload, connections, server in (
        (DISTINCT, 1, OURS),
        (DISTINCT, 32, OURS),
        (DISTINCT, 32, TORCHSERVE_BATCHED),
        (REPEATED, 32, BARE_ROUTE),
    )
]


def test_every_run_is_kept() -> None:
    told = json.loads(as_json(MACHINE, 5, RUNS))
    assert told["machine"]["commit"] == "abc1234"
    assert told["machine"]["python"] == "CPython 3.11.2"
    assert len(told["runs"]) == len(RUNS)
    assert told["runs"][1]["cell"] == {"workload": DISTINCT, "connections": 32, "server": OURS}
    assert len(told["targets"]) > 10


def test_the_table_has_a_row_for_each_cell_with_median_and_extremes() -> None:
    table = [line for line in as_markdown(MACHINE, 5, RUNS).splitlines() if line.startswith("|")]
    assert len(table) == 2 + 4
    assert all(line.count("|") == len(COLUMNS) + 1 for line in table)
    assert f"| {DISTINCT} | 32 | {OURS} | 2,000 (1,000 to 3,000) |" in table[3]


def test_watched_memory_has_a_table_of_its_own() -> None:
    assert "process |" not in as_markdown(MACHINE, 5, RUNS)
    watched = replace(RUNS[0], answers=1_000, memory={"gateway": Memory.of([100, 150, 120, 126])})
    assert "| gateway | 150 | 126 | 1.050 | 4 | 1,000 |" in as_markdown(MACHINE, 5, [watched]).splitlines()
    assert json.loads(as_json(MACHINE, 5, [watched]))["runs"][0]["memory"]["gateway"]["end_mb"] == 126


def test_what_is_no_server_has_no_memory_and_its_processor_where_that_was_measured() -> None:
    loop = replace(RUNS[0], processor_us=74.0, resident_mb=0.0)
    assert row(loop.cell, [loop])[7:9] == ("74", "")
    assert row(loop.cell, [replace(loop, processor_us=0.0)])[7:9] == ("", "")


def test_a_machine_knows_itself() -> None:
    machine = this_machine()
    assert platform.python_version() in (machine.python or "")
    assert machine.cores >= 1
    assert machine.processor


def test_the_figure_has_panels_of_what_was_measured(tmp_path: Path) -> None:
    distinct, repeated = ([run for run in RUNS if run.cell.workload == workload] for workload in (DISTINCT, REPEATED))
    widths = []
    for number, runs in enumerate((RUNS, distinct, repeated)):
        draw(runs, tmp_path / f"{number}.png")
        drawn = cv2.imread(str(tmp_path / f"{number}.png"))
        assert drawn is not None
        widths.append(drawn.shape[1])
    assert widths == [1_800, 1_200, 600]


def test_every_server_has_a_colour_and_a_mark_of_its_own() -> None:
    servers = {server for case in cases(["distinct"], list(APART)) for server in case.servers}
    colours = {ACCENT, *figure.RIVALS}
    assert len(servers) <= min(len(colours), len(set(MARKS)))


def test_what_has_no_panel_is_not_drawn(tmp_path: Path) -> None:
    draw([run(Cell("network alone", 1, "int8"), 0, 1_000)], tmp_path / "none.png")
    assert not list(tmp_path.iterdir())
