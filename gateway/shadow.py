"""What a candidate would have answered: it reads the same pictures off the request path, and what it reads otherwise is counted.

In a lane of its own, one request at a time; what comes faster than the candidate answers is dropped and counted, never waited for.
"""

import logging
import time

import numpy as np
from numpy.typing import NDArray

from gateway.batching import Batcher, QueueFull
from gateway.contract import ModelVersion
from gateway.errors import Problem
from gateway.flights import Flight
from gateway.metrics import Metrics
from gateway.seams import LARGEST_BATCH, Model, RedisKey, SharedCache, VersionGone

log = logging.getLogger(__name__)

MOST_WAITING = 256
"""Pictures, each of as many bytes as the model's side squared."""

GATHER_SECONDS = 0.1
"""The first picture of a request waits so long for others: nobody waits for it, and a request costs more than a picture."""


class _Seen(Flight[None]):
    """A picture that was answered, which nobody waits for."""

    __slots__ = ("candidate", "digit", "key", "pixels")

    def __init__(self, candidate: ModelVersion, pixels: NDArray[np.uint8], digit: int, key: RedisKey | None) -> None:
        super().__init__()
        self.candidate, self.pixels, self.digit, self.key = candidate, pixels, digit, key

    @property
    def wanted(self) -> bool:
        return True


class Shadow:
    """Compares, as long as there is a candidate. What it reads goes into the cache under its own version, as if it had been asked."""

    def __init__(self, client: Model, redis: SharedCache | None, metrics: Metrics) -> None:
        self._client, self._redis, self._metrics = client, redis, metrics
        self._queue = Batcher[_Seen](self._compare, largest=LARGEST_BATCH, in_flight=1, waiting=MOST_WAITING, delay_seconds=GATHER_SECONDS)

    def show(self, candidate: ModelVersion, pixels: NDArray[np.uint8], digit: int, key: RedisKey | None) -> None:
        """Canonical pixels, uint8[side, side], that were answered with `digit`; `key`: the candidate's, None: nothing is remembered."""
        try:
            self._queue.post(_Seen(candidate, pixels, digit, key))
        except QueueFull:
            self._metrics.shadowed.labels("dropped").inc()

    async def close(self) -> None:
        await self._queue.close()

    async def _compare(self, pictures: list[_Seen]) -> None:
        """One request a version: a batch holds more than one only around a change."""
        for candidate in {picture.candidate.version: picture.candidate for picture in pictures}.values():
            shown = [picture for picture in pictures if picture.candidate.version == candidate.version]
            started = time.perf_counter()
            try:
                predictions = await self._client.ask(candidate, [picture.pixels for picture in shown])
            except (Problem, VersionGone):  # whoever watches it finds out by itself
                self._metrics.shadowed.labels("failed").inc(len(shown))
                continue
            except Exception:  # nobody waits for these pictures who would be told
                log.exception("showing pictures to version %s failed", candidate.version)
                self._metrics.shadowed.labels("failed").inc(len(shown))
                continue
            self._metrics.shadow_duration.observe(time.perf_counter() - started)
            self._metrics.shadowed.labels("compared").inc(len(shown))
            for picture, prediction in zip(shown, predictions, strict=True):
                self._metrics.shadow.labels(str(picture.digit), str(prediction.digit), candidate.version).inc()
                if picture.key is not None and self._redis is not None:
                    self._redis.put(picture.key, prediction)
