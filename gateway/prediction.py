"""The path of one prediction: in-process cache, canonical pixels, Redis, single flight, model. Nothing here knows HTTP.

Each model that is served has a path of its own: its pictures wait for no other's.
"""

import asyncio
import hashlib
import time
from collections.abc import Callable, Coroutine
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gateway.batching import Batcher, QueueFull
from gateway.contract import ANY_USE, Answer, CacheState, CacheUse, Content, ModelVersion, Prediction, Seen, doubts
from gateway.errors import NO_ANSWER, DeadlineExceeded, ModelMisbehaved, ModelUnavailable, OverCapacity, Problem
from gateway.flights import Flights
from gateway.local_cache import LocalCache, LocalKey
from gateway.metrics import Metrics
from gateway.offloop import nearby
from gateway.reading import Announced, PictureReader
from gateway.seams import LARGEST_BATCH, LARGEST_LOOKUP, RETRY_AFTER_SECONDS, Model, RedisKey, SharedCache, VersionGone, Watch
from gateway.shadow import Shadow
from gateway.trace import carried
from gateway.underway import Found, Underway
from model.preprocess import measure

REQUESTS_AT_THE_DOOR = 1
"""Beside one that each of TorchServe's workers computes, so that none idles between two."""

MOST_LOOKUPS = 4_096
"""Pictures beyond this are not looked up: they are computed."""

NO_ANSWER_OF_ITS = (ModelUnavailable, ModelMisbehaved, DeadlineExceeded)
"""What a version that is not the served one may end in without anybody being told: the served one answers."""


class Unknown(NamedTuple):
    """An upload that this process does not remember: whom to ask, and what to remember the answer under."""

    model: ModelVersion
    key: LocalKey
    announced: Announced


