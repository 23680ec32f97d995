"""Predictions remembered by what the model saw, shared by all replicas. Losing Redis costs time, never an answer."""

import asyncio
import logging
import random
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

import numpy as np
import redis.asyncio
import redis.exceptions
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from gateway.batching import Batcher, QueueFull
from gateway.contract import Prediction
from gateway.metrics import Metrics
from gateway.reference import CLASSES
from gateway.signing import Signer

log = logging.getLogger(__name__)

BUDGET_SECONDS = 0.05
"""Longest that a request waits for Redis, connecting included."""

LATE_SECONDS = 0.02
"""A wait that ends so long after its budget was ended late by us, busy with something else: it says nothing about Redis."""

SILENT_SECONDS = 1.0
"""Without any answer for so long, being busy ourselves excuses Redis no more."""

PROBE_SECONDS = 0.5
"""How often the background asks whether Redis is well, and whether somebody purged."""

PIPELINE_LENGTH = 64
MOST_WAITING = 4_096
"""Lookups beyond this are misses, and writes are dropped: an answer is given all the same, only the next one costs more."""

CONNECTIONS = 3
"""Lookups, writes and the probe each travel on one of their own."""

DROPS_BYTES = CLASSES * 2
MAC_BYTES = 8
PURPOSE = b"cached-value"
PURGE_KEY = "digits-purged"
"""Holds a new random value after every purge; processes that see it change forget what they hold."""

WRONG_TYPE = "WRONGTYPE"
"""Begins Redis's error for a GET of something that is no string: a foreign value under our key."""

UNANSWERED = (RedisError, OSError, TimeoutError, ValueError, IndexError, TypeError, RuntimeError)
"""What redis-py lets through when a server is absent, slow, or talks another protocol, or when a transport was closed under it."""


class WeWereBusy(TimeoutError):
    """The wait for Redis was over before this process looked whether an answer had come."""


@dataclass(frozen=True, slots=True)
class RedisKey:
    """Whose answer, by which model and version, to which canonical pixels (`digest`: SHA-256 of the 784 bytes)."""

    tenant: str | None
    model: str
    version: str
    digest: bytes

    @property
    def raw(self) -> bytes:
        """`digits:<tenant or ->:<model>:<version>:<32 bytes>`, without braces, so that a cluster spreads it."""
        return f"digits:{self.tenant or '-'}:{self.model}:{self.version}:".encode() + self.digest


