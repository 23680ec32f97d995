"""`POST /v1/predict`: a picture in, a digit out, before the framework does its general work; it documents the call and refuses others."""

import asyncio
from collections.abc import Iterable
from urllib.parse import parse_qs

from fastapi import APIRouter, Query
from starlette.types import ASGIApp, Receive, Scope, Send

from gateway.contract import CacheUse
from gateway.errors import DeadlineExceeded, Malformed, Problem, UploadTooSlow, problem_response
from gateway.metrics import Metrics
from gateway.prediction import Predictor
from gateway.prediction_id import PredictionIds
from gateway.recording import Recording
from gateway.routes.shared import problems
from gateway.schema import PredictAnswer, answer_text
from gateway.upload import Uploads

PATH = "/v1/predict"
READ_HEADERS = frozenset((b"content-type", b"content-length", b"cache-control", b"x-consent"))

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

ANY_USE = CacheUse()


def predict_documentation() -> APIRouter:
    """The call as OpenAPI shows it, and 405 for other methods on its path."""
    router = APIRouter(prefix="/v1", tags=["prediction"])

    @router.post(
        "/predict",
        summary="Read the digit in a picture",
        response_model=PredictAnswer,
        openapi_extra={"requestBody": {"required": True, "content": IMAGE_BODIES}},
        responses=problems(REFUSALS),
    )
    async def predict(model: str | None = Query(None, description="Which model, where more than one is served.")) -> None:
        """PNG, JPEG, WebP, BMP, TIFF, or the first frame of a GIF: as the body itself, as the multipart field `image`, or in JSON.

        `Cache-Control: no-cache` answers afresh and remembers, `no-store` neither looks nor remembers.
        `X-Consent: training` lets us keep the canonical pixels, to train later models.
        """
        raise AssertionError("Predicting answers this call")

    return router


class Predicting:
    """ASGI middleware that answers the one call which must be fast; all others go on to `app`."""

    def __init__(
        self,
        app: ASGIApp,
        uploads: Uploads,
        predictor: Predictor,
        ids: PredictionIds,
        recording: Recording,
        metrics: Metrics,
        deadline_seconds: float,
    ) -> None:
        self._app = app
        self._uploads, self._predictor, self._ids, self._recording = uploads, predictor, ids, recording
        self._metrics, self._deadline_seconds = metrics, deadline_seconds

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
        state, headers = scope["state"], read_headers(scope["headers"])
        deadline = asyncio.get_running_loop().time() + self._deadline_seconds
        consent = headers.get(b"x-consent", b"").strip().lower() == b"training"
        use = cache_use(headers[b"cache-control"]) if b"cache-control" in headers else ANY_USE
        name = chosen_model(scope["query_string"]) if scope["query_string"] else None
        upload: bytes | None = None
        try:
            with self._uploads.hold() as held:
                async with asyncio.timeout_at(deadline):
                    upload = await held.read(headers, receive)
                    answer = await self._predictor.predict(upload, use, name=name, needs_pixels=consent)
        except TimeoutError as error:
            if upload is None:
                raise UploadTooSlow("the body did not arrive in time; send it faster, or send a smaller picture") from error
            raise DeadlineExceeded("no answer in time; try again") from error
        state["cache"] = answer.cache
        self._metrics.count_answer(answer.content, answer.model.version, answer.cache)
        prediction_id = self._ids.issue(answer.content.digit, answer.model.version)
        record = await self._recording.record(prediction_id, answer, started=state["started"], deadline=deadline, keep_pixels=consent)
        body = answer_text(answer, prediction_id, record)
        answered = [
            (b"content-type", b"application/json"),
            (b"content-length", b"%d" % len(body)),
            (b"x-cache", answer.cache.encode()),
            (b"server-timing", server_timing(answer.seconds)),
        ]
        await send({"type": "http.response.start", "status": 200, "headers": answered})
        await send({"type": "http.response.body", "body": body})


def read_headers(sent: Iterable[tuple[bytes, bytes]]) -> dict[bytes, bytes]:
    """Those that mean something here, by name; one that is sent several times is a list (RFC 9110, 5.3)."""
    values: dict[bytes, bytes] = {}
    repeated: dict[bytes, list[bytes]] = {}
    for name, value in sent:
        if name not in READ_HEADERS:
            continue
        if name in values:
            repeated.setdefault(name, [values[name]]).append(value)
        else:
            values[name] = value
    return values | {name: b", ".join(several) for name, several in repeated.items()} if repeated else values


def cache_use(control: bytes) -> CacheUse:
    """What a request's Cache-Control allows."""
    directives = {directive.strip().lower() for directive in control.split(b",")}
    if b"no-store" in directives:
        return CacheUse(read=False, write=False)
    return CacheUse(read=b"no-cache" not in directives)


def chosen_model(query: bytes) -> str | None:
    """The query's `model`, the last one where there are several. Raises Malformed."""
    try:
        chosen = parse_qs(query.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=100).get("model")
    except ValueError as error:
        raise Malformed("the query is none") from error
    return chosen[-1] if chosen else None


def server_timing(seconds: dict[str, float]) -> bytes:
    """The Server-Timing header, in milliseconds."""
    return ", ".join([f"{name};dur={value * 1000:.2f}" for name, value in seconds.items()]).encode()
