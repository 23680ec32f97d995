"""A closed loop over many connections, which costs the machine some microseconds a request: its rate is the server's."""

import itertools
import re
import selectors
import time
from collections.abc import Iterable, Iterator

from loadtests.bench.measured import Measured
from loadtests.bench.wire import STALLED_SECONDS, Ask, Connection, opened, post
from loadtests.programs import Failed


def repeat(url: str, path: str, body: bytes, *, connections: int, seconds: float, expects: bytes) -> Measured:
    """POST the same body over and over, as `go_round` does, each answer holding `expects`."""
    ask = post(url, path, body), re.compile(re.escape(expects))
    return go_round(url, itertools.repeat(ask), connections=connections, seconds=seconds)


def go_round(url: str, asks: Iterable[Ask], *, connections: int, seconds: float, ahead: int = 1) -> Measured:
    """Send each of these, one at a time on each connection, until the seconds are over or all are answered.

    Each may be several requests, `ahead`, whose answers all count when the last of them has come.

    Raises Failed where an answer is not 200 or not the expected one, or none comes for 5 s.
    """
    left = iter(asks)
    measured = Measured()
    with selectors.DefaultSelector() as ready, opened(url, ready, ahead) as another:
        pool = [another() for _ in range(connections)]
        with measured.measuring() as started:
            in_flight = 0
            for connection, ask in zip(pool, left, strict=False):
                connection.send(ask, time.perf_counter())
                in_flight += 1
            _loop(ready, in_flight, left, ahead, started + seconds, measured)
    return measured


def _loop(ready: selectors.BaseSelector, in_flight: int, left: Iterator[Ask], ahead: int, until: float, measured: Measured) -> None:
    count = measured.latencies.extend
    now = time.perf_counter
    while in_flight and now() < until:
        told = ready.select(STALLED_SECONDS)
        if not told:
            raise Failed(f"no answer for {STALLED_SECONDS:g} s")
        for key, _ in told:
            connection: Connection = key.data
            if not connection.receive():
                continue
            answered = now()
            count((answered - connection.since,) * ahead)
            ask = next(left, None)
            if ask is None:
                in_flight -= 1
            else:
                connection.send(ask, answered)
