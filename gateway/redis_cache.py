"""Predictions remembered by what the model saw, shared by all replicas. Losing Redis costs time, never an answer."""

import asyncio
import logging
import random
import time
from collections import deque
from collections.abc import Awaitable, Callable
from typing import NamedTuple, TypeVar

import redis.asyncio
import redis.exceptions
from hiredis import HiredisError
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from gateway.contract import DROPS_BYTES, Prediction
from gateway.metrics import Metrics
from gateway.redis_pipe import Command, RedisPipe
from gateway.series import LOOKUP_OUTCOMES
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

LARGEST_LOOKUP = 64
MOST_WAITING = 4_096
"""Writes beyond this are dropped: only the next answer costs more."""

GATHER_SECONDS = 0.002
"""How long writes wait for others: whoever asked is answered first."""

LEAST_SECONDS = 0.005
"""What Redis has at least to answer a batch whose lookups waited long for their turn."""

MAC_BYTES = 8
PURPOSE = b"cached-value"
PURGE_KEY = "digits-purged"
"""Holds a new random value after every purge; processes that see it change forget what they hold."""

WRONG_TYPE = "WRONGTYPE"
"""Begins Redis's error for a GET of something that is no string: a foreign value under our key."""

UNANSWERED = (RedisError, HiredisError, OSError, TimeoutError, ValueError, IndexError, TypeError, RuntimeError)
"""What comes when a server is absent, slow, or talks another protocol, or when a transport was closed under it."""


Answered = TypeVar("Answered")


class WeWereBusy(TimeoutError):
    """The wait for Redis was over before this process looked whether an answer had come."""


class RedisKey(NamedTuple):
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

    Lookups and writes travel many at a time. The first failure opens a breaker: from then on nobody waits for Redis
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
        self._reading, self._writing = RedisPipe(client), RedisPipe(client)
        self._writes: deque[Command] = deque()
        self._gathering: asyncio.TimerHandle | None = None
        self._writer: asyncio.Task[None] | None = None
        self._count = {outcome: metrics.cache_lookups.labels("redis", outcome) for outcome in LOOKUP_OUTCOMES}
        self._duration = metrics.cache_duration.labels("redis")
        self._purged: object = None
        self.failure: str | None = None

    @property
    def well(self) -> bool:
        """Whether lookups are sent at all."""
        return self._well

    async def get(self, keys: list[RedisKey], asked_at: float) -> list[Prediction | None]:
        """What is kept under each of 1 to LARGEST_LOOKUP keys; None: not there, not to be believed, or Redis unwell.

        One call at a time. Ends by the budget after `asked_at` (of `time.perf_counter`), when the first of these was asked for.
        """
        if not self._well:
            self._count["skipped"].inc(len(keys))
            return [None] * len(keys)
        raw = [key.raw for key in keys]
        try:
            values = await self._in_budget(asked_at, self._reading.run([("GET", key) for key in raw]))
        except UNANSWERED as error:
            self._fail(error)
            self._count["error"].inc(len(keys))
            return [None] * len(keys)
        finally:
            self._duration.observe_all([time.perf_counter() - asked_at] * len(keys))
        return self._believed(raw, values)

    def put(self, key: RedisKey, prediction: Prediction) -> None:
        """Remember, in the background; nobody waits for it and nobody hears when it fails."""
        drops, raw = prediction.drops, key.raw
        seconds = max(1, round(self._ttl_seconds * random.uniform(0.9, 1.1)))
        self._later(("SET", raw, drops + self._signer.mac(PURPOSE, raw + drops, MAC_BYTES), "EX", seconds))

    async def watch(self) -> None:
        """Probe for ever: close the breaker when Redis is well again, and call `on_purge` when somebody purged."""
        await asyncio.gather(self._probe(), self._ready(self._reading), self._ready(self._writing))
        while True:
            await asyncio.sleep(PROBE_SECONDS)
            await self._probe()

    async def close(self) -> None:
        if self._gathering is not None:
            self._gathering.cancel()
        if self._writer is not None:
            self._writer.cancel()
            await asyncio.gather(self._writer, return_exceptions=True)
        self._reading.close()
        self._writing.close()
        await self._client.aclose()

    async def _probe(self) -> None:
        try:
            purged = await self._in_budget(time.perf_counter(), self._client.get(PURGE_KEY))
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

    async def _ready(self, pipe: RedisPipe) -> None:
        """Its connection opened now, not by the first requests."""
        try:
            await self._in_budget(time.perf_counter(), pipe.open())
        except UNANSWERED as error:
            self._fail(error)

    async def _in_budget(self, started: float, asked: Awaitable[Answered]) -> Answered:
        """What Redis answers in the time that it has for what was asked at `started`.

        Raises TimeoutError, or WeWereBusy where the event loop itself came late to what may have arrived in time.
        """
        left = started + self._budget_seconds - time.perf_counter()
        try:
            async with asyncio.timeout(max(left, LEAST_SECONDS)):
                answered = await asked
        except (TimeoutError, redis.exceptions.TimeoutError) as error:
            if time.perf_counter() - started > self._budget_seconds + LATE_SECONDS:
                raise WeWereBusy from error
            raise
        self._answered_at = time.monotonic()
        return answered

    def _fail(self, error: Exception) -> None:
        if isinstance(error, WeWereBusy) and time.monotonic() - self._answered_at < SILENT_SECONDS:
            return
        if self._well:
            log.warning("redis is not answering (%s: %s); going on without it", type(error).__name__, error)
        self._well = False
        self.failure = f"{type(error).__name__}: {error}".strip(": ")

    def _believed(self, keys: list[bytes], values: list[object]) -> list[Prediction | None]:
        """The predictions among the values: those that are ours, for these very keys."""
        drops = [self._drops(key, value) for key, value in zip(keys, values, strict=True)]
        predictions = iter(Prediction.from_drops(b"".join(filter(None, drops))))
        return [None if kept is None else next(predictions) for kept in drops]

    def _drops(self, key: bytes, value: object) -> bytes | None:
        """What was put under this key, as one lookup answered it. A value that is none of ours is removed."""
        if value is None:
            self._count["miss"].inc()
            return None
        if isinstance(value, HiredisError) and WRONG_TYPE not in str(value):  # LOADING, NOAUTH, ...: it talks, and cannot serve
            self._fail(value)
            self._count["error"].inc()
            return None
        if isinstance(value, bytes) and len(value) == DROPS_BYTES + MAC_BYTES:
            drops, mac = value[:DROPS_BYTES], value[DROPS_BYTES:]
            if self._signer.verify(PURPOSE, key + drops, mac):
                self._count["hit"].inc()
                return drops
        self._count["invalid"].inc()
        self._later(("UNLINK", key))
        return None

    def _later(self, command: Command) -> None:
        if not self._well:
            return
        if len(self._writes) >= MOST_WAITING:
            log.debug("a cache write was dropped: too many wait")
            return
        self._writes.append(command)
        if self._gathering is None and (self._writer is None or self._writer.done()):
            self._gathering = asyncio.get_running_loop().call_later(GATHER_SECONDS, self._start_writing)

    def _start_writing(self) -> None:
        self._gathering = None
        self._writer = asyncio.create_task(self._write())

    async def _write(self) -> None:
        while self._writes:
            commands = [self._writes.popleft() for _ in range(min(len(self._writes), LARGEST_LOOKUP))]
            if self._well:
                try:
                    await self._in_budget(time.perf_counter(), self._writing.run(commands))
                except UNANSWERED as error:
                    self._fail(error)


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
        protocol=2,  # no greeting, which would be a round trip more
    )
