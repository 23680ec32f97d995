"""The path of one prediction: in-process cache, canonical pixels, Redis, single flight, model. Nothing here knows HTTP."""

import asyncio
import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from gateway.batching import Batcher, QueueFull, SingleFlight
from gateway.contract import Answer, CacheState, CacheUse, Content, ModelVersion, Prediction, Seen, doubts
from gateway.errors import DeadlineExceeded, ModelUnavailable, NotFound, OverCapacity, Problem
from gateway.local_cache import LocalCache, LocalKey
from gateway.metrics import Metrics
from gateway.model_client import LARGEST_BATCH, RETRY_AFTER_SECONDS, ModelClient, VersionGone
from gateway.offloop import nearby
from gateway.reading import PictureReader
from gateway.redis_cache import RedisCache, RedisKey
from gateway.versions import ModelWatch
from model.preprocess import measure

REQUESTS_IN_FLIGHT = 2
"""One that TorchServe computes and one that waits at its door, so that the worker never idles between two."""


@dataclass(frozen=True, slots=True)
class _Asked:
    """A picture on its way to the model, and the version it is meant for."""

    model: ModelVersion
    pixels: NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class _Found:
    """A prediction, where it came from, and how long each part took."""

    prediction: Prediction
    state: CacheState
    seconds: dict[str, float]


_Answered = tuple[Prediction, float] | VersionGone | Problem
"""A prediction and the seconds of its request, or why there is none."""


