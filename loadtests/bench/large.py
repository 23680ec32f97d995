"""Photographs: how long each size takes against its mere decoding, and how much the largest delays small pictures beside it."""

import math
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from functools import partial
from threading import Event

import cv2
import numpy as np

from loadtests.bench.closed_loop import go_round
from loadtests.bench.fresh import Upload
from loadtests.bench.measured import Measured
from loadtests.bench.open_loop import arrive
from loadtests.bench.photograph import photograph
from loadtests.bench.runs import Cell, Run, run_of
from loadtests.bench.servers import OURS, SAMPLE, Server
from loadtests.bench.usage import Usage
from loadtests.bench.wire import STALLED_SECONDS, Ask
from loadtests.bench.workloads import BESIDE, PHOTOGRAPHS, SMALL, Round
from loadtests.meanwhile import meanwhile

WHOLE_DECODE = "cv2.imdecode"
LARGEST = max(PHOTOGRAPHS)
SMALL_PER_SECOND = 100.0
FEWEST = 5
NOTHING = Usage({}, 0)


def photographed() -> dict[int, Upload]:
    """The sample as photographs, by megapixels."""
    picture = np.asarray(cv2.imdecode(np.frombuffer(SAMPLE.png, np.uint8), cv2.IMREAD_GRAYSCALE), np.uint8)
    return {megapixels: Upload(photograph(picture, megapixels), SAMPLE.digit) for megapixels in PHOTOGRAPHS}


def runs(this: Round, photographs: Mapping[int, Upload]) -> Iterator[Run]:
    """All of a round, which of two is first alternating. Raises Failed."""
    server = this.servers[OURS]
    # the same photograph over and over, and each time as if it were new
    asks_by_size = {megapixels: server.ask(upload, "Cache-Control: no-store") for megapixels, upload in photographs.items()}
    for megapixels, upload in photographs.items():
        workload, decoding = PHOTOGRAPHS[megapixels], Measured()
        load = partial(_in_turn, this.seconds, server, asks_by_size[megapixels], upload, decoding)
        yield this.measure(Cell(workload, 1, OURS), load)
        yield run_of(Cell(workload, 1, WHOLE_DECODE), this.number, decoding, NOTHING, NOTHING)
    for workload in (SMALL, BESIDE) if this.number % 2 == 0 else (BESIDE, SMALL):
        asks = [server.ask(upload) for upload in this.fresh.take(math.ceil(this.seconds * SMALL_PER_SECOND))]
        cell = Cell(workload, None, OURS)
        with _always_in_flight(server, asks_by_size[LARGEST]) if workload == BESIDE else nullcontext():
            run = this.measure(cell, partial(arrive, server.url, asks, rate=SMALL_PER_SECOND, seed=this.number))
        yield run


def _in_turn(seconds: float, server: Server, ask: Ask, large: Upload, decoding: Measured) -> Measured:
    """What answering took; what decoding here took goes into `decoding`."""
    answering = Measured()
    encoded = np.frombuffer(large.png, np.uint8)
    until = time.perf_counter() + seconds
    while time.perf_counter() < until or answering.answers < FEWEST:
        one = go_round(server.url, [ask], connections=1, seconds=math.inf)
        answering.add(one)
        with decoding.measuring() as started:
            cv2.imdecode(encoded, cv2.IMREAD_COLOR)
            decoding.latencies.append(time.perf_counter() - started)
    return answering


@contextmanager
def _always_in_flight(server: Server, ask: Ask) -> Iterator[None]:
    """Raises Failed in the end where an answer was wrong."""
    answered = Event()

    def send(over: Event) -> None:
        def asks() -> Iterator[Ask]:
            yield ask
            while not over.is_set():
                answered.set()
                yield ask

        go_round(server.url, asks(), connections=1, seconds=math.inf)

    with meanwhile(send):
        answered.wait(STALLED_SECONDS)
        yield
