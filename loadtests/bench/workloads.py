"""The workloads: which pictures are sent, over how many connections, to whom; one round measures every server once under each."""

import itertools
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from loadtests.bench.closed_loop import go_round
from loadtests.bench.fresh import Fresh, Upload
from loadtests.bench.lookups import counted, counted_at_least
from loadtests.bench.measured import Figures
from loadtests.bench.runs import Cell, Run, run_of
from loadtests.bench.servers import (
    ALL_OURS,
    BARE_ASGI,
    BARE_ROUTE,
    IN_PROCESS,
    LITSERVE,
    OURS,
    OURS_FROM_REDIS,
    OURS_TWICE,
    OURS_TWO_WORKERS,
    SAMPLE,
    TORCHSERVE,
    TORCHSERVE_ALONE,
    TORCHSERVE_BATCHED,
    Server,
)
from loadtests.bench.usage import usage
from loadtests.bench.wire import Ask, Digits
from loadtests.pictures import png, zipf
from loadtests.programs import Failed

DISTINCT, REPEATED, REDIS, ZIPF = "distinct", "repeated", "from Redis", "Zipf"
SENT_AHEAD = 16
"""Requests on a connection that do not wait for each other's answers, so that the load is a small part of what is measured: as many as in
TechEmpower's plaintext test."""

AHEAD = f"repeated, {SENT_AHEAD} sent ahead"
WRK, WRK_REDIS = "repeated, by wrk (statuses checked)", "from Redis, by wrk (statuses checked)"
SMALL, BESIDE = "small, 100 a second", "small, 100 a second, beside a photograph"
PHOTOGRAPHS = {megapixels: f"photograph, {megapixels} megapixel{'s' * (megapixels > 1)}" for megapixels in (1, 3, 6, 12)}
HIT_RATES = {percent: f"{percent} % sent before" for percent in (0, 10, 50, 95)}
BATCH = 16
BATCH_JSON, BATCH_MULTIPART = f"batch of {BATCH}, JSON", f"batch of {BATCH}, multipart"
ONE_NEW_IN = 5
MEMORY = f"one new in {ONE_NEW_IN}"
NETWORK, NETWORK_BF16 = "network alone", "network alone, native bf16"
CATALOGUE = 60_000
POOL = 1_000
"""Pictures that are asked for out of Redis, in turn: one alone would have lookups share an answer."""

MOST_PER_SECOND = {1: 4_000, 2: 6_000, 8: 8_000, 32: 8_000, 128: 12_000, 256: 12_000, 512: 12_000}
"""More pictures than any server answers by connections; who answers all is measured for less long."""

MOST_ZIPF_PER_SECOND = 20_000
MOST_NEW_HITS = 0.001
MOST_HITS = dict.fromkeys((DISTINCT, *PHOTOGRAPHS.values(), SMALL, BESIDE, BATCH_JSON, BATCH_MULTIPART, HIT_RATES[0]), MOST_NEW_HITS)
MOST_HITS[MEMORY] = 1 - 1 / ONE_NEW_IN + MOST_NEW_HITS
MOST_HITS |= {HIT_RATES[percent]: percent / 100 + 0.01 for percent in HIT_RATES if percent}
"""The share of answers that caches can give where so many pictures are new."""

LEAST_HITS = {HIT_RATES[percent]: percent / 100 - 0.01 for percent in HIT_RATES}
"""And must, where it is the share that is measured."""


@dataclass(frozen=True)
class Case:
    """One workload in a closed loop, and whom it is for."""

    workload: str
    connections: int
    servers: tuple[str, ...]


EVERYONE = (OURS, TORCHSERVE_BATCHED, TORCHSERVE, IN_PROCESS, LITSERVE)
CASES = (
    Case(DISTINCT, 1, EVERYONE),
    Case(DISTINCT, 32, (*EVERYONE, TORCHSERVE_ALONE, OURS_TWICE)),
    Case(DISTINCT, 128, (*EVERYONE, TORCHSERVE_ALONE, OURS_TWICE)),
    Case(REPEATED, 32, (OURS, OURS_TWICE, BARE_ROUTE, BARE_ASGI)),
    Case(AHEAD, 32, (OURS, OURS_TWICE)),
    Case(REDIS, 32, (OURS_FROM_REDIS, BARE_ROUTE)),
    Case(ZIPF, 128, (OURS, TORCHSERVE_BATCHED, TORCHSERVE_ALONE)),
)
OVER_CONNECTIONS = tuple(Case(DISTINCT, connections, (OURS, TORCHSERVE_BATCHED)) for connections in MOST_PER_SECOND)
OVER_WORKERS = tuple(Case(DISTINCT, connections, (OURS, OURS_TWICE, OURS_TWO_WORKERS)) for connections in (32, 128))


