"""How much work a request is, of whom, and how long it takes by how busy they are: the measured service, in any number of replicas.

Each pod is a queue of its own, M/M/1: callers know nothing of each other, and a connection stays with its pod, so that a free one cannot
help a busy one. What cannot be done in time is a backlog beside that, which is counted exactly.
"""

import math
from dataclasses import dataclass

from loadtests.autoscaling.figures import Figures

LOCAL_SHARE = 0.5
"""Of the answers out of a cache, those that the gateway asked remembers itself. Of the others Redis is asked."""

DEADLINE_SECONDS = 2.0
"""A gateway's, GATEWAY_DEADLINE_SECONDS."""
QUEUE_PICTURES = 512
"""How many pictures wait in a gateway for the model, GATEWAY_QUEUE_PICTURES."""

POD_SECONDS = 5.0
"""From the decision to the start of a new pod's program, on a node that is there and has the image; and from its readiness to traffic."""

MOST_BUSY = 0.99
"""As busy as a queue is taken for: past that it is a backlog that tells how long one waits."""


@dataclass(frozen=True)
class Service:
    """In seconds. A pod has one core, as it requests, and no more."""

    gateway_hit: float
    gateway_miss: float
    model: float
    """A picture."""
    alone_hit: float
    """What an answer takes where nobody else asks."""
    alone_miss: float
    gateway_start: float
    """Until a new pod gets requests."""
    torchserve_start: float

    @classmethod
    def of(cls, figures: Figures) -> "Service":
        local, redis = figures.gateway_hit_us.median, figures.gateway_redis_hit_us.median
        return cls(
            gateway_hit=1e-6 * (LOCAL_SHARE * local + (1 - LOCAL_SHARE) * redis),
            gateway_miss=1e-6 * figures.gateway_miss_us.median,
            model=1e-6 * figures.model_us.median,
            alone_hit=1e-3 * figures.hit_ms.median,
            alone_miss=1e-3 * figures.miss_ms.median,
            gateway_start=POD_SECONDS + figures.gateway_start_seconds.median,
            torchserve_start=POD_SECONDS + figures.torchserve_start_seconds.median,
        )

    def gateway(self, hits: float) -> float:
        """For a request, where that share of them is answered out of a cache."""
        return hits * self.gateway_hit + (1 - hits) * self.gateway_miss


def mean_wait(busy: float, each: float) -> float:
    """Seconds in the queue of a pod that is busy for this share of the time, with `each` for a request."""
    busy = min(busy, MOST_BUSY)
    return busy * each / (1 - busy)


def late_wait(busy: float, each: float) -> float:
    """What one in a hundred waits longer than: P(wait > t) = busy * exp(-(1 - busy) * t / each)."""
    busy = min(busy, MOST_BUSY)
    return math.log(100 * busy) * each / (1 - busy) if 100 * busy > 1 else 0.0


@dataclass(frozen=True)
class Passed:
    """What became of the work that came to some pods in a step."""

    done: float
    refused: float
    busy: float
    """Share of their time."""
    backlog_seconds: float
    """How long who came last waits for what was there before."""


class Backlog:
    """What came and could not be done yet: it waits, as much as may."""

    def __init__(self) -> None:
        self.waiting = 0.0

    def step(self, seconds: float, per_second: float, can_per_second: float, most_waiting: float) -> Passed:
        """So many came and could be done a second, for so many seconds."""
        before, came, could = self.waiting, seconds * per_second, seconds * can_per_second
        done = min(before + came, could)
        left = before + came - done
        self.waiting = min(left, most_waiting)
        return Passed(
            done, left - self.waiting, min(1.0, (before + came) / could), max(min(before, most_waiting), self.waiting) / can_per_second
        )
