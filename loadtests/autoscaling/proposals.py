"""How many replicas one metric asks for: the ratio to its target, tolerance, and pods that told nothing or are too young to be believed.

As pkg/controller/podautoscaler/replica_calculator.go has it.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

TOLERANCE = 0.1
"""A ratio that is nearer to 1 is left alone."""


@dataclass(frozen=True)
class Seen:
    """What the pods of a target told of a metric of theirs."""

    total: float
    """Of all pods that count."""
    pods: int
    """That count."""
    missing: int = 0
    """That run and told nothing."""
    not_ready: int = 0
    """Too young for what they told to count."""


def by_utilization(seen: Seen, target_percent: int, current: int, request: float = 1.0) -> int | None:
    """`Resource`, `Utilization`: cores used, by pods that request so many each. None: nobody told anything."""

    def ratio(cores: float, pods: int) -> float:
        return round(cores * 1000) * 100 // round(pods * request * 1000) / target_percent  # whole percents of whole millicores

    return _asked(seen, ratio, request * max(100, target_percent) / 100, current)


def by_average(seen: Seen, target: float, current: int) -> int | None:
    """`Pods`, `AverageValue`. None: nobody told anything."""
    return _asked(seen, lambda total, pods: total / pods / target, target, current)


def by_share_of(value: float, target: float, current: int) -> int:
    """`Object`, `AverageValue`: one value for all, of which each replica is to have no more than the target."""
    if _within_tolerance(value / (target * current)):
        return current
    return math.ceil(value / target)


def _asked(seen: Seen, ratio: Callable[[float, int], float], usual: float, current: int) -> int | None:
    """`usual`: what a pod that told nothing is taken to use where the others use less than the target."""
    if not seen.pods:
        return None
    first = ratio(seen.total, seen.pods)
    not_ready = seen.not_ready if first > 1 else 0
    if not not_ready and not seen.missing:
        return current if _within_tolerance(first) else math.ceil(first * seen.pods)
    # who told nothing uses as much as it takes to be careful: all on the way down, nothing on the way up
    total, pods = seen.total, seen.pods + not_ready + seen.missing
    if first < 1:
        total += seen.missing * usual
    second = ratio(total, pods)
    if _within_tolerance(second) or (first - 1) * (second - 1) < 0:
        return current
    asked = math.ceil(second * pods)
    return current if (asked - current) * (second - 1) < 0 else asked


def _within_tolerance(ratio: float) -> bool:
    return 1 - TOLERANCE <= ratio <= 1 + TOLERANCE
