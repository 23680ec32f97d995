"""What a benchmark leaves behind: every run as JSON with the machine it ran on, and a table for people."""

import json
import platform
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

import psutil

from loadtests.bench.runs import Cell, Run, Spread
from loadtests.bench.targets import verdicts
from loadtests.pictures import CHECKOUT

COLUMNS = (
    "workload", "connections", "server", "answers/s", "p50 ms", "p95 ms", "p99 ms",
    "processor us/answer", "memory MB", "out of a cache", "generator, of a core",
)  # fmt: skip

MEMORY_COLUMNS = ("process", "MB at its largest", "MB at the end", "growth over the last half", "samples", "answers")


@dataclass(frozen=True)
class Machine:
    """Where and when figures come from."""

    processor: str
    cores: int
    memory_gb: float
    date: str
    commit: str | None
    """With `+` where files differ from it; None where this is no checkout of git."""
    python: str | None = None
    """What runs all servers but TorchServe's Java: one built without profile-guided optimisation is slower. None in older figures."""


def this_machine() -> Machine:
    return Machine(
        processor=processor_name(),
        cores=psutil.cpu_count() or 0,
        memory_gb=round(psutil.virtual_memory().total / 2**30, 1),
        date=datetime.now(UTC).isoformat(timespec="seconds"),
        commit=commit(),
        python=f"{platform.python_implementation()} {platform.python_version()}, {platform.python_compiler()}",
    )


def processor_name() -> str:
    told = Path("/proc/cpuinfo")
    lines = told.read_text().splitlines() if told.is_file() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


def commit() -> str | None:
    try:
        told = subprocess.run(
            ["git", "describe", "--always", "--exclude=*", "--dirty=+"], cwd=CHECKOUT, capture_output=True, text=True, check=True
        )
    except (OSError, subprocess.CalledProcessError):
        return None
    return told.stdout.strip()


def as_json(machine: Machine, seconds: float, runs: Sequence[Run]) -> str:
    """Machine, seconds a run, all runs, and the verdicts."""
    told = {"machine": asdict(machine), "seconds": seconds, "runs": [asdict(run) for run in runs], "targets": verdicts(runs)}
    return json.dumps(told, indent=1) + "\n"


def as_markdown(machine: Machine, seconds: float, runs: Sequence[Run]) -> str:
    """A table of medians over rounds, throughput with its extremes, and the verdicts."""
    rounds = len({run.round for run in runs})
    lines = [
        f"{machine.processor}, {machine.cores} cores shared by server and load, {machine.python or 'Python unknown'}, {machine.date}, "
        f"commit {machine.commit or 'unknown'}; "
        f"medians over {rounds} rounds of {seconds:g} s each, every answer checked. Memory counts what processes share in each.",
        "",
        f"| {' | '.join(COLUMNS)} |",
        f"|{'---|' * len(COLUMNS)}",
        *(f"| {' | '.join(row(cell, runs))} |" for cell in dict.fromkeys(run.cell for run in runs)),
        "",
        *memory_table(runs),
        *(f"- {verdict}" for verdict in verdicts(runs)),
    ]
    return "\n".join(lines) + "\n"


def memory_table(runs: Sequence[Run]) -> list[str]:
    """A row a process, and an empty line; nothing where none was watched."""
    rows = [
        f"| {name} | {of.largest_mb:.0f} | {of.end_mb:.0f} | {of.growth:.3f} | {len(of.samples_mb)} | {run.answers:,} |"
        for run in runs
        if run.memory is not None
        for name, of in run.memory.items()
    ]
    return [f"| {' | '.join(MEMORY_COLUMNS)} |", f"|{'---|' * len(MEMORY_COLUMNS)}", *rows, ""] if rows else []


def row(cell: Cell, runs: Sequence[Run]) -> tuple[str, ...]:
    """As COLUMNS are."""
    of = [run for run in runs if run.cell == cell]

    def median(value: Callable[[Run], float]) -> float:
        return Spread.of(map(value, of)).median

    rate = Spread.of(run.per_second for run in of)
    return (
        cell.workload,
        "as needed" if cell.connections is None else str(cell.connections),
        cell.server,
        f"{rate.median:,.0f} ({rate.least:,.0f} to {rate.most:,.0f})",
        *(f"{median(value):.1f}" for value in (lambda run: run.p50_ms, lambda run: run.p95_ms, lambda run: run.p99_ms)),
        # a decoder is no server, nor is a loop
        f"{median(lambda run: run.processor_us):,.0f}" if of[0].processor_us else "",
        f"{median(lambda run: run.resident_mb):,.0f}" if of[0].resident_mb else "",
        "" if of[0].hit_share is None else f"{median(lambda run: run.hit_share or 0.0):.1%}",
        f"{median(lambda run: run.generator_share):.2f}",
    )
