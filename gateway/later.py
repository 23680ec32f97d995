"""Counting that waits: one by one it would cost as much as answering, and nobody sees a count before it is asked for."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import Generic, TypeVar

from prometheus_client import Histogram
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

MOST_NOTES = 256
"""Added up in less than a millisecond, on the event loop."""

Note = TypeVar("Note")


class Later(Generic[Note]):
    """Notes of what is to be counted, added up together when they are many or when somebody looks. For one thread."""

    def __init__(self, add_up: Callable[[list[Note]], None]) -> None:
        self._add_up = add_up
        self._notes: list[Note] = []

    def note(self, note: Note) -> None:
        self._notes.append(note)
        if len(self._notes) >= MOST_NOTES:
            self.settle()

    def settle(self) -> None:
        """Add up what was noted."""
        notes, self._notes = self._notes, []
        if notes:
            self._add_up(notes)


class BulkHistogram(Histogram):
    """A Histogram that takes many values at once."""

    def observe_all(self, values: Iterable[float]) -> None:
        seen = list(values)
        self._sum.inc(sum(seen))
        for bucket, count in Counter(bisect_left(self._upper_bounds, value) for value in seen).items():
            self._buckets[bucket].inc(count)


class Settling(Collector):
    """Registered before all others, it has what waits added up before they are read. It holds no series."""

    def __init__(self, settle: Callable[[], None]) -> None:
        self._settle = settle

    def describe(self) -> Iterable[Metric]:
        return ()

    def collect(self) -> Iterator[Metric]:
        self._settle()
        return iter(())
