"""What issue 4 asks of the figures of one benchmark, line by line, and whether these figures hold it."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from loadtests.bench import memory
from loadtests.bench.apart import APART, BENTOML
from loadtests.bench.large import LARGEST, WHOLE_DECODE
from loadtests.bench.runs import Cell, Memory, Quantity, Run, Spread, ratio
from loadtests.bench.servers import (
    BARE_ASGI,
    BARE_ROUTE,
    IN_PROCESS,
    LITSERVE,
    OURS,
    OURS_FROM_REDIS,
    OURS_TWICE,
    TORCHSERVE,
    TORCHSERVE_ALONE,
    TORCHSERVE_BATCHED,
)
from loadtests.bench.workloads import (
    AHEAD,
    BESIDE,
    DISTINCT,
    MEMORY,
    NETWORK,
    NETWORK_BF16,
    PHOTOGRAPHS,
    REDIS,
    REPEATED,
    SMALL,
    WRK,
    WRK_REDIS,
    ZIPF,
)

A_MILLION = 1_000_000
FLAT = 1.02
"""Growth of what does not grow."""

NAMES: dict[Quantity, str] = {"per_second": "throughput", "p50_ms": "p50", "p95_ms": "p95", "p99_ms": "p99"}


@dataclass(frozen=True, kw_only=True)
class Target(ABC):
    """A figure and its bound; without either it is told and not judged."""

    line: int
    """Of the issue's list of when it is done."""
    at_least: float | None = None
    at_most: float | None = None

    @property
    @abstractmethod
    def what(self) -> str:
        """The figure, in words."""

    @abstractmethod
    def seen(self, runs: Sequence[Run]) -> Spread | None:
        """None where it was not measured."""

    def held(self, seen: Spread) -> bool:
        """By the median."""
        return (self.at_least is None or seen.median >= self.at_least) and (self.at_most is None or seen.median <= self.at_most)

    @property
    def bound(self) -> str | None:
        if self.at_least is not None:
            return f"at least {self.at_least:g}"
        return None if self.at_most is None else f"at most {self.at_most:g}"


@dataclass(frozen=True, kw_only=True)
class Ratio(Target):
    """Of two cells, round by round."""

    quantity: Quantity
    one: Cell
    other: Cell

    def seen(self, runs: Sequence[Run]) -> Spread | None:
        return ratio(runs, self.quantity, self.one, self.other)

    @property
    def what(self) -> str:
        one, other = self.one, self.other
        against = other.server if one.server != other.server else other.workload
        over = "" if one.connections is None else f", {one.connections} connection{'s' * (one.connections > 1)}"
        return f"{one.workload}{over}: {NAMES[self.quantity]} of {one.server} by that of {against}"


@dataclass(frozen=True, kw_only=True)
class Figure(Target):
    """Of each run of a workload."""

    workload: str
    name: str
    of: Callable[[Run], float]
    fewest_answers: int = 1
    """A run with fewer says nothing of it."""

    def seen(self, runs: Sequence[Run]) -> Spread | None:
        values = [self.of(run) for run in runs if run.cell.workload == self.workload and run.answers >= self.fewest_answers]
        return Spread.of(values) if values else None

    @property
    def what(self) -> str:
        after = f" after {self.fewest_answers:,} answers" if self.fewest_answers > 1 else ""
        return f"{self.workload}: {self.name}{after}"


def _ratio(line: int, quantity: Quantity, one: Cell, other: Cell, *, at_least: float | None = None, at_most: float | None = None) -> Ratio:
    return Ratio(line=line, quantity=quantity, one=one, other=other, at_least=at_least, at_most=at_most)


def _processor_us(workload: str, at_most: float) -> Figure:
    return Figure(line=5, workload=workload, name="us of processor a picture", of=lambda run: run.processor_us, at_most=at_most)


def _memory(process: str, at_most: float) -> tuple[Figure, Figure]:
    def of(run: Run) -> Memory:
        assert run.memory is not None
        return run.memory[process]

    whole = Figure(
        line=7,
        workload=MEMORY,
        name=f"MB of the {process} at its largest",
        of=lambda run: of(run).largest_mb,
        at_most=at_most,
        fewest_answers=A_MILLION,
    )
    return whole, replace(whole, name=f"growth of the {process} over the last half", of=lambda run: of(run).growth, at_most=FLAT)


