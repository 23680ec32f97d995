"""`POST /v1/predict`: a picture in, a digit out, before the framework does its general work; it documents the call and refuses others."""

import asyncio

from fastapi import APIRouter
from starlette.types import ASGIApp, Receive, Scope, Send

from gateway.contract import Answer
from gateway.errors import Problem, UploadTooSlow, problem_response
from gateway.prediction import Choose
from gateway.prompt import headers_of
from gateway.routes.asked import MODEL_PARAMETER, read_asked
from gateway.routes.shared import problems
from gateway.routes.telling import Telling
from gateway.schema import PredictAnswer
from gateway.upload import Uploads

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

    def __init__(self, app: ASGIApp, uploads: Uploads, choose: Choose, telling: Telling, deadline_seconds: float) -> None:
        self._app = app
        self._uploads, self._choose, self._telling, self._deadline_seconds = uploads, choose, telling, deadline_seconds

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
        predictor = self._choose(asked.model)
        upload: bytes | None = None
        try:
            with self._uploads.hold() as held:
                async with asyncio.timeout_at(asked.deadline):
                    upload = await held.read(asked.headers, receive)
                    answer = await predictor.predict(upload, asked.use, needs_pixels=asked.consent)
        except TimeoutError as error:
            if upload is None:
                raise UploadTooSlow("the body did not arrive in time; send it faster, or send a smaller picture") from error
            raise predictor.overdue() from error
        scope["state"]["cache"] = answer.cache
        body = await self._telling.tell(answer, asked)
        await send({"type": "http.response.start", "status": 200, "headers": headers_of(head(answer, body))})
        await send({"type": "http.response.body", "body": body})


def head(answer: Answer, body: bytes) -> bytes:
    """Header lines, each with its end."""
    return b"content-type: application/json\r\ncontent-length: %d\r\nx-cache: %b\r\nserver-timing: %b\r\n" % (
        len(body),
        answer.cache.encode(),
        server_timing(answer.seconds),
    )


def server_timing(seconds: dict[str, float]) -> bytes:
    """The Server-Timing header, in milliseconds."""
    return ", ".join([f"{name};dur={value * 1000:.2f}" for name, value in seconds.items()]).encode()
