"""How well a score tells two kinds of pictures apart, and where to cut it. Higher means more like a digit."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from model.metrics import Floats, wilson

STEPS = 1_000_000
"""Of a threshold in 1, as results files keep them: what is written is what was measured."""


@dataclass(frozen=True)
class Auroc:
    """Chance that a digit scores higher than another picture, ties counting half, with its 95 % interval."""

    value: float
    low: float
    high: float


def auroc(digits: Floats, others: Floats) -> Auroc:
    """Area under the ROC curve from ranks (Mann and Whitney 1947) of scores `float64[n]` and `float64[m]`, with DeLong's variance
    (DeLong et al. 1988), which takes pictures for independent: too narrow an interval where many are of one writer, font or
    kind, or the same.

    Raises ValueError where either is empty or holds a number that is none.
    """
    if not len(digits) or not len(others):
        raise ValueError("both kinds of pictures are needed")
    together = np.concatenate([digits, others])
    if np.isnan(together).any():
        raise ValueError("a score is not a number")
    ranks, count = mid_ranks(together), len(digits)
    below = (ranks[:count] - mid_ranks(digits)) / len(others)
    above = 1 - (ranks[count:] - mid_ranks(others)) / count
    value = float(below.mean())
    half = 1.959964 * math.sqrt(_variance_of_mean(below) + _variance_of_mean(above))
    return Auroc(value, max(0.0, value - half), min(1.0, value + half))


def mid_ranks(values: Floats) -> Floats:
    """Ranks from 1, `float64[n]`; equal values share the mean of theirs."""
    _, place, count = np.unique(values, return_inverse=True, return_counts=True)
    ranks: Floats = (np.cumsum(count) - (count - 1) / 2)[place]
    return ranks


def threshold_refusing(digits: Floats, most: float) -> float:
    """The highest threshold under which so few of these digits' scores `float64[n]` lie that the 95 % interval of their share ends at
    `most` (0..1) or below: the share itself would be passed on other digits about every second time.

    Raises ValueError where there are too few digits for any.
    """
    allowed = refusals_allowed(len(digits), most)
    return rounded_down(float(np.sort(digits)[allowed]))


def refusals_allowed(digits: int, most: float) -> int:
    """How many of so many digits may be refused, so that the 95 % interval of their share ends at `most` or below. Raises ValueError."""
    fitting = [count for count in range(int(most * digits) + 1) if wilson(count, digits)[1] <= most]
    if not fitting:
        raise ValueError(f"{digits} digits are too few to promise that at most {100 * most:g} % are refused")
    return fitting[-1]


def rounded_down(value: float) -> float:
    """To `STEPS`: what lies at the value is not under it."""
    return math.floor(value * STEPS) / STEPS


def _variance_of_mean(values: NDArray[np.float64]) -> float:
    return float(values.var(ddof=1)) / len(values) if len(values) > 1 else 0.0
