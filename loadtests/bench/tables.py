"""What benchmarks measured, as a reader who decides in a minute wants it: Markdown of what was measured and of nothing else."""

import textwrap
from collections.abc import Sequence
from dataclasses import replace

from loadtests.bench.columns import NONE, Lines, cells_of, cpu, cpu_seconds, four, p50, p99, rate, servers_of, spread, table
from loadtests.bench.evidence import Evidence
from loadtests.bench.figure import REPEATS
from loadtests.bench.hit_rates import CONNECTIONS, MEASURED
from loadtests.bench.large import LARGEST, WHOLE_DECODE
from loadtests.bench.runs import Cell, Run, ratio
from loadtests.bench.servers import OURS, OURS_TWICE, OURS_TWO_WORKERS, OURS_UNCACHED
from loadtests.bench.workloads import (
    AHEAD,
    BESIDE,
    DISTINCT,
    HIT_RATES,
    NETWORK,
    NETWORK_BF16,
    PHOTOGRAPHS,
    REDIS,
    REPEATED,
    SENT_AHEAD,
    SMALL,
    WRK,
    WRK_REDIS,
    ZIPF,
)

WIDTH = 140
ALT = "Throughput and p99 of new pictures over connections, and throughput of pictures that come again, of each server"
AGAIN = {
    REPEATED: "the same picture",
    AHEAD: f"the same picture, {SENT_AHEAD} requests sent ahead on each connection",
    WRK: "the same picture, by wrk (statuses checked)",
    REDIS: "a thousand, from Redis",
    WRK_REDIS: "a thousand, from Redis, by wrk (statuses checked)",
    ZIPF: "popular ones among 60,000 (Zipf)",
}
TOGETHER = {OURS: (1, 1), OURS_TWICE: (2, 1), OURS_TWO_WORKERS: (1, 2)}
"""Gateway processes and TorchServe workers."""


def section(evidence: Evidence) -> str:
    """The whole of it, with its heading."""
    runs = evidence.runs
    parts = (new_pictures(runs), again(runs), hit_rates(runs), photographs(runs), workers(runs), sentences(runs))
    return "\n\n".join("\n".join(part) for part in (heading(evidence), *parts) if part) + "\n"


def heading(evidence: Evidence) -> Lines:
    machine, rounds = evidence.machine, len({run.round for run in evidence.runs})
    python = f" {machine.python}," if machine.python else ""
    where = (
        f"On {machine.processor}, {machine.cores} cores shared by servers and load,{python} {machine.date[:10]}, "
        f"commit {machine.commit or 'unknown'}: medians of {rounds} rounds of {evidence.seconds:g} s, least and most in brackets. "
        "Servers take turns within a round, and every answer is checked. CPU seconds are those of all processes of a server. "
        "`make bench` measures it anew, as [loadtests/bench](loadtests/bench) has it."
    )
    drawn = any(run.cell.workload in (DISTINCT, *REPEATS) for run in evidence.runs)
    figure = ["", f"![{ALT}](loadtests/bench/evidence.png)"] if drawn else []
    return ["## How fast", "", *textwrap.wrap(where, WIDTH, break_on_hyphens=False), *figure]


def new_pictures(runs: Sequence[Run]) -> Lines:
    """What no cache can help with, beside every rival."""
    columns = ("new pictures", "32 connections, a second", "p50 ms", "p99 ms", "CPU s a million", "128, a second", "p99 ms", "1, p50 ms")
    rows = []
    for server in servers_of(runs, DISTINCT):
        if server == OURS_TWO_WORKERS:  # which has a table of its own
            continue
        one, some, many = (Cell(DISTINCT, connections, server) for connections in (1, 32, 128))
        told = (rate(runs, some), p50(runs, some), p99(runs, some), cpu(runs, some), rate(runs, many), p99(runs, many), p50(runs, one))
        rows.append((server, *told))
    return table(columns, rows)


def again(runs: Sequence[Run]) -> Lines:
    cells = [cell for workload in AGAIN for cell in cells_of(runs, workload)]
    columns = ("pictures that come again", "server", "a second", "p50 ms", "p99 ms", "CPU s a million")
    return table(columns, [(f"{AGAIN[cell.workload]}, {cell.connections} connections", cell.server, *four(runs, cell)) for cell in cells])


