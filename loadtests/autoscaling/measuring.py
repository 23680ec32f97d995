"""What an answer takes of whom, measured on a stack of its own: processor time by program, latency alone, start-up, bytes."""

import itertools
import math
import shutil
import sqlite3
import statistics
import sys
import time
import urllib.request
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import redis

from loadtests.autoscaling.figures import Figures
from loadtests.bench.closed_loop import go_round
from loadtests.bench.fresh import Fresh, Upload, fresh_pictures
from loadtests.bench.lookups import counted, counted_at_least
from loadtests.bench.report import this_machine
from loadtests.bench.runs import Spread
from loadtests.bench.usage import usage
from loadtests.bench.wire import CHUNK, LENGTH, Ask, asks, connected
from loadtests.pictures import CHECKOUT, png, zipf
from loadtests.programs import Failed, program
from loadtests.stack import LOOPBACK, Stack, build_archive, free_port, running_stack

CONNECTIONS = 32
KNOWN = 1_000
"""Pictures that come again."""
MOST_PER_SECOND, MOST_ALONE_PER_SECOND = 8_000, 2_000
"""More new pictures than are answered."""
CATALOGUE = 60_000


@dataclass(frozen=True)
class Form:
    """How much is measured."""

    rounds: int
    seconds: float
    """Of each load in a round."""
    warm_up_seconds: float
    starts: int
    """Of each program."""
    popular: int
    """Requests for popular pictures."""


USUAL = Form(rounds=5, seconds=4.0, warm_up_seconds=10.0, starts=5, popular=100_000)
QUICK = Form(rounds=2, seconds=0.5, warm_up_seconds=1.0, starts=2, popular=4_000)


@dataclass(frozen=True)
class Gateway:
    """One that is asked, and who works for it, by process id: of each all that it started counts."""

    url: str
    pid: int
    torchserve: int
    redis: int
    redis_url: str

    def asks(self, uploads: Sequence[Upload]) -> list[Ask]:
        return asks(self.url, uploads)


@dataclass(frozen=True)
class Share:
    """What an answer takes: microseconds of processors, and bytes to and from Redis."""

    gateway_us: float
    torchserve_us: float
    redis_us: float
    redis_bytes: float


def measure(folder: Path, form: Form, tell: Callable[[str], None]) -> Figures:
    """Takes some minutes. Raises Failed, Refused, OSError, CalledProcessError."""
    archive, starts = folder / "archive", []
    build_archive(CHECKOUT, archive)
    for number in range(1, form.starts + 1):
        with _stack(folder / f"stack-{number}", archive) as stack:
            (java,) = stack.listening("torchserve")
            starts.append(time.time() - java.create_time())
            tell(f"TorchServe reads a digit after {starts[-1]:.1f} s")
            if number == form.starts:
                return _measured_on(stack, folder, form, starts, tell)
    raise ValueError("at least one start")


