"""Predictions remembered by what the model saw, shared by all replicas. Losing Redis costs time, never an answer."""

import asyncio
import logging
import random
import time
from collections import Counter, deque
from collections.abc import Callable, Sequence

from gateway.contract import DROPS_BYTES, Prediction
from gateway.metrics import Metrics
from gateway.redis_forms import Pipes
from gateway.redis_pipe import LATE_SECONDS, SILENT_SECONDS, UNANSWERED, WRONG_TYPE, Away, Command, Pipe, in_words
from gateway.seams import LARGEST_LOOKUP, RedisKey
from gateway.series import LOOKUP_OUTCOMES
from gateway.signing import Signer

log = logging.getLogger(__name__)

BUDGET_SECONDS = 0.05
"""Longest that a request waits for Redis, connecting included."""

PROBE_SECONDS = 0.5
"""How often the background asks whether Redis is well, and whether somebody purged."""

OPENING_SECONDS = 1.0
"""How long the background may take to find Redis, connect and log in."""

MOST_WAITING = 4_096
"""Writes beyond this are dropped: only the next answer costs more."""

GATHER_SECONDS = 0.002
"""How long writes wait for others: whoever asked is answered first."""

LEAST_SECONDS = 0.005
"""What Redis has at least to answer a batch whose lookups waited long for their turn."""

MAC_BYTES = 8
PURPOSE = b"cached-value-2"
"""The number changes with the meaning of a value's bytes: what other gateways put, before or beside this one, is then not believed."""
PURGE_KEY = "digits-purged"
"""Holds a new random value after every purge; processes that see it change forget what they hold."""


class WeWereBusy(TimeoutError):
    """The wait for Redis was over before this process looked whether an answer had come."""


