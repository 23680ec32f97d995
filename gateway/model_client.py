"""The only module that knows TorchServe: which versions it has READY, and logits for canonical pixels. Its words become ours here."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import httpx
import numpy as np
import orjson
from numpy.typing import NDArray

from gateway.contract import ModelVersion, Prediction
from gateway.errors import DeadlineExceeded, ModelMisbehaved, ModelUnavailable, Problem
from gateway.known import SIDE
from gateway.metrics import Metrics
from gateway.reference import CLASSES
from gateway.seams import RETRY_AFTER_SECONDS, VersionGone
from gateway.trace import Headers
from gateway.transport import Transport, whole

PIXELS_TYPE = "application/x-digit-pixels"
LOGITS_TYPE = "application/x-digit-logits"
FACTS_TYPE = "application/x-digit-facts"
EXPLAIN_TYPE = "application/x-digit-explain"
MAP_TYPE = "application/x-digit-map"
LARGEST_SIDE = 256
"""Of the pictures that a model may want."""

DESCRIBE_SECONDS = 1.0
CANNOT_BE_REACHED = "the model cannot be reached; try again"


@dataclass(frozen=True, slots=True)
class Described:
    """What an instance's describe call says of one version. Its health endpoints are never believed."""

    version: str
    workers_ready: int