def _distinct(connections: int, server: str) -> Cell:
    return Cell(DISTINCT, connections, server)


TARGETS: tuple[Target, ...] = (
    *(
        target
        for batched in (TORCHSERVE_BATCHED, TORCHSERVE_ALONE)
        for target in (
            _ratio(1, "per_second", _distinct(32, OURS), _distinct(32, batched), at_least=1.25),
            _ratio(1, "p99_ms", _distinct(32, OURS), _distinct(32, batched), at_most=1.0),
            _ratio(1, "per_second", _distinct(128, OURS), _distinct(128, batched), at_least=2.0),
        )
    ),
    *(
        _ratio(1, "per_second", _distinct(connections, OURS), _distinct(connections, rival), at_least=1.7)
        for connections in (32, 128)
        for rival in (TORCHSERVE, IN_PROCESS, LITSERVE, *APART)
    ),
    _ratio(2, "p50_ms", _distinct(1, OURS), _distinct(1, TORCHSERVE), at_most=1.3),
    *(_ratio(2, "p50_ms", _distinct(1, OURS), _distinct(1, rival), at_most=1.0) for rival in (LITSERVE, *APART) if rival != BENTOML),
    *(
        target
        for repeated, redis in ((REPEATED, REDIS), (WRK, WRK_REDIS))
        for target in (
            _ratio(3, "per_second", Cell(repeated, 32, OURS), Cell(repeated, 32, BARE_ROUTE), at_least=2.0),
            _ratio(3, "per_second", Cell(repeated, 32, OURS), Cell(repeated, 32, BARE_ASGI), at_least=0.4),
            _ratio(3, "per_second", Cell(redis, 32, OURS_FROM_REDIS), Cell(redis, 32, BARE_ROUTE), at_least=0.7),
        )
    ),
    *(
        _ratio(4, "per_second", Cell(ZIPF, 128, OURS), Cell(ZIPF, 128, batched), at_least=3.0)
        for batched in (TORCHSERVE_BATCHED, TORCHSERVE_ALONE)
    ),
    _processor_us(NETWORK_BF16, 100),
    _processor_us(NETWORK, 230),
    *(
        _ratio(6, "p50_ms", Cell(workload, 1, OURS), Cell(workload, 1, WHOLE_DECODE), at_most=1.3 if megapixels == LARGEST else None)
        for megapixels, workload in PHOTOGRAPHS.items()
    ),
    _ratio(6, "p99_ms", Cell(BESIDE, None, OURS), Cell(SMALL, None, OURS), at_most=3.0),
    *_memory(memory.GATEWAY, 200),
    *_memory(memory.JVM, 300),
    *_memory(memory.WORKER, 400),
    *(
        _ratio(8, "per_second", Cell(repeated, 32, OURS_TWICE), Cell(repeated, 32, OURS), at_least=1.4)
        for repeated in (REPEATED, WRK, AHEAD)
    ),
)
"""Of line 9 other commands tell. What a processor cannot do is not measured on it: of the two of line 5 one.

Lines 1 and 4 name TorchServe with batching and not how many workers it has: by default one for each core, and as many as this stack,
one. Its own figure, 1,872 a second, is about what one worker gives.

Line 8 does not say how the load asks. Where each request waits for its answer, the load has half a core of the two that are measured; where
sixteen are sent ahead, a tenth.
"""


def verdicts(runs: Sequence[Run]) -> list[str]:
    """A line a target: what, the figure seen, the bound, held or missed."""
    return [_verdict(target, target.seen(runs)) for target in TARGETS]


def _verdict(target: Target, seen: Spread | None) -> str:
    if seen is None:
        return f"{target.line}. {target.what}: not measured" + (f" ({target.bound})" if target.bound else "")
    told = f"{target.line}. {target.what}: {seen.median:#.4g}"
    if seen.rounds > 1:
        told += f" ({seen.least:#.4g} to {seen.most:#.4g} in {seen.rounds} rounds)"
    return told + (f", {target.bound}: {'held' if target.held(seen) else 'MISSED'}" if target.bound else "")
