"""What was measured: one run a server, workload and round, and ratios of two within a round, where the machine was the same."""

import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from loadtests.bench.measured import Figures
from loadtests.bench.usage import Usage

Quantity = Literal["per_second", "p50_ms", "p95_ms", "p99_ms"]


@dataclass(frozen=True)
class Cell:
    """A workload, over how many connections, and who answered."""

    workload: str
    connections: int | None
    """None: an open loop, which opens what it needs."""
    server: str


@dataclass(frozen=True)
class Memory:
    """What a process had in memory over a workload, in 2 ** 20 bytes."""

    largest_mb: float
    """Since it had started up."""
    end_mb: float
    growth: float
    """Over the last half: the median of the last quarter by that of the one before."""
    samples_mb: tuple[float, ...]

    @classmethod
    def of(cls, samples_mb: Sequence[float]) -> "Memory":
        """Of samples as far apart as each other. Raises ValueError where they are fewer than 4."""
        half, quarter = len(samples_mb) // 2, 3 * len(samples_mb) // 4
        if len(samples_mb) < 4:
            raise ValueError(f"{len(samples_mb)} samples have no quarters")
        growth = statistics.median(samples_mb[quarter:]) / statistics.median(samples_mb[half:quarter])
        return cls(max(samples_mb), samples_mb[-1], growth, tuple(samples_mb))


@dataclass(frozen=True)
class Run:
    """One measurement of a cell. Every answer was right."""

    cell: Cell
    round: int
    answers: int
    """An answer a picture, however many a request carries."""
    seconds: float
    per_second: float
    p50_ms: float
    """Of requests."""
    p95_ms: float
    p99_ms: float
    generator_share: float
    """Of a core, used by the load generator."""
    processor_us: float
    """Processor time of all the server's processes for each answer, in microseconds."""
    resident_mb: float
    """Memory of all the server's processes at its largest before or after, in 2 ** 20 bytes."""
    hit_share: float | None = None
    """Answers out of a cache, where the server tells."""
    memory: Mapping[str, Memory] | None = None
    """Of single processes by name, where they were watched."""


@dataclass(frozen=True)
class Spread:
    """The median over rounds, and the extremes."""

    median: float
    least: float
    most: float
    rounds: int

    @classmethod
    def of(cls, values: Iterable[float]) -> "Spread":
        """Raises StatisticsError where there are none."""
        seen = sorted(values)
        return cls(statistics.median(seen), seen[0], seen[-1], len(seen))


def run_of(
    cell: Cell, number: int, measured: Figures, before: Usage, after: Usage, *, hit_share: float | None = None, pictures: int = 1
) -> Run:
    """With so many pictures in each request. Raises ValueError where there was no answer."""
    answers = pictures * measured.answers
    return Run(
        cell=cell,
        round=number,
        answers=answers,
        seconds=measured.seconds,
        p50_ms=measured.milliseconds(50),
        p95_ms=measured.milliseconds(95),
        p99_ms=measured.milliseconds(99),
        per_second=pictures * measured.per_second,
        generator_share=measured.generator_share,
        processor_us=1e6 * after.since(before) / answers,
        resident_mb=max(before.resident_bytes, after.resident_bytes) / 2**20,
        hit_share=hit_share,
    )


def ratio(runs: Sequence[Run], quantity: Quantity, one: Cell, other: Cell) -> Spread | None:
    """One's by the other's, round by round; None where no round has both."""
    values = {(run.cell, run.round): float(getattr(run, quantity)) for run in runs if run.cell in (one, other)}
    rounds = {number for cell, number in values if cell == one} & {number for cell, number in values if cell == other}
    return Spread.of(values[one, number] / values[other, number] for number in rounds) if rounds else None
