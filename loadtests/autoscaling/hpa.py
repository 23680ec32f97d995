"""When and by how much a HorizontalPodAutoscaler (autoscaling/v2) changes the replicas, by its documentation and source, without a cluster.

https://kubernetes.io/docs/concepts/workloads/autoscaling/horizontal-pod-autoscale/ and, where that leaves a question,
pkg/controller/podautoscaler/horizontal.go. What single metrics ask for is in `proposals`.
"""

import math
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

SYNC_SECONDS = 15
"""How often the controller looks."""


@dataclass(frozen=True)
class Policy:
    """How far the replicas may go in a period from what they were at its beginning."""

    kind: Literal["Pods", "Percent"]
    value: int
    period_seconds: int

    def above(self, replicas: int) -> int:
        """Rounded up, or a few replicas would never become more."""
        return replicas + self.value if self.kind == "Pods" else math.ceil(replicas * (1 + self.value / 100))

    def below(self, replicas: int) -> int:
        return replicas - self.value if self.kind == "Pods" else int(replicas * (1 - self.value / 100))


@dataclass(frozen=True)
class Rules:
    """Of one direction."""

    policies: tuple[Policy, ...]
    window_seconds: int
    """Of stabilization: the recommendation counts that moves least, out of all within it."""
    select: Literal["Max", "Min", "Disabled"] = "Max"
    """Which policy counts: the one that lets them go furthest, or least far."""


@dataclass(frozen=True)
class Behavior:
    """`spec.behavior`."""

    up: Rules
    down: Rules


DEFAULT = Behavior(
    up=Rules((Policy("Pods", 4, 15), Policy("Percent", 100, 15)), window_seconds=0),
    down=Rules((Policy("Percent", 100, 15),), window_seconds=300),
)
"""Where a manifest says nothing."""


class Autoscaler:
    """One of them, with what it remembers."""

    def __init__(self, least: int, most: int, behavior: Behavior = DEFAULT) -> None:
        self._least, self._most, self._behavior = least, most, behavior
        self._recommended: deque[tuple[float, int]] | None = None
        self._changed: deque[tuple[float, int]] = deque()
        """When, and by how many: negative is down."""

    def replicas(self, now: float, current: int, proposals: Sequence[int | None]) -> int:
        """What it sets now, given what each metric asks for; None is a metric that cannot be had."""
        if self._recommended is None:
            self._recommended = deque([(now, current)])  # what it finds counts as asked for
        if current > self._most:
            decided = self._most
        elif current < self._least:
            decided = self._least
        else:
            wanted = highest(proposals, current)
            decided = current if wanted is None else self._limited(now, current, self._stabilized(self._recommended, now, current, wanted))
        if decided != current:
            self._changed.append((now, decided - current))
        return decided

    def _stabilized(self, recommended: deque[tuple[float, int]], now: float, current: int, wanted: int) -> int:
        up, down = self._behavior.up.window_seconds, self._behavior.down.window_seconds
        while recommended and now - recommended[0][0] >= max(up, down):
            recommended.popleft()
        lowest = min([wanted, *(asked for when, asked in recommended if now - when < up)]) if up else wanted
        peak = max([wanted, *(asked for when, asked in recommended if now - when < down)])
        recommended.append((now, wanted))
        return min(max(current, lowest), peak)

    def _limited(self, now: float, current: int, wanted: int) -> int:
        if wanted > current:
            return min(wanted, self._most, max(current, self._reach(now, current, self._behavior.up, upwards=True)))
        if wanted < current:
            return max(wanted, self._least, min(current, self._reach(now, current, self._behavior.down, upwards=False)))
        return current

    def _reach(self, now: float, current: int, rules: Rules, *, upwards: bool) -> int:
        """As far as the policies let them go."""
        if rules.select == "Disabled":
            return current
        reached = []
        for policy in rules.policies:
            at_first = current - sum(change for when, change in self._changed if now - when < policy.period_seconds)
            reached.append(policy.above(at_first) if upwards else policy.below(at_first))
        return max(reached) if upwards == (rules.select == "Max") else min(reached)


def highest(proposals: Sequence[int | None], current: int) -> int | None:
    """None: nothing is done, because no metric can be had, or one cannot and the others would have fewer replicas."""
    told = [proposal for proposal in proposals if proposal is not None]
    if not told or (len(told) < len(proposals) and max(told) < current):
        return None
    return max(told)