class RedisCache:
    """Get and put by key. A value is the prediction's ten uint16 and a MAC over key and value: 28 bytes, one small allocation of Redis.

    Lookups and writes travel many at a time. The first failure opens a breaker: from then on nobody waits for Redis
    until a background probe has seen it well.
    """

    def __init__(
        self,
        pipes: Pipes,
        signer: Signer,
        metrics: Metrics,
        ttl_seconds: int,
        on_purge: Callable[[], None],
        budget_seconds: float = BUDGET_SECONDS,
    ) -> None:
        self._on_purge = on_purge
        self._budget_seconds = budget_seconds
        self._signer = signer
        self._metrics = metrics
        self._ttl_seconds = ttl_seconds
        self._well = True
        self._answered_at = time.monotonic()
        self._reading, self._writing, self._probing = pipes(), pipes(), pipes()
        self._writes: deque[Command] = deque()
        self._gathering: asyncio.TimerHandle | None = None
        self._writer: asyncio.Task[None] | None = None
        self._count = {outcome: metrics.cache_lookups.labels("redis", outcome) for outcome in LOOKUP_OUTCOMES}
        self._duration = metrics.cache_duration.labels("redis")
        self._purged: object = None
        self._failure: str | None = None
        self._was_late = False
        """What was last said of its failing is no more than that."""

    @property
    def well(self) -> bool:
        """Whether lookups are sent at all."""
        return self._well

    @property
    def failure(self) -> str | None:
        """What is wrong with Redis or, where it is several servers, with some of them."""
        return self._failure or self._reading.missing

    async def get(self, keys: list[RedisKey], asked_at: float) -> list[Prediction | None]:
        """What is kept under each of 1 to LARGEST_LOOKUP keys; None: not there, not to be believed, or Redis unwell.

        One call at a time. Ends by the budget after `asked_at` (of `time.perf_counter`), when the first of these was asked for.
        """
        if not self._well:
            self._count["skipped"].inc(len(keys))
            return [None] * len(keys)
        raw = [key.raw for key in keys]
        try:
            values = await self._in_budget(asked_at, self._reading, [("GET", key) for key in raw])
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
        while True:
            await self._probe()
            await asyncio.sleep(PROBE_SECONDS)

    async def close(self) -> None:
        if self._gathering is not None:
            self._gathering.cancel()
        if self._writer is not None:
            self._writer.cancel()
            await asyncio.gather(self._writer, return_exceptions=True)
        self._leave()

    async def _probe(self) -> None:
        """See whether Redis is well, with connections open before requests need them."""
        opening_seconds = max(OPENING_SECONDS, self._budget_seconds)
        try:
            await self._probing.open(opening_seconds)
            [purged] = await self._in_budget(time.perf_counter(), self._probing, [("GET", PURGE_KEY)])
            if not isinstance(purged, bytes | Away | None):
                raise purged if isinstance(purged, Exception) else TypeError(f"GET answered a {type(purged).__name__}")
            await asyncio.gather(self._reading.open(opening_seconds), self._writing.open(opening_seconds))
        except UNANSWERED as error:
            self._fail(error)
            return
        if not isinstance(purged, Away) and purged != self._purged:
            self._purged = purged
            self._on_purge()
        if not self._well:
            log.warning("redis is well again")
        self._well, self._failure = True, None

    async def _in_budget(self, started: float, pipe: Pipe, commands: Sequence[Command]) -> list[object]:
        """What Redis answers in the time that it has for what was asked at `started`.

        Raises TimeoutError, or WeWereBusy where the event loop itself came late to what may have arrived in time.
        """
        left = started + self._budget_seconds - time.perf_counter()
        try:
            answers = await pipe.run(commands, max(left, LEAST_SECONDS))
        except TimeoutError as error:
            if time.perf_counter() - started > self._budget_seconds + LATE_SECONDS:
                raise WeWereBusy from error
            raise
        self._answered_at = time.monotonic()
        return answers

    def _leave(self) -> None:
        for pipe in (self._reading, self._writing, self._probing):
            pipe.close()

    def _fail(self, error: Exception) -> None:
        if isinstance(error, WeWereBusy) and time.monotonic() - self._answered_at < SILENT_SECONDS:
            return
        self._complain(in_words(error))
        if self._well:
            self._well = False
            self._leave()
        self._failure = in_words(error)

    def _complain(self, words: str) -> None:
        """Once; and once more where at first it was merely late, and then says why."""
        late = TimeoutError.__name__ in words
        if self._well or (self._was_late and not late):
            log.warning("redis is not answering (%s); going on without it", words)
            self._was_late = late

    def _believed(self, keys: list[bytes], values: list[object]) -> list[Prediction | None]:
        """The predictions among the values: those that are ours, for these very keys."""
        found = [self._drops(key, value) for key, value in zip(keys, values, strict=True)]
        for outcome, count in Counter([outcome for outcome, _ in found]).items():
            self._count[outcome].inc(count)
        drops = [kept for _, kept in found]
        predictions = iter(Prediction.from_drops(b"".join(filter(None, drops))))
        return [None if kept is None else next(predictions) for kept in drops]

    def _drops(self, key: bytes, value: object) -> tuple[str, bytes | None]:
        """The outcome of a lookup, and what was put under this key. A value that is none of ours is removed."""
        if value is None:
            return "miss", None
        if isinstance(value, Exception) and WRONG_TYPE not in str(value):
            return self._told(value), None
        if isinstance(value, bytes) and len(value) == DROPS_BYTES + MAC_BYTES:
            drops, mac = value[:DROPS_BYTES], value[DROPS_BYTES:]
            if self._signer.verify(PURPOSE, key + drops, mac):
                return "hit", drops
        self._later(("UNLINK", key))
        return "invalid", None

    def _told(self, error: Exception) -> str:
        """The outcome of a lookup that was answered by an error."""
        if isinstance(error, Away):
            return error.outcome
        self._fail(error)  # LOADING, NOAUTH, ...: it talks, and cannot serve
        return "error"

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
                    await self._in_budget(time.perf_counter(), self._writing, commands)
                except UNANSWERED as error:
                    self._fail(error)
