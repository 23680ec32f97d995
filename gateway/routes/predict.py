"""`POST /v1/predict`: a picture in, a digit out, before any framework does its general work."""

import asyncio
from functools import lru_cache

from starlette.types import ASGIApp, Receive, Scope, Send

from gateway.contract import Answer
from gateway.errors import Problem, UploadTooSlow, problem_response
from gateway.prediction import Choose
from gateway.prompt import headers_of
from gateway.routes.asked import read_asked
from gateway.routes.telling import Telling
from gateway.upload import Uploads

PATH = "/v1/predict"


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
    return _timing_form(tuple(seconds)) % tuple([value * 1000 for value in seconds.values()])


@lru_cache(64)
def _timing_form(names: tuple[str, ...]) -> bytes:
    return ", ".join([f"{name};dur=%.2f" for name in names]).encode()
