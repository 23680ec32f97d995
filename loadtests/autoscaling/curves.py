"""The loads that are replayed: how many requests a second there are when, and when the model is changed. Seeded, so always the same."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

PEAK = 100_000.0
"""Requests a second at the busiest moment of all curves."""
QUIET = 0.1
"""The share of it at the quietest."""

NOISE = 0.05
"""Standard deviation of the rate around its curve, as a share of it."""
NOISE_SECONDS = 60.0
"""How long it takes a deviation to fade to a third."""

STEADY_HITS = 0.9
"""The share of requests for pictures that caches know once they have been asked for long enough; the others come only once."""
CATALOGUE = 10_000_000
"""How many pictures come again."""
EXPONENT = 1.1
"""The picture of rank r is asked for as often as r ** -EXPONENT."""
LOGARITHMIC_RANKS = 2_000

MINUTE, HOUR = 60, 3_600


@dataclass(frozen=True)
class Curve:
    """One load."""

    name: str
    told: str
    """What it is like, for people."""
    seconds: int
    step_seconds: int
    share: Callable[[float], float]
    """Of PEAK, at each second."""
    model_changes_at: int | None = None
    """From then on caches know nothing of the model that answers."""
    sudden: bool = False
    """It goes up and down so fast that replicas have to as well."""
    draw: int = 0
    """The seed of its deviations: another is another day of the same kind."""


def _day(second: float) -> float:
    """A hump before noon and a higher one in the evening."""
    hour = second / HOUR
    return QUIET + (1 - QUIET) * max(0.8 * math.exp(-(((hour - 11) / 3) ** 2)), math.exp(-(((hour - 20) / 2.2) ** 2)))


def _spike(second: float) -> float:
    """And once more after eight minutes, as it is when those who were turned away come again."""
    minute = second / MINUTE
    return 1.0 if 10 <= minute < 20 or 28 <= minute < 38 else QUIET


def _ramp(second: float) -> float:
    """Two hours up, half an hour at the top, two hours down."""
    hour = second / HOUR
    return QUIET + (1 - QUIET) * max(0.0, min(1.0, hour / 2, (4.5 - hour) / 2))


def _steady(second: float) -> float:
    return 0.5


DAY = Curve("day", "a day with a hump before noon and a higher one in the evening", 24 * HOUR, 15, _day)
SPIKE = Curve("spike", "ten times as much for ten minutes, at once, and after eight minutes again", HOUR, 5, _spike, sudden=True)
RAMP = Curve("ramp", "two hours up to ten times as much, half an hour there, two hours down", 5 * HOUR, 15, _ramp)
COLLAPSE = Curve(
    "collapse", "half of the peak, and after ten minutes a new model, whose answers no cache knows", HOUR, 5, _steady, 10 * MINUTE
)
CURVES = (DAY, SPIKE, RAMP, COLLAPSE)


@cache
def rates(curve: Curve) -> tuple[float, ...]:
    """Requests a second in each step."""
    drawn = np.random.default_rng(curve.draw)
    kept = math.exp(-curve.step_seconds / NOISE_SECONDS)
    seen, noise = [], NOISE * float(drawn.standard_normal())
    for second in range(0, curve.seconds, curve.step_seconds):
        seen.append(PEAK * curve.share(second) * max(0.0, 1 + noise))
        noise = kept * noise + math.sqrt(1 - kept**2) * NOISE * float(drawn.standard_normal())
    return tuple(seen)


@cache
def hit_shares(curve: Curve) -> tuple[float, ...]:
    """The share of requests that a cache answers in each step."""
    if curve.model_changes_at is None:
        return (STEADY_HITS,) * len(rates(curve))
    seen, since = [], 0.0
    for number, rate in enumerate(rates(curve)):
        changed = number * curve.step_seconds >= curve.model_changes_at
        seen.append(STEADY_HITS * known_share(since) if changed else STEADY_HITS)
        since += changed * rate * curve.step_seconds * STEADY_HITS
    return tuple(seen)


def known_share(asked: float, catalogue: int = CATALOGUE, exponent: float = EXPONENT) -> float:
    """How likely the next picture has been asked for before, after so many requests for a catalogue by Zipf's law."""
    pictures, each = _popularity(catalogue, exponent)
    return max(0.0, float(1 - (pictures * each * np.exp(-asked * each)).sum()))


@cache
def _popularity(catalogue: int, exponent: float) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Of each rank out of some that stand for all: how many pictures it stands for, and how likely one of these is the next."""
    edges = np.unique(np.geomspace(1, catalogue + 1, LOGARITHMIC_RANKS).astype(np.int64))
    pictures = np.diff(edges)
    middle = (edges[:-1] + edges[1:] - 1) / 2
    weights = middle**-exponent
    return pictures, weights / (weights * pictures).sum()