def _measured_on(stack: Stack, folder: Path, form: Form, torchserve_starts: list[float], tell: Callable[[str], None]) -> Figures:
    gateway_starts = []
    for number in range(form.starts):
        with _beside(stack, folder / f"gateway-{number}") as (_, seconds):
            gateway_starts.append(seconds)
        tell(f"a gateway is ready after {seconds:.1f} s")
    local, redis_hits, misses = list[Share](), list[Share](), list[Share]()
    alone: dict[str, list[float]] = {"hit": [], "miss": []}
    with _beside(stack, folder / "gateway") as (own, _), _beside(stack, folder / "forgetful", GATEWAY_LOCAL_CACHE_BYTES="0") as (other, _):
        fresh = fresh_pictures(own.url)
        known = fresh.take(KNOWN)
        empty = _memory(own)
        popular_hits = _popular_hits(own, fresh, form.popular)
        tell(f"{popular_hits:.1%} of popular pictures are in a cache")
        for gateway in (own, other):
            _load(gateway, gateway.asks(fresh.take(int(MOST_PER_SECOND * form.warm_up_seconds))), form.warm_up_seconds)
            _load(gateway, gateway.asks(known), math.inf)
        entry_bytes = (_memory(own)[0] - empty[0]) / (_memory(own)[1] - empty[1])
        for number in range(1, form.rounds + 1):
            _load(own, own.asks(known), math.inf)  # which new pictures may have pushed out
            local.append(_share(own, itertools.cycle(own.asks(known)), form.seconds))
            redis_hits.append(_share(other, itertools.cycle(other.asks(known)), form.seconds))
            misses.append(_share(own, own.asks(fresh.take(int(MOST_PER_SECOND * form.seconds))), form.seconds))
            _load(own, own.asks(known), math.inf)
            alone["hit"].append(_alone_ms(own, itertools.cycle(own.asks(known)), form.seconds / 2))
            alone["miss"].append(_alone_ms(own, own.asks(fresh.take(int(MOST_ALONE_PER_SECOND * form.seconds))), form.seconds / 2))
            tell(f"round {number} of {form.rounds}: {_line(local[-1], redis_hits[-1], misses[-1])}")
        request_bytes, answer_bytes = exchanged(own.url, own.asks(known)[0][0])
    return Figures(
        machine=this_machine(),
        connections=CONNECTIONS,
        seconds=form.seconds,
        catalogue=CATALOGUE,
        popular=form.popular,
        popular_hits=popular_hits,
        request_bytes=request_bytes,
        answer_bytes=answer_bytes,
        redis_entry_bytes=entry_bytes,
        redis_hit_bytes=statistics.median(each.redis_bytes for each in redis_hits),
        redis_miss_bytes=statistics.median(each.redis_bytes for each in misses),
        row_bytes=row_bytes(folder / "gateway" / "records.sqlite"),
        gateway_hit_us=Spread.of(each.gateway_us for each in local),
        gateway_redis_hit_us=Spread.of(each.gateway_us for each in redis_hits),
        gateway_miss_us=Spread.of(each.gateway_us for each in misses),
        model_us=Spread.of(each.torchserve_us for each in misses),
        redis_hit_us=Spread.of(each.redis_us for each in redis_hits),
        redis_miss_us=Spread.of(each.redis_us for each in misses),
        hit_ms=Spread.of(alone["hit"]),
        miss_ms=Spread.of(alone["miss"]),
        gateway_start_seconds=Spread.of(gateway_starts),
        torchserve_start_seconds=Spread.of(torchserve_starts),
    )


def exchanged(url: str, ask: bytes) -> tuple[int, int]:
    """Bytes of a request and of its answer, without those of TCP and IP. Raises OSError, Failed where no whole answer comes."""
    received = bytearray()
    with connected(url) as connection:
        connection.sendall(ask)
        while True:
            end = received.find(b"\r\n\r\n")
            length = LENGTH.search(received, 0, end) if end >= 0 else None
            if length is not None and len(received) >= end + 4 + int(length[1]):
                return len(ask), len(received)
            chunk = connection.recv(CHUNK)
            if not chunk:
                raise Failed(f"of an answer only {len(received)} bytes came")
            received += chunk


def row_bytes(database: Path) -> float:
    """What a recorded prediction takes of the file. Raises Failed where none is recorded."""
    with closing(sqlite3.connect(f"{database.resolve().as_uri()}?mode=ro", uri=True)) as records:
        (pages,), (page_bytes,) = records.execute("PRAGMA page_count").fetchone(), records.execute("PRAGMA page_size").fetchone()
        (rows,) = records.execute("SELECT count(*) FROM predictions").fetchone()
    if not rows:
        raise Failed("no prediction was recorded")
    return float(pages * page_bytes / rows)


@contextmanager
def _stack(folder: Path, archive: Path) -> Iterator[Stack]:
    shutil.copytree(archive, folder / "state" / "archive")
    with running_stack(folder, CHECKOUT, GATEWAY_CANARY_SECONDS="0") as stack:
        yield stack


