"""Measured figures with no more digits than they are worth."""

from typing import Any

SIGNIFICANT_DIGITS = 5


def rounded(told: Any) -> Any:
    """Every float of what JSON holds, in objects however deep; what else there is as it is."""
    if isinstance(told, dict):
        return {name: rounded(value) for name, value in told.items()}
    return float(f"{told:.{SIGNIFICANT_DIGITS}g}") if isinstance(told, float) else told
