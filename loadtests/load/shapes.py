"""How many users there are when. Each shape ends by itself."""

from collections.abc import Callable
from dataclasses import dataclass

SPIKE_BASE = 0.2


@dataclass(frozen=True)
class Shape:
    """Which share of the users there are at which share of the time."""

    share: Callable[[float], float]
    seconds: float
    """How long it takes where nothing else is asked for."""

    def users_at(self, elapsed: float, users: int, seconds: float) -> int | None:
        """Of so many users in so many seconds, one at least; None when it is over."""
        return max(1, round(users * self.share(elapsed / seconds))) if elapsed < seconds else None


def _steady(time: float) -> float:
    return 1.0


def _ramp(time: float) -> float:
    """Up for half of the time."""
    return min(1.0, 2 * time)


def _spike(time: float) -> float:
    """Everyone comes at once, for the middle third."""
    return 1.0 if 1 / 3 <= time < 2 / 3 else SPIKE_BASE


def _soak(time: float) -> float:
    """Up slowly, then long enough for what leaks to be seen."""
    return min(1.0, 20 * time)


SHAPES = {
    "ramp": Shape(_ramp, 30.0),
    "spike": Shape(_spike, 30.0),
    "soak": Shape(_soak, 1_800.0),
    "steady": Shape(_steady, 30.0),
}