class RedisCache:
    """Get and put by key. A value is the prediction's ten uint16 and a MAC over key and value: 28 bytes, one small allocation of Redis.

    Lookups of concurrent requests travel together in one pipeline. The first failure opens a breaker: from then on nobody waits for Redis
    until a background probe has seen it well.
    """

    def __init__(
        self,
        client: "redis.asyncio.Redis",
        signer: Signer,
        metrics: Metrics,
        ttl_seconds: int,
        on_purge: Callable[[], None],
        budget_seconds: float = BUDGET_SECONDS,
    ) -> None:
        self._client = client
        self._on_purge = on_purge
        self._budget_seconds = budget_seconds
        self._signer = signer
        self._metrics = metrics
        self._ttl_seconds = ttl_seconds
        self._well = True
        self._answered_at = time.monotonic()
        self._lookups: Batcher[bytes, object] = Batcher(self._read, largest=PIPELINE_LENGTH, in_flight=1, waiting=MOST_WAITING)
        self._writes: Batcher[tuple[bytes, bytes | None], None] = Batcher(
            self._write, largest=PIPELINE_LENGTH, in_flight=1, waiting=MOST_WAITING
        )
        self._background: set[asyncio.Task[None]] = set()
        self._purged: object = None
        self.failure: str | None = None

    @property
    def well(self) -> bool:
        """Whether lookups are sent at all."""
        return self._well

    async def get(self, key: RedisKey) -> Prediction | None:
        """None: not there, not to be believed, or Redis unwell. Never waits longer than the budget."""
        if not self._well:
            self._count("skipped")
            return None
        started = time.perf_counter()
        raw = key.raw
        try:
            async with self._in_budget():
                value = await self._lookups.submit(raw)
        except (*UNANSWERED, QueueFull) as error:
            self._fail(error)
            self._count("error")
            return None
        finally:
            self._metrics.cache_duration.labels("redis").observe(time.perf_counter() - started)
        if value is None:
            self._count("miss")
            return None
        if isinstance(value, RedisError) and WRONG_TYPE not in str(value):  # LOADING, NOAUTH, ...: it talks, and cannot serve
            self._fail(value)
            self._count("error")
            return None
        prediction = self._believe(raw, value)
        if prediction is None:
            self._count("invalid")
            self._later(raw, None)
            return None
        self._count("hit")
        return prediction

    def put(self, key: RedisKey, prediction: Prediction) -> None:
        """Remember, in the background; nobody waits for it and nobody hears when it fails."""
        drops = prediction.drops.astype("<u2").tobytes()
        raw = key.raw
        self._later(raw, drops + self._signer.mac(PURPOSE, raw + drops, MAC_BYTES))

    async def watch(self) -> None:
        """Probe for ever: close the breaker when Redis is well again, and call `on_purge` when somebody purged."""
        await asyncio.gather(*(self._probe() for _ in range(CONNECTIONS)))  # opened now, not by the first requests
        while True:
            await asyncio.sleep(PROBE_SECONDS)
            await self._probe()

    async def close(self) -> None:
        for task in list(self._background):
            task.cancel()
        await asyncio.gather(*self._background, return_exceptions=True)
        await self._lookups.close()
        await self._writes.close()
        await self._client.aclose()

    async def _probe(self) -> None:
        try:
            async with self._in_budget():
                purged = await self._client.get(PURGE_KEY)
        except UNANSWERED as error:
            self._fail(error)
            return
        if not isinstance(purged, bytes | None):
            self._fail(TypeError(f"GET answered a {type(purged).__name__}"))
            return
        if purged != self._purged:
            self._purged = purged
            self._on_purge()
        if not self._well:
            log.warning("redis is well again")
        self._well, self.failure = True, None

    @asynccontextmanager
    async def _in_budget(self) -> AsyncIterator[None]:
        """For the time that Redis has to answer, and notes that it did.

        Raises TimeoutError, or WeWereBusy where the event loop itself came late to what may have arrived in time.
        """
        started = time.perf_counter()
        try:
            async with asyncio.timeout(self._budget_seconds):
                yield
            self._answered_at = time.monotonic()
        except (TimeoutError, redis.exceptions.TimeoutError) as error:
            if time.perf_counter() - started > self._budget_seconds + LATE_SECONDS:
                raise WeWereBusy from error
            raise

    def _fail(self, error: Exception) -> None:
        if isinstance(error, WeWereBusy) and time.monotonic() - self._answered_at < SILENT_SECONDS:
            return
        if self._well:
            log.warning("redis is not answering (%s: %s); going on without it", type(error).__name__, error)
        self._well = False
        self.failure = f"{type(error).__name__}: {error}".strip(": ")

    async def _read(self, keys: list[bytes]) -> list[object]:
        async with self._in_budget(), self._client.pipeline(transaction=False) as pipeline:
            for key in keys:
                pipeline.get(key)
            values = await pipeline.execute(raise_on_error=False)
        if len(values) != len(keys):
            raise ValueError(f"{len(values)} answers to {len(keys)} lookups")
        return values

    async def _write(self, entries: list[tuple[bytes, bytes | None]]) -> list[None]:
        async with self._in_budget(), self._client.pipeline(transaction=False) as pipeline:
            for key, value in entries:
                if value is None:
                    pipeline.unlink(key)
                else:
                    pipeline.set(key, value, ex=max(1, round(self._ttl_seconds * random.uniform(0.9, 1.1))))
            await pipeline.execute(raise_on_error=False)
        return [None] * len(entries)

    def _later(self, key: bytes, value: bytes | None) -> None:
        if self._well:
            task = asyncio.create_task(self._write_one(key, value))
            self._background.add(task)
            task.add_done_callback(self._background.discard)

    async def _write_one(self, key: bytes, value: bytes | None) -> None:
        try:
            await self._writes.submit((key, value))
        except QueueFull:
            log.debug("a cache write was dropped: too many wait")
        except UNANSWERED as error:
            self._fail(error)

    def _believe(self, raw: bytes, value: object) -> Prediction | None:
        """The prediction, when the value is one of ours for this very key."""
        if not isinstance(value, bytes) or len(value) != DROPS_BYTES + MAC_BYTES:
            return None
        drops, mac = value[:DROPS_BYTES], value[DROPS_BYTES:]
        return Prediction(np.frombuffer(drops, "<u2")) if self._signer.verify(PURPOSE, raw + drops, mac) else None

    def _count(self, outcome: str) -> None:
        self._metrics.cache_lookups.labels("redis", outcome).inc()


def connect(url: str, budget_seconds: float = BUDGET_SECONDS) -> "redis.asyncio.Redis":
    """A client that never waits long and never tries twice. redis-py's own defaults wait 58 s for a socket that does not answer.

    Raises ValueError when the URL is none.
    """
    return redis.asyncio.Redis.from_url(
        url,
        socket_timeout=budget_seconds,
        socket_connect_timeout=budget_seconds,
        retry=Retry(NoBackoff(), 0),
        max_connections=8,
        protocol=2,  # no greeting: a connection that is opened under load is of use a round trip earlier
    )
