"""`POST /v1/predict`: a picture in, a digit out, before the framework does its general work; it documents the call and refuses others."""

import asyncio
import logging
import time
from collections.abc import Coroutine
from typing import Any

from fastapi import APIRouter
from starlette.types import ASGIApp, Receive, Scope, Send

from gateway.contract import Answer
from gateway.deadlines import Deadlines
from gateway.envelope import envelope
from gateway.errors import NO_ANSWER, OUR_FAULT, DeadlineExceeded, Problem, UploadTooSlow, problem_response
from gateway.observing import Requests
from gateway.offloop import FEW_BYTES
from gateway.prediction import Predictor, Unknown
from gateway.prompt import Headers, Prompt, head_of, headers_of
from gateway.routes.asked import MODEL_PARAMETER, WISHES, read_asked
from gateway.routes.shared import problems
from gateway.routes.telling import Telling
from gateway.schema import PredictAnswer
from gateway.upload import Uploads

log = logging.getLogger(__name__)

PATH = "/v1/predict"

IMAGE_BODIES = {
    "image/png": {"schema": {"type": "string", "format": "binary"}},
    "image/jpeg": {"schema": {"type": "string", "format": "binary"}},
    "application/octet-stream": {"schema": {"type": "string", "format": "binary"}},
    "multipart/form-data": {
        "schema": {"type": "object", "required": ["image"], "properties": {"image": {"type": "string", "format": "binary"}}}
    },
    "application/json": {
        "schema": {"type": "object", "required": ["image"], "properties": {"image": {"type": "string", "format": "byte"}}},
        "example": {"image": "iVBORw0KGgo="},
    },
}

REFUSALS = {
    400: "The request is malformed.",
    404: "There is no such model.",
    408: "The body came too slowly.",
    413: "Too many bytes or pixels.",
    415: "Not an image type that is taken.",
    422: "The picture cannot be read.",
    429: "Over capacity; see Retry-After.",
    502: "The model misbehaved.",
    503: "Cannot serve now; see Retry-After.",
    504: "No answer in time.",
}


def predict_documentation() -> APIRouter:
    """The call as OpenAPI shows it, and 405 for other methods on its path."""
    router = APIRouter(prefix="/v1", tags=["prediction"])

    @router.post(
        "/predict",
        summary="Read the digit in a picture",
        response_model=PredictAnswer,
        openapi_extra={"parameters": [MODEL_PARAMETER], "requestBody": {"required": True, "content": IMAGE_BODIES}},
        responses=problems(REFUSALS),
    )
    async def predict() -> None:
        """PNG, JPEG, WebP, BMP, TIFF, or the first frame of a GIF: as the body itself, as the multipart field `image`, or in JSON.

        `Cache-Control: no-cache` answers afresh and remembers, `no-store` neither looks nor remembers.
        `X-Consent: training` lets us keep the canonical pixels, to train later models.
        """
        raise AssertionError("Predicting answers this call")

    return router


class Predicting:
    """ASGI middleware that answers the one call which must be fast; all others go on to `app`."""

    def __init__(self, app: ASGIApp, uploads: Uploads, predictor: Predictor, telling: Telling, deadline_seconds: float) -> None:
        self._app = app
        self._uploads, self._predictor, self._telling, self._deadline_seconds = uploads, predictor, telling, deadline_seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] != PATH or scope["method"] != "POST":
            await self._app(scope, receive, send)
            return
        state = scope["state"]
        state["route"] = PATH
        try:
            await self._answer(scope, receive, send)
        except Problem as problem:
            await problem_response(problem, state["request_id"])(scope, receive, send)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        asked = read_asked(scope, self._deadline_seconds)
        upload: bytes | None = None
        try:
            with self._uploads.hold() as held:
                async with asyncio.timeout_at(asked.deadline):
                    upload = await held.read(asked.headers, receive)
                    answer = await self._predictor.predict(upload, asked.use, name=asked.model, needs_pixels=asked.consent)
        except TimeoutError as error:
            if upload is None:
                raise UploadTooSlow("the body did not arrive in time; send it faster, or send a smaller picture") from error
            raise DeadlineExceeded(NO_ANSWER) from error
        scope["state"]["cache"] = answer.cache
        body = await self._telling.tell(answer, asked)
        await send({"type": "http.response.start", "status": 200, "headers": headers_of(_head(answer, body))})
        await send({"type": "http.response.body", "body": body})


class Plain:
    """Answers plain requests to the server itself, as Predicting would answer them to the framework: no scope, no messages.

    Plain are those whose body is the picture, of few bytes, and which ask for no more than its digit.
    """

    def __init__(self, predictor: Predictor, telling: Telling, requests: Requests, deadline_seconds: float) -> None:
        self._predictor, self._telling, self._requests = predictor, telling, requests
        self._deadlines = Deadlines(deadline_seconds)

    def __call__(self, sent: Headers, body: bytes) -> Prompt | Coroutine[Any, Any, Prompt] | None:
        """The answer, if it is at hand, else one to wait for; None, and nothing was counted, where Predicting has to answer."""
        started = time.perf_counter()
        if len(body) > FEW_BYTES or self._telling.waits:
            return None
        own_name: bytes | None = None
        for header, value in sent:
            if header in WISHES or (header == b"content-type" and envelope(value)):
                return None
            if header == b"x-request-id":
                own_name = own_name or value
        try:
            found = self._predictor.at_hand(body)
        except Problem:
            return None
        name = self._requests.name(own_name)
        if isinstance(found, Unknown):
            return self._read(body, found, name, started)
        told = self._told(found, name, started)
        self._requests.count(PATH, "POST", told.status, found.cache, time.perf_counter() - started)
        return told

    async def _read(self, body: bytes, unknown: Unknown, name: str, started: float) -> Prompt:
        told, cache = None, "none"
        self._requests.in_flight += 1
        try:
            with self._deadlines.limit():
                answer = await self._predictor.read(body, unknown)
            told, cache = self._told(answer, name, started), answer.cache.value
        except TimeoutError:
            told = _refused(DeadlineExceeded(NO_ANSWER), name)
        except Problem as problem:
            told = _refused(problem, name)
        except Exception:
            log.exception("request %s failed", name)
            told = _refused(Problem(OUR_FAULT), name)
        finally:
            self._requests.in_flight -= 1
            self._requests.count(PATH, "POST", 500 if told is None else told.status, cache, time.perf_counter() - started)
        return told

    def _told(self, answer: Answer, name: str, started: float) -> Prompt:
        text = self._telling.tell_at_once(answer, started)
        return Prompt(200, b"%bx-request-id: %b\r\n" % (_head(answer, text), name.encode()), text)


def _refused(problem: Problem, name: str) -> Prompt:
    response = problem_response(problem, name)
    return Prompt(response.status_code, head_of([*response.raw_headers, (b"x-request-id", name.encode())]), bytes(response.body))


def _head(answer: Answer, body: bytes) -> bytes:
    """Header lines, each with its end."""
    return b"content-type: application/json\r\ncontent-length: %d\r\nx-cache: %b\r\nserver-timing: %b\r\n" % (
        len(body),
        answer.cache.encode(),
        server_timing(answer.seconds),
    )


def server_timing(seconds: dict[str, float]) -> bytes:
    """The Server-Timing header, in milliseconds."""
    return ", ".join([f"{name};dur={value * 1000:.2f}" for name, value in seconds.items()]).encode()