@contextmanager
def _beside(stack: Stack, state: Path, **settings: str) -> Iterator[tuple[Gateway, float]]:
    """A gateway on the stack's children, and after how many seconds it was ready. Raises Failed."""
    port = free_port()
    state.mkdir()
    environment = stack.beside(port, state) | {"GATEWAY_CANARY_SECONDS": "0"} | settings
    url, started = f"http://{LOOPBACK}:{port}", time.monotonic()
    with program([sys.executable, "-m", "gateway", "serve"], state / "serve.log", environment, is_up=lambda: _ready(url)) as process:
        seconds = time.monotonic() - started
        (java,), (server,) = stack.listening("torchserve"), stack.listening("redis")
        yield Gateway(url, process.pid, java.pid, server.pid, stack.addresses["redis"]), seconds


def _ready(url: str) -> bool:
    with suppress(OSError), urllib.request.urlopen(f"{url}/readyz", timeout=5) as answer:
        return bool(answer.status == 200)
    return False


def _load(gateway: Gateway, asks: Iterable[Ask], seconds: float) -> int:
    """How many were answered."""
    return go_round(gateway.url, asks, connections=CONNECTIONS, seconds=seconds).answers


def _share(gateway: Gateway, asks: Iterable[Ask], seconds: float) -> Share:
    pids = (gateway.pid, gateway.torchserve, gateway.redis)
    before, carried = [usage([pid]) for pid in pids], _carried(gateway)
    answers = _load(gateway, asks, seconds)
    after, carried_then = [usage([pid]) for pid in pids], _carried(gateway)
    front, model, cache = (1e6 * now.since(then) / answers for now, then in zip(after, before, strict=True))
    return Share(front, model, cache, (carried_then - carried) / answers)


def _alone_ms(gateway: Gateway, asks: Iterable[Ask], seconds: float) -> float:
    return go_round(gateway.url, asks, connections=1, seconds=seconds).milliseconds(50)


def _popular_hits(gateway: Gateway, fresh: Fresh, count: int) -> float:
    """The share found in a cache, as the gateway counts it."""
    pixels, digits = fresh.pixels(CATALOGUE)
    places = zipf(count, CATALOGUE).tolist()
    seen = list(dict.fromkeys(places))
    made = dict(zip(seen, gateway.asks([Upload(png(pixels[place]), int(digits[place])) for place in seen]), strict=True))
    before = counted(gateway.url)
    answers = _load(gateway, [made[place] for place in places], math.inf)
    after = counted_at_least(gateway.url, before.answers + answers)
    return (after.hits - before.hits) / (after.answers - before.answers)


def _carried(gateway: Gateway) -> int:
    """Bytes to and from Redis since it started. Raises Failed."""
    with _redis(gateway) as client:
        told = client.info("stats")
    return int(told["total_net_input_bytes"]) + int(told["total_net_output_bytes"])


def _memory(gateway: Gateway) -> tuple[int, int]:
    """Bytes that Redis uses, and how many answers it has. Raises Failed."""
    with _redis(gateway) as client:
        return int(client.info("memory")["used_memory"]), client.dbsize()


@contextmanager
def _redis(gateway: Gateway) -> Iterator[redis.Redis]:
    try:
        with closing(redis.Redis.from_url(gateway.redis_url)) as client:
            yield client
    except redis.RedisError as error:
        raise Failed(f"the stack's Redis does not tell of itself: {error}") from error


def _line(local: Share, from_redis: Share, new: Share) -> str:
    return (
        f"gateway {local.gateway_us:.0f} us a hit, {from_redis.gateway_us:.0f} a hit in Redis, {new.gateway_us:.0f} a new picture; "
        f"TorchServe {new.torchserve_us:.0f}; Redis {from_redis.redis_us:.0f} and {new.redis_us:.0f}"
    )
