"""What stands around requests where tracing is on, whichever way they come in: they are the same requests, and their spans are told."""

import time
from collections.abc import Coroutine
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway.contract import Answer
from gateway.observing import method_of, route_of
from gateway.prompt import Answering, Headers, Prompt, headers_of
from gateway.routes.asked import Asked
from gateway.routes.predict import PATH
from gateway.routes.telling import Telling
from gateway.spans import Answered
from gateway.trace import TRACE, Trace, note
from gateway.traceparent import HEADER
from gateway.tracing import Tracing

UNTRACED = frozenset(("/healthz", "/readyz", "/metrics"))
"""Asked by machines every few seconds, and of no interest to anybody."""


class TracedTelling(Telling):
    """Notes each answer in the trace of its request, if that has one."""

    async def tell(self, answer: Answer, asked: Asked) -> bytes:
        began = time.perf_counter()
        text = await super().tell(answer, asked)
        note(answer, began)
        return text

    def tell_at_once(self, answer: Answer, started: float) -> bytes:
        began = time.perf_counter()
        text = super().tell_at_once(answer, started)
        note(answer, began)
        return text


class TracedPlain:
    """Plain requests, of which those that are traced say so in their answer."""

    def __init__(self, plain: Answering, tracing: Tracing) -> None:
        self._plain, self._tracing = plain, tracing

    def __call__(self, sent: Headers, body: bytes) -> Prompt | Coroutine[Any, Any, Prompt] | None:
        trace = self._tracing.begin(sent)
        if trace is None:
            return self._plain(sent, body)
        token = TRACE.set(trace)
        try:
            answer = self._plain(sent, body)
        finally:
            TRACE.reset(token)
        if answer is None:  # Traced begins again
            return None
        return self._ended(trace, answer) if isinstance(answer, Prompt) else self._in_time(trace, answer)

    async def _in_time(self, trace: Trace, answer: Coroutine[Any, Any, Prompt]) -> Prompt:
        token = TRACE.set(trace)  # of this task alone
        try:
            told = await answer
        finally:
            TRACE.reset(token)
        return self._ended(trace, told)

    def _ended(self, trace: Trace, told: Prompt) -> Prompt:
        request_id = dict(headers_of(told.head))[b"x-request-id"].decode()
        self._tracing.end(trace, Answered("POST", PATH, PATH, told.status, request_id))
        return told._replace(head=b"%b%b: %b\r\n" % (told.head, HEADER, trace.traceparent))


class Traced:
    """ASGI middleware around all others."""

    def __init__(self, app: ASGIApp, tracing: Tracing) -> None:
        self._app, self._tracing = app, tracing

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        trace = None
        if scope["type"] == "http" and scope["path"] not in UNTRACED:
            trace = self._tracing.begin(scope["headers"])
        token = TRACE.set(trace)  # also none: the task may have been started by the request before on its connection
        try:
            await (self._app(scope, receive, send) if trace is None else self._answer(trace, scope, receive, send))
        finally:
            TRACE.reset(token)

    async def _answer(self, trace: Trace, scope: Scope, receive: Receive, send: Send) -> None:
        status = 500

        async def send_with_parent(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message["headers"], (HEADER, trace.traceparent)]
            await send(message)

        try:
            await self._app(scope, receive, send_with_parent)
        finally:
            answered = Answered(method_of(scope), route_of(scope), scope["path"], status, scope["state"]["request_id"])
            self._tracing.end(trace, answered)
