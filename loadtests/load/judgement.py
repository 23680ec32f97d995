"""Whether a run was good enough: something was asked, few errors, answers in time."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass

import numpy as np


@dataclass(frozen=True)
class Limits:
    """The most that a good run has."""

    error_ratio: float
    """Of requests, 0 to 1."""
    p95_ms: float


@dataclass(frozen=True)
class Seen:
    """What came of a run."""

    requests: int
    failures: int
    """Refused, not answered, or answered wrong."""
    p75_ms: float
    p95_ms: float
    """Both of all requests together; 0 where there was none."""
    broken_users: int
    """Faults of the load itself: what the users' own code raised, which Locust counts nowhere else."""

    @classmethod
    def of(cls, milliseconds: Sequence[float], failures: int, broken_users: int) -> "Seen":
        """Out of how long each request took."""
        p75, p95 = np.percentile(milliseconds or [0.0], [75, 95])
        return cls(len(milliseconds), failures, float(p75), float(p95), broken_users)

    @classmethod
    def told(cls, text: str) -> "Seen":
        """Out of `as_json`."""
        return cls(**json.loads(text))

    def as_json(self) -> str:
        return json.dumps(asdict(self))

    @property
    def error_ratio(self) -> float:
        return self.failures / self.requests if self.requests else 0.0

    def __str__(self) -> str:
        return f"{self.requests} requests, {self.error_ratio:.2%} errors, p95 {self.p95_ms:.1f} ms"


def faults(seen: Seen, limits: Limits) -> Iterator[str]:
    """Why it was not good enough; nothing where it was."""
    if not seen.requests:
        yield "nothing was asked"
    if seen.broken_users:
        yield f"{seen.broken_users} faults in the users themselves"
    if seen.error_ratio > limits.error_ratio:
        yield f"more than {limits.error_ratio:.2%} errors"
    if seen.p95_ms > limits.p95_ms:
        yield f"a p95 of more than {limits.p95_ms:.1f} ms"


def verdict(seen: Seen, limits: Limits) -> str:
    """One line: what was seen, and what was wrong with it or the limits that it held."""
    wrong = " and ".join(faults(seen, limits))
    return f"{seen}: {wrong or f'good (at most {limits.error_ratio:.2%} and {limits.p95_ms:.1f} ms)'}"
