"""Shares as documents write them: percentages with two decimals, differences in points, each with its interval where it has one."""

from typing import Any


def percent(value: float | None) -> str:
    """A share in 0..1 as a percentage with two decimals; of nothing it is a dash."""
    return "-" if value is None else f"{100 * value:.2f} %"


def share(row: dict[str, Any]) -> str:
    """Accuracy and its interval."""
    return within(row["accuracy"], row["interval"])


def within(value: float, interval: list[float]) -> str:
    """A share and its interval."""
    low, high = interval
    return f"{percent(value)} [{percent(low)}, {percent(high)}]"


def mean_and_sd(value: dict[str, Any], places: int, times: int = 1) -> str:
    """What `model.metrics.spread` made, times a number: the mean and, of several, the standard deviation."""
    mean = f"{times * value['mean']:.{places}f}"
    return mean if value["sd"] is None else f"{mean} +- {times * value['sd']:.{places}f}"


def points(difference: dict[str, float]) -> str:
    """A difference of two shares and its interval, in percentage points."""
    return f"{100 * difference['estimate']:+.2f} points [{100 * difference['low']:+.2f}, {100 * difference['high']:+.2f}]"
