"""Series of several processes as one: each keeps its cells in files that all can read, and any of them adds the files up.

This is prometheus-client's multi-process mode, with two differences. A process goes by its place among its siblings and not by its
process id, so that who takes the place of a dead one counts on in the same files: no count is lost and no file is left over. And a file
that was only just made is passed over; prometheus-client fails on one.
"""

import math
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path

from prometheus_client import Counter, Gauge, ProcessCollector, values
from prometheus_client.metrics_core import Metric
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead
from prometheus_client.registry import Collector, CollectorRegistry

FOLDER = "PROMETHEUS_MULTIPROC_DIR"
"""The variable that tells prometheus-client where the files are."""

UNSAID = -math.inf
"""The value of a cell that is not told: cells in files cannot be removed. Less than any other, so a sibling's word stands."""


def join(folder: Path, place: int) -> None:
    """Keep this process's cells in this folder from now on; called before any is made. No living process may have the same place."""
    os.environ[FOLDER] = str(folder)
    values.ValueClass = values.MultiProcessValue(lambda: place)  # type: ignore[no-untyped-call]


def leave(folder: Path, place: int) -> None:
    """Forget what the process in this place was, now that it is dead: its gauges. What it counted stays."""
    mark_process_dead(place, str(folder))  # type: ignore[no-untyped-call]


class Merged(Collector):
    """The series of all processes that keep theirs in a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def describe(self) -> Iterable[Metric]:
        return ()

    def collect(self) -> Iterator[Metric]:
        files = [str(file) for file in self._folder.glob("*.db") if _has_begun(file)]
        for metric in MultiProcessCollector.merge(files):  # type: ignore[no-untyped-call]
            metric.samples = [sample for sample in metric.samples if sample.value != UNSAID]
            yield metric


class Statement(Gauge):
    """A gauge whose cells are said together, each time in the place of all that were said before. Merged by the greatest."""

    def say(self, cells: Mapping[tuple[str, ...], float]) -> None:
        """Values by labels."""
        for labels in set(self._metrics) - set(cells):
            self.labels(*labels).set(UNSAID)
        for labels, value in cells.items():
            self.labels(*labels).set(value)

    def collect(self) -> Iterator[Metric]:
        for metric in super().collect():
            metric.samples = [sample for sample in metric.samples if sample.value != UNSAID]
            yield metric


class ProcessCells:
    """What ProcessCollector tells of this process, in cells that add up with those of its siblings."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._source = ProcessCollector(registry=None)
        self._gauges: dict[str, Gauge] = {}
        self._counters: dict[str, Counter] = {}
        self._counted: dict[str, float] = {}
        for family in self._source.collect():
            if family.type == "counter":
                self._counters[family.name] = Counter(family.name, family.documentation, registry=registry)
            else:
                is_start = family.name.endswith("start_time_seconds")
                self._gauges[family.name] = Gauge(
                    family.name, family.documentation, registry=registry, multiprocess_mode="livemax" if is_start else "livesum"
                )

    def settle(self) -> None:
        """Tell how it is now."""
        for family in self._source.collect():
            now = family.samples[0].value
            if family.name in self._counters:
                self._counters[family.name].inc(now - self._counted.get(family.name, 0.0))
                self._counted[family.name] = now
            else:
                self._gauges[family.name].set(now)


def _has_begun(file: Path) -> bool:
    """Whether it holds more than its name."""
    with suppress(FileNotFoundError):
        return file.stat().st_size > 0
    return False
