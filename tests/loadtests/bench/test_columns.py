"""A figure in a table is a median over rounds, and what was not measured has none."""

from dataclasses import replace

from loadtests.bench.columns import cells_of, four, rate, servers_of, table
from loadtests.bench.runs import Cell
from tests.loadtests.bench.test_runs import run

ONE, OTHER = Cell("distinct", 32, "one"), Cell("distinct", 128, "other")


def test_a_figure_is_the_median_of_its_own_cell() -> None:
    runs = [run(ONE, number, per_second) for number, per_second in enumerate((9_000, 1_000, 1_200))] + [run(OTHER, 0, 5)]
    runs = [replace(each, p50_ms=each.per_second, p99_ms=2 * each.per_second, processor_us=3 * each.per_second) for each in runs]
    assert four(runs, ONE) == ("1,200 (1,000 to 9,000)", "1200.0", "2400.0", "3,600")


def test_what_was_not_measured_is_empty() -> None:
    assert four([run(ONE, 0, 5)], OTHER) == ("", "", "", "")
    assert rate([], ONE) == ""


def test_cells_and_servers_are_told_once_in_their_order() -> None:
    runs = [run(cell, number, 5) for number in range(2) for cell in (OTHER, ONE)]
    assert cells_of(runs, "distinct") == [OTHER, ONE]
    assert servers_of(runs, "distinct") == ["other", "one"]
    assert servers_of(runs, "Zipf") == []


def test_a_table_without_rows_has_no_head() -> None:
    assert table(("a", "b"), [("1", "2")]) == ["| a | b |", "|---|---|", "| 1 | 2 |"]
    assert table(("a", "b"), []) == []