class Predictor:
    """Answers uploads by one model. Owns the flights and the queue to it; everything else is handed in.

    `tell` makes the text of an answer that stays the same each time; it is made once and remembered with the answer. An answer of a
    candidate is waited for `candidate_seconds` before the served version is asked instead; None: as long as who asks waits.
    """

    def __init__(
        self,
        reader: PictureReader,
        local: LocalCache,
        redis: SharedCache | None,
        client: Model,
        watch: Watch,
        metrics: Metrics,
        *,
        queue_pictures: int,
        largest_batch: int = LARGEST_BATCH,
        batch_delay_seconds: float = 0.0,
        model_workers: int = 1,
        candidate_seconds: float | None = None,
        tell: Callable[[Prediction, Seen, tuple[str, ...], ModelVersion], tuple[bytes, ...]],
    ) -> None:
        self._reader, self._local, self._redis = reader, local, redis
        self._client, self._watch, self._metrics, self._tell = client, watch, metrics, tell
        self._flights = Flights[RedisKey, Underway]()
        """Pictures that are looked up or computed now: who asks for an equal one waits for the same answer."""
        self._lookups = Batcher[Underway](self._look_up, largest=LARGEST_LOOKUP, in_flight=1, waiting=MOST_LOOKUPS)
        self._queue = Batcher[Underway](
            self._compute,
            largest=largest_batch,
            in_flight=model_workers + REQUESTS_AT_THE_DOOR,
            waiting=queue_pictures,
            delay_seconds=batch_delay_seconds,
        )
        self._beside = Batcher[Underway](
            self._compute, largest=largest_batch, in_flight=model_workers + REQUESTS_AT_THE_DOOR, waiting=queue_pictures
        )
        """To the candidate: whether that answers or hangs, the served version's queue goes on."""
        self._candidate_seconds = candidate_seconds
        self._shadow = Shadow(client, redis, metrics)

    async def predict(self, upload: bytes, use: CacheUse, *, tenant: str | None = None, needs_pixels: bool = False) -> Answer:
        """The answer to one upload, `needs_pixels`: with its canonical pixels. Who asks sets the deadline.

        Raises the Problem that says why there is none.
        """
        digest = await nearby(len(upload), _sha256, upload)
        model = self._chosen(digest)
        remember = LocalKey(tenant, model.name, model.cache_version, digest)
        if use.read and not needs_pixels and (remembered := self._remembered(remember, model)):
            return remembered
        return await self._predict(self._reader.announce(upload, model.side), use, model, remember)

    def at_hand(self, upload: bytes) -> "Answer | Unknown":
        """As `predict` by default, without waiting: of few bytes. Raises ModelUnavailable."""
        digest = _sha256(upload)
        model = self._chosen(digest)
        key = LocalKey(None, model.name, model.cache_version, digest)
        return self._remembered(key, model) or Unknown(model, key, self._reader.announce(upload, model.side))

    def read(self, unknown: "Unknown") -> Coroutine[Any, Any, Answer]:
        """As `predict`, of an upload that was not at hand."""
        return self._predict(unknown.announced, ANY_USE, unknown.model, unknown.key)

    @property
    def current(self) -> ModelVersion:
        """The version that is served now. Raises ModelUnavailable."""
        return self._watch.current

    @property
    def queued(self) -> int:
        """Pictures that wait for the served version."""
        return self._queue.depth

    def overdue(self) -> Problem:
        """What a picture without an answer in time is told: that the model cannot answer now, where that is known to be why."""
        if self._watch.computing.ok:
            return DeadlineExceeded(NO_ANSWER)
        return ModelUnavailable("the model cannot answer now; try again", retry_after_seconds=RETRY_AFTER_SECONDS)

    async def probe(self, upload: bytes) -> tuple[int, str]:
        """The digit that the current version reads in an upload, and that version: past every cache, and in no series.

        Raises a Problem, VersionGone.
        """
        model = self._watch.current
        picture = await self._reader.read(self._reader.announce(upload, model.side))
        [prediction] = await self._client.ask(model, [picture.pixels])
        return prediction.digit, model.version

    async def canonical(self, upload: bytes, side: int) -> tuple[NDArray[np.uint8], bytes]:
        """The canonical pixels of an upload, uint8[side, side], and their SHA-256. Raises a Problem where it cannot be read."""
        pixels = (await self._reader.read(self._reader.announce(upload, side))).pixels
        return pixels, _sha256(pixels.data)

    async def close(self) -> None:
        await self._lookups.close()
        await self._queue.close()
        await self._beside.close()
        await self._shadow.close()
        self._reader.close()

    def _chosen(self, digest: bytes) -> ModelVersion:
        """Who answers the upload of this SHA-256. Raises ModelUnavailable."""
        sharing = self._watch.sharing
        return sharing.candidate if sharing is not None and sharing.takes(digest) else self._watch.current

    def _remembered(self, key: LocalKey, model: ModelVersion) -> Answer | None:
        if not self._local.capacity:
            return None
        started = time.perf_counter()
        content = self._local.get(key)
        seconds = time.perf_counter() - started
        self._metrics.count_local_lookup(content is not None, seconds)
        return None if content is None else Answer(content, model, CacheState.HIT, {"cache": seconds})

    async def _predict(self, announced: Announced, use: CacheUse, model: ModelVersion, remember: LocalKey) -> Answer:
        decoding = time.perf_counter()
        picture = await self._reader.read(announced)
        decoded = time.perf_counter()
        if use.read and (content := self._local.get(remember)) is not None:  # an equal upload was answered since this one was looked up
            return Answer(content, model, CacheState.HIT, {"decode": decoded - decoding}, picture.pixels, (decoded, decoded))
        digest = _sha256(picture.pixels.data)
        asked = model
        model, found = await self._ask_current(picture.pixels, digest, use, asked, remember.tenant)
        if (candidate := self._watch.shadowed) is not None and model is self._watch.current:
            key = RedisKey(remember.tenant, candidate.name, candidate.cache_version, digest) if use.write else None
            self._shadow.show(candidate, picture.pixels, found.prediction.digit, key)
        usual, prediction = model.reference, found.prediction
        buckets = () if usual is None else usual.buckets(measure(picture.pixels, picture.shape, picture.outline), picture.inverted)
        seen = Seen(picture.width, picture.height, picture.inverted, picture.box, picture.reasons)
        reasons = doubts(prediction, seen, model)
        told = self._tell(prediction, seen, reasons, model)
        content = Content(prediction.digit, prediction.confidence, reasons, buckets, digest, told)
        if use.write:
            self._local.put(remember if model is asked else remember._replace(version=model.cache_version), content)
        seconds = {"decode": decoded - decoding, **found.seconds}
        return Answer(content, model, found.state, seconds, picture.pixels, (decoded, found.until))

    async def _ask_current(
        self, pixels: NDArray[np.uint8], digest: bytes, use: CacheUse, model: ModelVersion, tenant: str | None
    ) -> tuple[ModelVersion, Found]:
        """Ask `model`; when it has gone, look which version is current and ask that, once, under its own key and URL.

        So it is when a version that is not, or no longer, the current one gives no answer: that is not the caller's business. Where only
        its queue is full, it is not doubted.
        """
        try:
            if model is self._watch.current:
                return model, await self._ask(pixels, digest, use, model, tenant)
            async with asyncio.timeout(self._candidate_seconds):
                return model, await self._ask(pixels, digest, use, model, tenant)
        except VersionGone:
            await self._watch.look_beyond(model)
        except OverCapacity:
            if model is self._watch.current:
                raise
        except (*NO_ANSWER_OF_ITS, TimeoutError):
            if model is self._watch.current:
                raise
            self._watch.doubt(model)
        model = self._watch.current
        try:
            if model.side == len(pixels):
                return model, await self._ask(pixels, digest, use, model, tenant)
        except VersionGone:
            pass
        raise ModelUnavailable("the model is being replaced; try again", retry_after_seconds=RETRY_AFTER_SECONDS)

    async def _ask(self, pixels: NDArray[np.uint8], digest: bytes, use: CacheUse, model: ModelVersion, tenant: str | None) -> Found:
        """The prediction for canonical pixels; equal ones in flight share one lookup and one answer."""
        key = RedisKey(tenant, model.name, model.cache_version, digest)
        if not (use.read and use.write):
            picture = Underway(key, model, pixels, CacheState.BYPASS, use.write)
            waiting = picture.wait()
            self._queue_up(picture)
            return await waiting
        flying = self._flights.joinable(key)
        picture = flying or Underway(key, model, pixels, CacheState.MISS, remember=True)
        found: Found = await self._flights.result(key, picture, self._start)
        return found._replace(state=CacheState.COALESCED) if flying is not None and found.state is CacheState.MISS else found

    def _start(self, picture: Underway) -> None:
        if self._redis is not None:
            try:  # contextlib.suppress takes longer than all of this
                self._lookups.post(picture)
            except QueueFull:
                pass
            else:
                return
        picture.seconds["cache"] = 0.0
        self._queue_up(picture)

    async def _look_up(self, pictures: list[Underway]) -> None:
        assert self._redis is not None
        cached = await self._redis.get([picture.key for picture in pictures], pictures[0].asked_at)
        now = time.perf_counter()
        for picture, prediction in zip(pictures, cached, strict=True):
            picture.seconds["cache"] = now - picture.asked_at
            if prediction is None:
                self._queue_up(picture)
            else:
                picture.land(Found(prediction, CacheState.HIT, picture.seconds, now))

    def _queue_up(self, picture: Underway) -> None:
        picture.asked_at = time.perf_counter()
        sharing = self._watch.sharing
        queue = self._queue if sharing is None or picture.model is not sharing.candidate else self._beside
        try:
            queue.post(picture)
        except QueueFull:
            if picture.model is self._watch.current:  # else the served version is asked next, and nobody refused
                self._metrics.shed.labels("queue_full").inc()
            picture.fail(OverCapacity("too many pictures wait for the model; try again", retry_after_seconds=1))

    async def _compute(self, pictures: list[Underway]) -> None:
        """One request a version: a batch holds more than one only around a switch, and then one failing does not fail the other."""
        for model in {picture.model.version: picture.model for picture in pictures}.values():
            asked = [picture for picture in pictures if picture.model.version == model.version]
            started = time.perf_counter()
            try:
                whose = carried([picture.trace for picture in asked if picture.trace is not None])
                predictions = await self._client.logits(model, [picture.pixels for picture in asked], whose)
            except (VersionGone, Problem) as failure:
                told = self.overdue() if isinstance(failure, DeadlineExceeded) else failure
                for picture in asked:
                    picture.fail(told)
                continue
            seconds = time.perf_counter() - started
            for picture, prediction in zip(asked, predictions, strict=True):
                if picture.remember and self._redis is not None:
                    self._redis.put(picture.key, prediction)
                times = picture.seconds | {"queue": started - picture.asked_at, "model": seconds}
                picture.land(Found(prediction, picture.state, times, started + seconds))


Choose = Callable[[str | None], Predictor]
"""The predictor of the model of a name, None: of the default one. Raises NotFound."""


def _sha256(data: bytes | memoryview) -> bytes:
    return hashlib.sha256(data).digest()
