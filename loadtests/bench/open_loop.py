"""An open loop: requests fall due at a rate whatever becomes of those before, and latency counts from when each was due."""

import selectors
import time
from collections.abc import Sequence

import numpy as np

from loadtests.bench.measured import Measured
from loadtests.bench.wire import STALLED_SECONDS, Ask, Connection, TurnedAway, opened
from loadtests.programs import Failed

MOST_CONNECTIONS = 512
BEFORE_THE_FIRST_SECONDS = 0.01


def arrive(
    url: str, asks: Sequence[Ask], *, rate: float, seed: int = 0, most_connections: int = MOST_CONNECTIONS, most_refusals: int = 0
) -> Measured:
    """Each of these, once, as callers who know nothing of each other send them: `rate` a second on average, exponential gaps.

    A request that finds no connection idle has one opened and, where there are enough already, waits; that counts. It ends with the last
    answer. Raises Failed where an answer is not 200 or not the expected one, or none comes for 5 s; `most_refusals` may be 429, 503 or 504,
    and are counted.
    """
    gaps = np.random.default_rng(seed).exponential(1 / rate, len(asks))
    due = (BEFORE_THE_FIRST_SECONDS + gaps.cumsum()).tolist()
    measured = Measured()
    # select's time-outs are in microseconds, epoll's in milliseconds: those would be measured
    with selectors.SelectSelector() as ready, opened(url, ready) as another, measured.measuring() as started:
        idle: list[Connection] = []
        sent = 0
        while measured.answers + measured.refusals < len(asks):
            while sent < len(asks) and started + due[sent] <= time.perf_counter():
                if not idle and len(ready.get_map()) >= most_connections:
                    break
                connection = idle.pop() if idle else another()
                connection.send(asks[sent], started + due[sent])
                sent += 1
            waits_for_an_answer = sent == len(asks) or (not idle and len(ready.get_map()) >= most_connections)
            patience = None if waits_for_an_answer else started + due[sent] - time.perf_counter()
            _receive(ready, idle, patience, measured, most_refusals)
    return measured


def _receive(ready: selectors.BaseSelector, idle: list[Connection], patience: float | None, measured: Measured, most_refusals: int) -> None:
    """What has come, or comes within that many seconds; None: something has to come."""
    told = ready.select(STALLED_SECONDS if patience is None else max(0.0, patience))
    if not told and patience is None:
        raise Failed(f"no answer for {STALLED_SECONDS:g} s")
    for key, _ in told:
        connection: Connection = key.data
        if connection.hung_up():
            ready.unregister(connection)
            idle.remove(connection)
            connection.close()
            continue
        try:
            if not connection.receive():
                continue
            measured.latencies.append(time.perf_counter() - connection.since)
        except TurnedAway:
            measured.refusals += 1
            if measured.refusals > most_refusals:
                raise
        idle.append(connection)
