"""What answering in time means on this machine: a multiple of how long a server takes that does nothing.

A limit in milliseconds would have to be another on each machine, and one relative to how this very gateway answered at first would never
see a gateway that is late from the start. So a bare ASGI function is asked by the same users just before, and its third quartile is taken:
it follows the machine, and a busy moment hardly moves it (0.77 to 1.29 ms in ten measurements on two shared cores, its p95 1.3 to 4.9 ms).
"""

from dataclasses import replace
from pathlib import Path

from loadtests.bench.servers import BARE_ASGI, RIVALS
from loadtests.load.judgement import Limits
from loadtests.load.swarm import Load, swarm

SECONDS = 5.0
TIMES = 18.0
"""How many times that the p95 of a gateway may be. On that machine, stacks that were just started had 7.6 to 14 times (median 8.6) in nine
runs of the default ramp, and up to 15 in a spike, in runs of 10 s, or beside a program that took one of the two cores. Three times the
p95 is 23 and more.
"""

UNLIMITED = Limits(error_ratio=1.0, p95_ms=float("inf"))


def p95_limit_ms(load: Load, folder: Path) -> float:
    """For this load, on this machine, now. What the bare server answers is wrong, and that is not looked at. Raises Failed."""
    with RIVALS[BARE_ASGI](BARE_ASGI, folder, folder) as server:
        bare, _ = swarm(server.url, replace(load, shape="steady", seconds=SECONDS), UNLIMITED, quiet=True)
    return TIMES * bare.p75_ms
