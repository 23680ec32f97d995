"""What programs use of the machine, with all that they have started."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

import psutil

from loadtests.programs import tree


@dataclass(frozen=True)
class Usage:
    """What these programs and all that they started have used."""

    processor_seconds: dict[int, float]
    """By process, so that one which has ended meanwhile is not counted negatively."""
    resident_bytes: int
    """Now. What processes share is counted in each."""

    def since(self, before: "Usage") -> float:
        """Processor seconds."""
        return sum(seconds - before.processor_seconds.get(pid, 0.0) for pid, seconds in self.processor_seconds.items())


def usage(pids: Sequence[int]) -> Usage:
    """Of these programs and their descendants."""
    processor_seconds: dict[int, float] = {}
    resident_bytes = 0
    for pid in pids:
        for process in tree(pid):
            with suppress(psutil.NoSuchProcess):
                times = process.cpu_times()
                processor_seconds[process.pid] = times.user + times.system
                resident_bytes += process.memory_info().rss
    return Usage(processor_seconds, resident_bytes)