@dataclass(frozen=True)
class Round:
    """One round. Which of two servers is first alternates from round to round."""

    number: int
    servers: dict[str, Server]
    fresh: Fresh
    seconds: float
    """Of each measurement."""

    def run(self, case: Case) -> Iterator[Run]:
        """The same pictures for each server. Raises Failed where an answer is wrong, or a workload was not what it says it is."""
        uploads = self.uploads(case)
        for name in case.servers if self.number % 2 == 0 else reversed(case.servers):
            server = self.servers[name]
            made = {upload: server.ask(upload) for upload in dict.fromkeys(uploads)}
            asks: Iterable[Ask] = [made[upload] for upload in uploads]
            if case.workload == REDIS:
                go_round(server.url, asks, connections=8, seconds=60)
            ahead = 1
            if case.workload == AHEAD:
                ahead, asks = SENT_AHEAD, [sent_ahead(asks, uploads)]
            if case.workload in (REPEATED, AHEAD, REDIS):
                asks = itertools.cycle(asks)
            cell = Cell(case.workload, case.connections, name)
            load = partial(go_round, server.url, asks, connections=case.connections, seconds=self.seconds, ahead=ahead)
            yield self.measure(cell, load)

    def measure(self, cell: Cell, load: Callable[[], Figures], pictures: int = 1) -> Run:
        """A load with so many pictures in each request. Raises Failed where an answer is wrong, or new pictures were in a cache."""
        server = self.servers[cell.server]
        with server.awake():
            counts_before = counted(server.url) if cell.server in ALL_OURS else None
            before = usage(server.pids)
            measured = load()
            after = usage(server.pids)
        share = None
        if counts_before is not None:
            counts = counted_at_least(server.url, counts_before.answers + measured.answers)
            share = (counts.hits - counts_before.hits) / (counts.answers - counts_before.answers) / pictures
        run = run_of(cell, self.number, measured, before, after, hit_share=share, pictures=pictures)
        check(run)
        return run

    def uploads(self, case: Case) -> Sequence[Upload]:
        """In the order in which they are sent."""
        if case.workload == REPEATED:
            return [SAMPLE]
        if case.workload == AHEAD:
            return [SAMPLE] * SENT_AHEAD
        if case.workload == REDIS:
            return self.fresh.take(POOL)
        if case.workload == DISTINCT:
            return self.fresh.take(math.ceil(self.seconds * MOST_PER_SECOND[case.connections]))
        return self.zipf_uploads(math.ceil(self.seconds * MOST_ZIPF_PER_SECOND))

    def zipf_uploads(self, count: int) -> list[Upload]:
        """Out of a new catalogue in each round: caches that know none of it are the harder case."""
        pixels, digits = self.fresh.pixels(CATALOGUE)
        places = zipf(count, CATALOGUE, seed=self.number).tolist()
        made = {place: Upload(png(pixels[place]), int(digits[place])) for place in dict.fromkeys(places)}
        return [made[place] for place in places]


def sent_ahead(asks: Iterable[Ask], uploads: Iterable[Upload]) -> Ask:
    """All of these at once, and every digit of their answers."""
    return b"".join(request for request, _ in asks), Digits.of(upload.digit for upload in uploads)


def check(run: Run) -> None:
    """Raises Failed where caches answered what nobody can have asked before, or another share than the one that is measured.

    Elsewhere fewer hits than a workload allows make us slower, no more.
    """
    least, most = LEAST_HITS.get(run.cell.workload, 0.0), MOST_HITS.get(run.cell.workload, math.inf)
    if run.cell.workload in LEAST_HITS and run.cell.connections is not None:
        # what is in flight in the end is not counted: it is new, for a hit would have been there already
        most *= 1 + run.cell.connections / run.answers
    if run.hit_share is None or least <= run.hit_share <= most:
        return
    bound = f"at most {most:.2%} can be" if run.hit_share > most else f"at least {least:.2%} must be"
    raise Failed(f"void: {run.hit_share:.2%} of pictures ({run.cell.workload}) were answered from a cache, and {bound}")
