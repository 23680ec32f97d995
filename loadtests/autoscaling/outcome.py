"""What a replay came to: whether replicas went to and fro, how many requests came at a slow moment, and what it cost."""

from collections.abc import Sequence
from dataclasses import dataclass

from loadtests.autoscaling.replay import Moment

SLOW_SECONDS = 0.1
"""A p99 past this is slow."""
TURNS_WITHIN_SECONDS = 600
MOST_TURNS = 1
"""Changes of direction within that time, on every curve that is not sudden."""


@dataclass(frozen=True)
class Outcome:
    """Of one load, both Deployments."""

    gateway_turns: int
    torchserve_turns: int
    """The most changes of direction in any ten minutes."""
    slow: float
    """The share of requests that were refused, or came while the p99 of their kind was slow."""
    refused: float
    """The share of requests that were refused."""
    gateway_hours: float
    """Replica-hours."""
    torchserve_hours: float
    most_gateways: int
    most_torchserves: int

    @property
    def turns(self) -> int:
        return max(self.gateway_turns, self.torchserve_turns)


def outcome(moments: Sequence[Moment]) -> Outcome:
    """Of at least two steps."""
    step = moments[1].second - moments[0].second
    asked = sum(moment.requests for moment in moments)
    gateways, torchserves = ([moment.gateways for moment in moments], [moment.torchserves for moment in moments])
    return Outcome(
        gateway_turns=turns(gateways, step),
        torchserve_turns=turns(torchserves, step),
        slow=sum(map(_slow, moments)) / asked,
        refused=sum(moment.refused for moment in moments) / asked,
        gateway_hours=sum(gateways) * step / 3_600,
        torchserve_hours=sum(torchserves) * step / 3_600,
        most_gateways=max(gateways),
        most_torchserves=max(torchserves),
    )


def turns(replicas: Sequence[int], step_seconds: float) -> int:
    """The most changes of direction in any ten minutes."""
    at, direction = [], 0
    for number in range(1, len(replicas)):
        change = replicas[number] - replicas[number - 1]
        if change * direction < 0:
            at.append(number * step_seconds)
        direction = change or direction
    return max((sum(0 <= later - first < TURNS_WITHIN_SECONDS for later in at) for first in at), default=0)


def _slow(moment: Moment) -> float:
    """Requests a second."""
    slow = moment.hits * (moment.hit_p99 > SLOW_SECONDS) + (1 - moment.hits) * (moment.miss_p99 > SLOW_SECONDS)
    return max(moment.refused, moment.requests * slow)