def hit_rates(runs: Sequence[Run]) -> Lines:
    """What each rate saves of the seconds that new pictures cost; without caches that is what caches cost."""
    none_before = spread(runs, Cell(HIT_RATES[0], CONNECTIONS, OURS), cpu_seconds)
    rows = []
    for percent, server in MEASURED:
        cell = Cell(HIT_RATES[percent], CONNECTIONS, server)
        seen = spread(runs, cell, cpu_seconds)
        if seen is None or none_before is None:
            continue
        saved = none_before.median - seen.median
        told = NONE if (percent, server) == (0, OURS) else f"{saved:,.0f} ({100 * saved / none_before.median:.0f} %)"
        rows.append((f"{percent} %" + (", caches off" if server == OURS_UNCACHED else ""), *four(runs, cell), told))
    return table((f"sent before, {CONNECTIONS} connections", "a second", "p50 ms", "p99 ms", "CPU s a million", "saved against 0 %"), rows)


def photographs(runs: Sequence[Run]) -> Lines:
    rows = []
    for megapixels, workload in PHOTOGRAPHS.items():
        cell = Cell(workload, 1, OURS)
        if cell in cells_of(runs, workload):
            decoded = p50(runs, Cell(workload, 1, WHOLE_DECODE))
            rows.append((f"{megapixels} megapixel{'s' * (megapixels > 1)}", p50(runs, cell), p99(runs, cell), decoded))
    return table(("photographs", "p50 ms", "p99 ms", "merely decoded, p50 ms"), rows)


def workers(runs: Sequence[Run]) -> Lines:
    if OURS_TWO_WORKERS not in servers_of(runs, DISTINCT):
        return []
    columns = ("gateway processes", "TorchServe workers", "32 connections, a second", "p99 ms", "128, a second", "p99 ms")
    rows = []
    for server, (processes, behind) in TOGETHER.items():
        some, many = (Cell(DISTINCT, connections, server) for connections in (32, 128))
        rows.append((str(processes), str(behind), rate(runs, some), p99(runs, some), rate(runs, many), p99(runs, many)))
    return table(columns, rows)


def processes(runs: Sequence[Run]) -> Lines:
    """How much two serve of what caches know, beside a load that shares their cores."""
    told = []
    for workload, pictures in AGAIN.items():
        for cell in cells_of(runs, workload):
            twice = replace(cell, server=OURS_TWICE)
            if cell.server == OURS and (seen := ratio(runs, "per_second", twice, cell)) is not None:
                shares = [spread(runs, each, lambda run: run.generator_share) for each in (cell, twice)]
                load = " and ".join(f"{share.median:.2f}" for share in shares if share is not None)
                told.append(
                    f"- Two gateway processes by one, {pictures}, {cell.connections} connections: {seen.median:.2f} "
                    f"({seen.least:.2f} to {seen.most:.2f}); the load takes {load} of a core beside one and beside two."
                )
    return told


def sentences(runs: Sequence[Run]) -> Lines:
    """What needs no table."""
    told = processes(runs)
    for cell in (*cells_of(runs, NETWORK), *cells_of(runs, NETWORK_BF16)):
        alone = f"{rate(runs, cell)} pictures a second on one thread, {cpu(runs, cell)} CPU seconds a million"
        told.append(f"- The network alone ({cell.server}): {alone}.")
    small, beside = Cell(SMALL, None, OURS), Cell(BESIDE, None, OURS)
    if beside in cells_of(runs, BESIDE):
        late = f"p99 {p99(runs, small)} ms, and {p99(runs, beside)} ms while photographs of {LARGEST} megapixels come without a pause"
        told.append(f"- A hundred small pictures a second: {late}.")
    for run in runs:
        if run.memory is not None:
            held = ", ".join(f"{name} {of.largest_mb:,.0f} MB ({100 * (of.growth - 1):+.1f} %)" for name, of in run.memory.items())
            told.append(f"- Memory at its largest over {run.answers:,} answers, and growth over the last half of them: {held}.")
    return told
