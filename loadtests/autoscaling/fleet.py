"""The pods of a Deployment, those that start included, and the autoscaler that sets how many there are."""

import math
from bisect import bisect_right
from collections import deque

from loadtests.autoscaling.hpa import Autoscaler
from loadtests.autoscaling.proposals import Seen, by_average, by_share_of, by_utilization
from loadtests.autoscaling.setting import Setting

CPU_WINDOW_SECONDS = 30
"""Over which metrics-server takes the mean. A pod's use of CPU counts once it has been ready for so long."""
SCRAPED_AFTER_SECONDS = 15
"""Until Prometheus has seen a new pod."""


class Fleet:
    """From the first moment as many as it takes at the target, ready."""

    def __init__(self, setting: Setting, start_seconds: float, step_seconds: int, cores_needed: float) -> None:
        self._setting, self._start_seconds = setting, start_seconds
        first = min(max(math.ceil(100 * cores_needed / setting.cpu_percent), setting.least), setting.most)
        self._ready_at = [-math.inf] * first
        """In order: the newest goes first."""
        self._autoscaler = Autoscaler(setting.least, setting.most, setting.behavior)
        self._busy: deque[float] = deque(maxlen=max(1, CPU_WINDOW_SECONDS // step_seconds))

    @property
    def replicas(self) -> int:
        return len(self._ready_at)

    def ready(self, now: float) -> int:
        return bisect_right(self._ready_at, now)

    def note(self, busy: float) -> None:
        """How busy its ready pods were in a step; all alike."""
        self._busy.append(busy)

    def cpu(self, now: float) -> int | None:
        """The replicas that CPU asks for."""
        old = self.ready(now - CPU_WINDOW_SECONDS)
        cores = old * sum(self._busy) / len(self._busy) if self._busy else 0.0
        seen = Seen(cores, old if self._busy else 0, not_ready=self.replicas - old)
        return by_utilization(seen, self._setting.cpu_percent, self.replicas)

    def in_flight(self, now: float, each: float) -> int | None:
        """Those that so many requests in flight in each pod ask for."""
        old = self.ready(now - SCRAPED_AFTER_SECONDS)
        return by_average(Seen(old * each, old, missing=self.replicas - old), self._setting.waiting, self.replicas)

    def queue(self, pictures: float) -> int:
        """Those that so many waiting pictures ask for."""
        return by_share_of(pictures, self._setting.waiting, self.replicas)

    def set(self, now: float, proposals: list[int | None]) -> None:
        """As many as the autoscaler has after these."""
        decided = self._autoscaler.replicas(now, self.replicas, proposals)
        self._ready_at += [now + self._start_seconds] * (decided - self.replicas)
        del self._ready_at[decided:]
