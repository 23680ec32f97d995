"""What is tuned: the settings that a gateway takes, those that this installation has, and those that are tried instead."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

from loadtests.programs import Failed

PREFIX = "GATEWAY_"
MOST = 64
"""Workers, threads or gateway processes that a gateway takes."""

ALL_UP_TO = 4
"""Of more cores than that, only doublings are tried, and all of them: each one more would be half a minute more."""

DELAYS_MS = (0.0, 2.0, 5.0)
BATCHES = (1, 8, 16, 32, 64)


@dataclass(frozen=True)
class Setting:
    """One way to run. Each attribute is the variable `GATEWAY_<NAME>`; these are the gateway's defaults."""

    batch_delay_ms: float = 0.0
    largest_batch: int = 64
    torchserve_workers: int = 1
    torchserve_threads: int = 1
    workers: int = 1

    @property
    def variables(self) -> dict[str, str]:
        return {PREFIX + name.upper(): f"{value:g}" for name, value in asdict(self).items()}

    def lines_to_change(self, present: "Setting") -> list[str]:
        """`GATEWAY_...=...` where it differs."""
        before = present.variables
        return [f"{name}={value}" for name, value in self.variables.items() if value != before[name]]


def present_setting(environment: Mapping[str, str]) -> Setting:
    """As a gateway would read it. Raises Failed where a value is no number; whether it is one that can be used, the gateway says."""
    found: dict[str, Any] = {}
    for field in fields(Setting):
        name = PREFIX + field.name.upper()
        try:
            if value := environment.get(name):
                found[field.name] = float(value) if isinstance(field.default, float) else int(value)
        except ValueError:
            raise Failed(f"{name} is {value!r}, which is no number it takes") from None
    return replace(Setting(), **found)


def candidates(present: Setting, cores: int) -> list[Setting]:
    """Each with one thing other than at present, those of one thing after the other."""
    counts = [count for count in range(1, min(cores, MOST) + 1) if count <= ALL_UP_TO or count & (count - 1) == 0 or count == cores]
    values: dict[str, Sequence[Any]] = {
        "batch_delay_ms": DELAYS_MS,
        "largest_batch": BATCHES,
        "torchserve_workers": counts,
        "torchserve_threads": counts,
        "workers": counts,
    }
    return [replace(present, **{name: value}) for name in values for value in values[name] if value != getattr(present, name)]