class Predictor:
    """Answers uploads. Owns the flights and the queue to the model; everything else is handed in.

    `tell` makes the text of an answer that stays the same each time; it is made once and remembered with the answer.
    """

    def __init__(
        self,
        reader: PictureReader,
        local: LocalCache,
        redis: RedisCache | None,
        client: ModelClient,
        watch: ModelWatch,
        metrics: Metrics,
        *,
        queue_pictures: int,
        tell: Callable[[Prediction, Seen, tuple[str, ...], ModelVersion], tuple[bytes, ...]],
    ) -> None:
        self._reader, self._local, self._redis = reader, local, redis
        self._client, self._watch, self._metrics, self._tell = client, watch, metrics, tell
        self._flights: SingleFlight[RedisKey, _Found] = SingleFlight()
        self._queue: Batcher[_Asked, _Answered] = Batcher(
            self._send, largest=LARGEST_BATCH, in_flight=REQUESTS_IN_FLIGHT, waiting=queue_pictures
        )
        metrics.model_queue_depth.set_function(lambda: self._queue.depth)

    async def predict(
        self,
        upload: bytes,
        use: CacheUse,
        *,
        deadline: float,
        name: str | None = None,
        tenant: str | None = None,
        needs_pixels: bool = False,
    ) -> Answer:
        """The answer to one upload before `deadline` (the event loop's time), `needs_pixels`: with its canonical pixels.

        Raises the Problem that says why there is none.
        """
        model = self._chosen(name)
        try:
            async with asyncio.timeout_at(deadline):
                digest = await nearby(len(upload), _sha256, upload)
                remember = LocalKey(tenant, model.name, model.cache_version, digest)
                if use.read and not needs_pixels and (remembered := self._remembered(remember, model)):
                    return remembered
                return await self._predict(upload, use, model, remember)
        except TimeoutError as error:
            raise DeadlineExceeded("no answer in time; try again") from error

    async def probe(self, upload: bytes) -> tuple[int, str]:
        """The digit that the current version reads in an upload, and that version: past every cache, and in no series.

        Raises a Problem, VersionGone.
        """
        model = self._watch.current
        picture = await self._reader.read(upload)
        [prediction] = await self._client.ask(model, [picture.pixels])
        return prediction.digit, model.version

    async def close(self) -> None:
        await self._flights.close()
        await self._queue.close()
        self._reader.close()

    def _chosen(self, name: str | None) -> ModelVersion:
        if name is not None and name != self._watch.name:
            raise NotFound(f"no model is called {name!r}; there is {self._watch.name!r}")
        return self._watch.current

    def _remembered(self, key: LocalKey, model: ModelVersion) -> Answer | None:
        started = time.perf_counter()
        content = self._local.get(key)
        seconds = time.perf_counter() - started
        self._metrics.count_local_lookup(content is not None, seconds)
        return None if content is None else Answer(content, model, CacheState.HIT, {"cache": seconds})

    async def _predict(self, upload: bytes, use: CacheUse, model: ModelVersion, remember: LocalKey) -> Answer:
        decoding = time.perf_counter()
        picture = await self._reader.read(upload)
        decoded = time.perf_counter()
        digest = _sha256(picture.pixels.tobytes())
        model, found = await self._ask_current(picture.pixels, digest, use, model, remember.tenant)
        usual, prediction = model.reference, found.prediction
        buckets = () if usual is None else usual.buckets(measure(picture.pixels), picture.inverted)
        seen = Seen(picture.width, picture.height, picture.inverted, picture.box, picture.reasons)
        reasons = doubts(prediction, seen, model)
        told = self._tell(prediction, seen, reasons, model)
        content = Content(prediction.digit, prediction.confidence, reasons, buckets, digest, told)
        if use.write:
            self._local.put(remember._replace(version=model.cache_version), content)
        return Answer(content, model, found.state, {"decode": decoded - decoding, **found.seconds}, picture.pixels)

    async def _ask_current(
        self, pixels: NDArray[np.uint8], digest: bytes, use: CacheUse, model: ModelVersion, tenant: str | None
    ) -> tuple[ModelVersion, _Found]:
        """Ask `model`; when it has gone, look which version is current and ask that, once, under its own key and URL."""
        try:
            return model, await self._ask(pixels, digest, use, model, tenant)
        except VersionGone:
            await self._watch.look_beyond(model)
        model = self._watch.current
        try:
            return model, await self._ask(pixels, digest, use, model, tenant)
        except VersionGone as error:
            raise ModelUnavailable("the model is being replaced; try again", retry_after_seconds=RETRY_AFTER_SECONDS) from error

    async def _ask(self, pixels: NDArray[np.uint8], digest: bytes, use: CacheUse, model: ModelVersion, tenant: str | None) -> _Found:
        """The prediction for canonical pixels; equal ones in flight share one lookup and one answer."""
        asked = _Asked(model, pixels)
        key = RedisKey(tenant, model.name, model.cache_version, digest)
        if not (use.read and use.write):
            return await self._compute(key, asked, CacheState.BYPASS, use.write)
        found, joined = await self._flights.share(key, lambda: self._look_up_or_compute(key, asked))
        return replace(found, state=CacheState.COALESCED) if joined and found.state is CacheState.MISS else found

    async def _look_up_or_compute(self, key: RedisKey, asked: _Asked) -> _Found:
        started = time.perf_counter()
        cached = None if self._redis is None else await self._redis.get(key)
        seconds = {"cache": time.perf_counter() - started}
        if cached is not None:
            return _Found(cached, CacheState.HIT, seconds)
        computed = await self._compute(key, asked, CacheState.MISS, write=True)
        return replace(computed, seconds=seconds | computed.seconds)

    async def _compute(self, key: RedisKey, asked: _Asked, state: CacheState, write: bool) -> _Found:
        started = time.perf_counter()
        try:
            answered = await self._queue.submit(asked)
        except QueueFull as error:
            self._metrics.shed.labels("queue_full").inc()
            raise OverCapacity("too many pictures wait for the model; try again", retry_after_seconds=1) from error
        if isinstance(answered, Exception):
            raise answered
        prediction, model_seconds = answered
        waited = time.perf_counter() - started - model_seconds
        if write and self._redis is not None:
            self._redis.put(key, prediction)
        return _Found(prediction, state, {"queue": waited, "model": model_seconds})

    async def _send(self, batch: list[_Asked]) -> list[_Answered]:
        """One request a version: a batch holds more than one only around a switch, and then one failing does not fail the other."""
        answers: dict[int, _Answered] = {}
        for model in {asked.model.version: asked.model for asked in batch}.values():
            places = [place for place, asked in enumerate(batch) if asked.model.version == model.version]
            started = time.perf_counter()
            try:
                predictions = await self._client.logits(model, [batch[place].pixels for place in places])
            except (VersionGone, Problem) as failure:
                answers.update((place, failure) for place in places)
                continue
            seconds = time.perf_counter() - started
            answers.update((place, (prediction, seconds)) for place, prediction in zip(places, predictions, strict=True))
        return [answers[place] for place in range(len(batch))]


def _sha256(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()
