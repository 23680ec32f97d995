"""What a load saw: how many right answers, how long each took, and how much of the machine the generator itself used."""

import gc
import time
from array import array
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np


class Figures(Protocol):
    """What is to be known of a load, whoever generates it."""

    @property
    def answers(self) -> int: ...
    @property
    def seconds(self) -> float: ...
    @property
    def per_second(self) -> float: ...
    @property
    def generator_share(self) -> float: ...
    def milliseconds(self, percent: float) -> float: ...


@dataclass
class Measured:
    """Filled while it is measured. Every answer that is counted was the right one."""

    latencies: "array[float]" = field(default_factory=lambda: array("d"))
    """Seconds, one an answer, in the order of the answers."""
    refusals: int = 0
    seconds: float = 0.0
    generator_seconds: float = 0.0
    """Processor time of this process."""

    @property
    def answers(self) -> int:
        return len(self.latencies)

    @property
    def per_second(self) -> float:
        return self.answers / self.seconds

    @property
    def generator_share(self) -> float:
        """Of one core."""
        return self.generator_seconds / self.seconds

    def milliseconds(self, percent: float) -> float:
        """That percentile of the latencies. Raises ValueError where there was no answer."""
        if not self.latencies:
            raise ValueError("no answer was measured")
        return float(np.percentile(np.frombuffer(self.latencies), percent)) * 1e3

    def add(self, other: "Measured") -> None:
        """What was measured after this."""
        self.latencies.extend(other.latencies)
        self.refusals += other.refusals
        self.seconds += other.seconds
        self.generator_seconds += other.generator_seconds

    @contextmanager
    def measuring(self) -> Iterator[float]:
        """When it began, in perf_counter's seconds. No garbage is collected meanwhile: going through prepared requests takes long."""
        gc.collect()
        gc.disable()
        used, started = time.process_time(), time.perf_counter()
        try:
            yield started
        finally:
            self.seconds += time.perf_counter() - started
            self.generator_seconds += time.process_time() - used
            gc.enable()
