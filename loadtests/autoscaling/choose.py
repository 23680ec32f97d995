"""Which thresholds and behaviours the manifests carry: a small grid of them is replayed under every load, and a rule picks one."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache

from loadtests.autoscaling.curves import CURVES, DAY, PEAK, Curve
from loadtests.autoscaling.hpa import DEFAULT, Behavior, Policy, Rules
from loadtests.autoscaling.outcome import MOST_TURNS, Outcome, outcome
from loadtests.autoscaling.replay import Moment, replay
from loadtests.autoscaling.service import Service
from loadtests.autoscaling.setting import Setting

GATEWAY, TORCHSERVE = "gateway", "torchserve"

AS_KUBERNETES = "as Kubernetes has it"
SLOW_DOWN = "fast up, slow down"
SLOWER_DOWN = "fast up, slower down"
SLOW_BOTH = "slow up, slow down"
GENTLY = (Policy("Percent", 10, 60), Policy("Pods", 1, 60))
BEHAVIORS = {
    AS_KUBERNETES: DEFAULT,
    SLOW_DOWN: Behavior(DEFAULT.up, Rules(GENTLY, window_seconds=300)),
    SLOWER_DOWN: Behavior(DEFAULT.up, Rules(GENTLY, window_seconds=600)),
    SLOW_BOTH: Behavior(Rules((Policy("Percent", 50, 60), Policy("Pods", 1, 60)), window_seconds=60), Rules(GENTLY, window_seconds=300)),
}
"""The harshest first."""
CPU_PERCENTS = (50, 60, 70, 80)
WAITING = {GATEWAY: (16, 64, 256), TORCHSERVE: (8, 32, 128)}
"""Requests in flight a gateway, and pictures that wait a TorchServe; the middle one while CPU and behaviour are compared."""

OTHER_DRAWS = (1, 2, 3, 4, 5)
"""Of deviations of the loads, under which what is picked has to keep still too."""

LEAST = 2
"""One may be lost."""
FULL = 0.7
ROUNDED_TO = 5
"""At the busiest moment and with no cache at all, pods so busy are enough; rounded up to a multiple of that."""

SLOW_BUDGET = 0.001
"""The share of requests at slow moments that no setting is blamed for."""
NEARLY = 1.1
"""Past that, times as many as under the setting with the fewest."""
SLOW_DIGITS = 4
"""Shares of slow moments that agree in so many are equal."""
ALIKE = 1.01
"""Costs that differ by no more than that factor are the same."""


class Undecided(Exception):
    """No setting does what one must; one line."""


@dataclass(frozen=True)
class Judged:
    """One Deployment under one load."""

    turns: int
    slow: float
    hours: float


@dataclass(frozen=True)
class Tried:
    """One setting of one Deployment under all loads, by name."""

    setting: Setting
    behavior: str
    judged: Mapping[str, Judged]
    elsewhere: int | None = None
    """The most turns under other draws of the loads that are not sudden; None where nobody had to know."""


@dataclass(frozen=True)
class Choice:
    """What was picked, out of what, and what it does under each load."""

    gateway: Tried
    torchserve: Tried
    gateways: Sequence[Tried]
    torchserves: Sequence[Tried]
    replays: Mapping[str, Sequence[Moment]]
    outcomes: Mapping[str, Outcome]


@cache
def choose(service: Service) -> Choice:
    """TorchServe's first, beside a gateway of middling thresholds, and then the gateway's beside that. Takes seconds. Raises Undecided."""
    front_most, back_most = room(service.gateway(0.0)), room(service.model)
    middling = Setting(60, WAITING[GATEWAY][1], BEHAVIORS[SLOWER_DOWN], LEAST, front_most)

    def behind(setting: Setting, curve: Curve) -> Judged:
        seen = outcome(replay(curve, service, middling, setting))
        return Judged(seen.torchserve_turns, seen.slow, seen.torchserve_hours)

    torchserve, torchserves = compared(behind, WAITING[TORCHSERVE], back_most)

    def before(setting: Setting, curve: Curve) -> Judged:
        seen = outcome(replay(curve, service, setting, torchserve.setting))
        return Judged(seen.turns, seen.slow, seen.gateway_hours)  # turns of either, as they will run together

    gateway, gateways = compared(before, WAITING[GATEWAY], front_most)
    replays = {curve.name: replay(curve, service, gateway.setting, torchserve.setting) for curve in CURVES}
    return Choice(gateway, torchserve, gateways, torchserves, replays, {name: outcome(moments) for name, moments in replays.items()})


def room(each: float) -> int:
    """The most replicas, where the peak comes with no cache at all and each request takes so many seconds of one."""
    return ROUNDED_TO * math.ceil(PEAK * each / FULL / ROUNDED_TO)


def compared(run: Callable[[Setting, Curve], Judged], waiting: Sequence[int], most: int) -> tuple[Tried, list[Tried]]:
    """The best, and all that were tried: each CPU target with each behaviour, then the best of these with each number that may wait.

    The best goes to and fro under no other draw of the loads either. Raises Undecided.
    """
    elsewhere: dict[Setting, int] = {}

    def tried(percent: int, waits: int, behavior: str) -> Tried:
        setting = Setting(percent, waits, BEHAVIORS[behavior], LEAST, most)
        return Tried(setting, behavior, {curve.name: run(setting, curve) for curve in CURVES})

    def turns_elsewhere(setting: Setting) -> int:
        if setting not in elsewhere:
            draws = (replace(curve, draw=draw) for curve in CURVES if not curve.sudden for draw in OTHER_DRAWS)
            elsewhere[setting] = max(run(setting, curve).turns for curve in draws)
        return elsewhere[setting]

    middle = waiting[len(waiting) // 2]
    all_tried = [tried(percent, middle, behavior) for behavior in BEHAVIORS for percent in CPU_PERCENTS]
    first = steady(all_tried, turns_elsewhere)
    all_tried += [tried(first.setting.cpu_percent, waits, first.behavior) for waits in waiting if waits != middle]
    last = steady(all_tried, turns_elsewhere)
    told = [replace(each, elsewhere=elsewhere.get(each.setting)) for each in all_tried]
    return told[all_tried.index(last)], told


def steady(tried: Sequence[Tried], turns_elsewhere: Callable[[Setting], int]) -> Tried:
    """The best of those that go to and fro nowhere else. Raises Undecided where all do."""
    left = list(tried)
    while turns_elsewhere((first := best(left)).setting) > MOST_TURNS:
        left.remove(first)
    return first


def best(tried: Sequence[Tried]) -> Tried:
    """Of those that go to and fro nowhere those with nearly the fewest slow moments, load by load; of these the cheapest over a day.

    Of several that cost alike, the one with the fewest slow moments in all, and of equals the gentlest. Raises Undecided where all go to
    and fro.
    """
    left = [each for each in tried if all(each.judged[curve.name].turns <= MOST_TURNS for curve in CURVES if not curve.sudden)]
    if not left:
        raise Undecided(f"under every setting replicas change direction more than {MOST_TURNS} time(s) in ten minutes")
    for curve in CURVES:
        fewest = min(each.judged[curve.name].slow for each in left)
        left = [each for each in left if each.judged[curve.name].slow <= max(SLOW_BUDGET, NEARLY * fewest)]
    cheapest = min(each.judged[DAY.name].hours for each in left)
    alike = [each for each in left if each.judged[DAY.name].hours <= ALIKE * cheapest]

    def slow_and_harsh(each: Tried) -> tuple[float, int]:
        return round(sum(judged.slow for judged in each.judged.values()), SLOW_DIGITS), -list(BEHAVIORS).index(each.behavior)

    return min(alike, key=slow_and_harsh)
