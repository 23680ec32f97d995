"""What stands in a table: a figure is the median over the rounds of a cell, and nothing where that was not measured."""

from collections.abc import Callable, Iterable, Sequence

from loadtests.bench.runs import Cell, Run, Spread

NONE = ""
"""What is told of what was not measured."""

Lines = list[str]


def table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> Lines:
    """Nothing where there is no row."""
    lines = [f"| {' | '.join(row)} |" for row in rows]
    return [f"| {' | '.join(columns)} |", f"|{'---|' * len(columns)}", *lines] if lines else []


def rate(runs: Sequence[Run], cell: Cell) -> str:
    """Median, least and most."""
    seen = spread(runs, cell, lambda run: run.per_second)
    return NONE if seen is None else f"{seen.median:,.0f} ({seen.least:,.0f} to {seen.most:,.0f})"


def p50(runs: Sequence[Run], cell: Cell) -> str:
    return _told(runs, cell, lambda run: run.p50_ms, ".1f")


def p99(runs: Sequence[Run], cell: Cell) -> str:
    return _told(runs, cell, lambda run: run.p99_ms, ".1f")


def cpu(runs: Sequence[Run], cell: Cell) -> str:
    return _told(runs, cell, cpu_seconds, ",.0f")


def cpu_seconds(run: Run) -> float:
    """Seconds a million answers: microseconds an answer."""
    return run.processor_us


def four(runs: Sequence[Run], cell: Cell) -> tuple[str, ...]:
    """Rate, p50, p99 and CPU seconds."""
    return rate(runs, cell), p50(runs, cell), p99(runs, cell), cpu(runs, cell)


def spread(runs: Sequence[Run], cell: Cell, value: Callable[[Run], float]) -> Spread | None:
    values = [value(run) for run in runs if run.cell == cell]
    return Spread.of(values) if values else None


def cells_of(runs: Sequence[Run], workload: str) -> list[Cell]:
    """Of a workload, in the order in which they were measured first."""
    return list(dict.fromkeys(run.cell for run in runs if run.cell.workload == workload))


def servers_of(runs: Sequence[Run], workload: str) -> list[str]:
    return list(dict.fromkeys(cell.server for cell in cells_of(runs, workload)))


def _told(runs: Sequence[Run], cell: Cell, value: Callable[[Run], float], form: str) -> str:
    seen = spread(runs, cell, value)
    return NONE if seen is None else format(seen.median, form)