class ModelClient:
    """TorchServe over HTTP. Every call has a deadline; every failure is a Problem or VersionGone, never httpx's own."""

    def __init__(self, metrics: Metrics, deadline_seconds: float, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self._metrics = metrics
        self._deadline_seconds = deadline_seconds
        self._transport = transport or Transport()
        self._answered_at: dict[tuple[str, str, str], float] = {}
        """By name, version and instance."""

    async def logits(self, model: ModelVersion, pixels: Sequence[NDArray[np.uint8]], whose: Headers = ()) -> list[Prediction]:
        """One Prediction for each of 1 to LARGEST_BATCH canonical pictures, in order. The request says whose trace it is part of.

        Raises VersionGone (404), ModelUnavailable (cannot be reached, or no worker), DeadlineExceeded, ModelMisbehaved.
        """
        started = time.perf_counter()
        outcome = "ok"
        try:
            return await self.ask(model, pixels, whose)
        except (VersionGone, Problem) as failure:
            outcome = _OUTCOMES[type(failure)]
            raise
        finally:
            self._metrics.model_requests.labels(outcome).inc()
            self._metrics.model_duration.observe(time.perf_counter() - started)
            self._metrics.batch_size.observe(len(pixels))

    async def ask(self, model: ModelVersion, pixels: Sequence[NDArray[np.uint8]], whose: Headers = ()) -> list[Prediction]:
        """As `logits`, in no series: for known digits, which are nobody's traffic."""
        url = f"{model.inference_url}/predictions/{model.name}/{model.version}"
        body = b"".join(picture.tobytes() for picture in pixels)
        predictions = _predictions(await self._posted(url, body, PIXELS_TYPE, LOGITS_TYPE, whose), len(pixels))
        self._answered_at[model.name, model.version, model.inference_url] = time.monotonic()
        return predictions

    def last_answer_at(self, model: ModelVersion) -> float:
        """`time.monotonic()` of the newest valid answer of this version from its instance."""
        return self._answered_at.get((model.name, model.version, model.inference_url), float("-inf"))

    async def explain(self, model: ModelVersion, pixels: NDArray[np.uint8], digit: int) -> NDArray[np.float32]:
        """What spoke for a digit in one canonical picture: a map float32[side, side] in 0..1. Raises as `logits` does."""
        url = f"{model.inference_url}/predictions/{model.name}/{model.version}"
        answer = await self._posted(url, pixels.tobytes() + bytes([digit]), EXPLAIN_TYPE, MAP_TYPE)
        if len(answer) != pixels.size * 4:
            raise ModelMisbehaved(f"the model answered {len(answer)} bytes for a map")
        told = np.frombuffer(answer, "<f4").reshape(pixels.shape)
        if not ((told >= 0) & (told <= 1)).all():
            raise ModelMisbehaved("the model answered a map that is not in 0..1")
        return told

    async def describe(self, management_url: str, name: str) -> list[Described]:
        """Every version of the model that the instance knows. Raises ModelUnavailable, or ModelMisbehaved for an answer that is none."""
        status, answer = await self._sent(httpx.Request("GET", f"{management_url}/models/{name}/all"), DESCRIBE_SECONDS)
        if status == httpx.codes.NOT_FOUND:
            return []
        try:
            entries = orjson.loads(answer)
            if not isinstance(entries, list):
                raise TypeError("not a list")
            return [_described(entry) for entry in entries]
        except (ValueError, KeyError, TypeError) as error:
            raise ModelMisbehaved(f"describe answered {status} and cannot be understood") from error

    async def facts(self, inference_url: str, name: str, version: str) -> dict[str, Any]:
        """What the archive says of itself. Raises as `logits` does.

        Asked as a prediction, not by describe's `customized=true`: that hangs for ever on a frozen worker, and wedges it.
        """
        url = f"{inference_url}/predictions/{name}/{version}"
        answer = await self._posted(url, b"", FACTS_TYPE, "application/json")
        try:
            facts = orjson.loads(answer)
            float(facts["accept_threshold"]), str(facts["arithmetic"])
            if not 0 < int(facts.get("side", SIDE)) <= LARGEST_SIDE:
                raise ValueError(f"a side of {facts['side']}")
        except (ValueError, KeyError, TypeError) as error:
            raise ModelMisbehaved(f"version {version} does not say what it is") from error
        return dict(facts)

    async def close(self) -> None:
        await self._transport.aclose()

    async def _posted(self, url: str, body: bytes, kind: str, accepted: str, whose: Headers = ()) -> bytes:
        target, headers = _addressed(url, kind, accepted)
        stream = httpx.ByteStream(body)
        headers = [*headers, (b"Content-Length", b"%d" % len(body)), *whose]
        request = httpx.Request("POST", target, headers=headers, stream=stream)
        status, answer = await self._sent(request, self._deadline_seconds)
        if status == httpx.codes.NOT_FOUND:
            raise VersionGone(url)
        if status in (500, 503, 507):  # a worker died, none is there, or the queue is full: one text for all, so one answer
            raise ModelUnavailable("the model cannot answer now; try again", retry_after_seconds=RETRY_AFTER_SECONDS)
        if status == httpx.codes.REQUEST_TIMEOUT:
            raise DeadlineExceeded("the model did not answer in time")
        if status != httpx.codes.OK:
            raise ModelMisbehaved(f"the model answered {status}")
        return answer

    async def _sent(self, request: httpx.Request, seconds: float) -> tuple[int, bytes]:
        """Status and body of the answer; failures in our words.

        A connection that broke before it answered is tried once more: asking twice does no harm.
        """
        try:
            async with asyncio.timeout(seconds):
                try:
                    answer = await self._transport.handle_async_request(request)
                except (httpx.ReadError, httpx.WriteError, httpx.RemoteProtocolError):
                    answer = await self._transport.handle_async_request(request)
                return answer.status_code, await whole(answer)
        except httpx.ConnectTimeout as error:
            raise ModelUnavailable(CANNOT_BE_REACHED, retry_after_seconds=RETRY_AFTER_SECONDS) from error
        except (TimeoutError, httpx.TimeoutException) as error:
            raise DeadlineExceeded("the model did not answer in time") from error
        except httpx.HTTPError as error:
            raise ModelUnavailable(CANNOT_BE_REACHED, retry_after_seconds=RETRY_AFTER_SECONDS) from error


@lru_cache(64)
def _addressed(url: str, kind: str, accepted: str) -> tuple[httpx.URL, list[tuple[bytes, bytes]]]:
    """What requests to this URL have in common: httpx takes longer over both than the network over a picture's share of a batch."""
    target = httpx.URL(url)
    return target, [(b"Host", target.netloc), (b"Content-Type", kind.encode()), (b"Accept", accepted.encode())]


def _described(entry: dict[str, Any]) -> Described:
    workers = entry["workers"]
    ready = sum(worker["status"] == "READY" for worker in workers)
    return Described(str(entry["modelVersion"]), ready)


def _predictions(answer: bytes, count: int) -> list[Prediction]:
    if len(answer) != count * CLASSES * 4:
        raise ModelMisbehaved(f"the model answered {len(answer)} bytes for {count} pictures")
    logits = np.frombuffer(answer, "<f4").reshape(count, CLASSES)
    if not np.isfinite(logits).all():
        raise ModelMisbehaved("the model answered numbers that are not finite")
    return Prediction.from_logits(logits)


_OUTCOMES: dict[type[Exception], str] = {
    VersionGone: "gone",
    ModelMisbehaved: "misbehaved",
    ModelUnavailable: "unavailable",
    DeadlineExceeded: "timeout",
}
