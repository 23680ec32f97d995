"""What answering in time means on this machine: a multiple of how long a server takes that does nothing.

A limit in milliseconds would have to be another on each machine, and one relative to how this very gateway answered at first would never
see a gateway that is late from the start. So a bare ASGI function is asked by the same users just before. Its median is taken, which a
busy moment hardly moves (0.80 to 0.95 ms in ten measurements on two shared cores; its p95 went from 1.5 to 4.9 ms).
"""

from dataclasses import replace
from pathlib import Path

from loadtests.bench.servers import BARE_ASGI, RIVALS
from loadtests.load.judgement import Limits
from loadtests.load.swarm import Load, swarm

SECONDS = 5.0
TIMES = 20.0
"""How many times that the p95 of a gateway may be. A stack of its own that was just started has 9 to 12 times, as the default ramp sees it
on that machine, and 13 to 19 beside a program that takes one of the two cores; three times the p95 is 26 and more."""

UNLIMITED = Limits(error_ratio=1.0, p95_ms=float("inf"))


def p95_limit_ms(load: Load, folder: Path) -> float:
    """For this load, on this machine, now. Raises Failed."""
    with RIVALS[BARE_ASGI](BARE_ASGI, folder, folder) as server:
        bare, _ = swarm(
            server.url, replace(load, shape="steady", seconds=SECONDS), UNLIMITED, quiet=True
        )  # its answers are wrong: no matter
    return TIMES * bare.p50_ms
