"""Around every request: its id, its start and duration, its place among those in flight, and a problem for whatever escaped."""

import logging
import re
import time
from collections.abc import Iterable
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway.errors import OUR_FAULT, Problem, problem_response
from gateway.metrics import Metrics
from gateway.randomness import RandomBytes
from gateway.trace import TRACE
from gateway.traceparent import read_caller

log = logging.getLogger(__name__)

REQUEST_ID = re.compile(rb"[A-Za-z0-9._:/+=-]{1,128}")
REQUEST_ID_BYTES = 8
METHODS = frozenset(("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"))
OBSERVED_ROUTES = frozenset(("/v1/predict", "/v1/predict/batch"))
"""Routes whose duration is a series; the others are only counted."""


class Requests:
    """What requests have in common, whichever way they come in: a name, a place among those in flight, and that they are counted."""

    def __init__(self, metrics: Metrics) -> None:
        self.in_flight = 0
        self.count = metrics.count_request
        self._random = RandomBytes()
        metrics.follow(metrics.inflight, lambda: self.in_flight)

    def name(self, own: bytes | None) -> str:
        """The client's own X-Request-Id where it is harmless in a log, else a new one."""
        if own is not None and REQUEST_ID.fullmatch(own):
            return str(own, "ascii")
        return self._random.take(REQUEST_ID_BYTES).hex()


class Observed:
    """ASGI middleware. Labels come from closed sets: the route's template, a known method, the status."""

    def __init__(self, app: ASGIApp, requests: Requests) -> None:
        self._app = app
        self._requests = requests

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = time.perf_counter()
        state: dict[str, Any] = scope.setdefault("state", {})
        state["request_id"] = request_id = self._requests.name(
            next((value for name, value in scope["headers"] if name == b"x-request-id"), None)
        )
        state["started"] = started
        status: int | None = None

        async def send_with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message["headers"], (b"x-request-id", request_id.encode())]
            await send(message)

        self._requests.in_flight += 1
        try:
            await self._app(scope, receive, send_with_id)
        except Exception:
            log.exception("request %s failed", request_id, extra=log_fields(request_id, scope["headers"]))
            if status is None:  # nothing was sent yet
                await problem_response(Problem(OUR_FAULT), request_id)(scope, receive, send_with_id)
        finally:
            self._requests.in_flight -= 1
            self._count(scope, status or 500, time.perf_counter() - started)

    def _count(self, scope: Scope, status: int, seconds: float) -> None:
        state = scope["state"]
        route = route_of(scope) or "unmatched"
        self._requests.count(route, method_of(scope), status, state.get("cache", "none") if route in OBSERVED_ROUTES else None, seconds)


def route_of(scope: Scope) -> str | None:
    """The template of the path that was met, once it was; None: it met none."""
    return scope["state"].get("route") or getattr(scope.get("route"), "path", None)


def method_of(scope: Scope) -> str:
    """One of a closed set."""
    return scope["method"] if scope["method"] in METHODS else "other"


def log_fields(request_id: str, headers: Iterable[tuple[bytes, bytes]]) -> dict[str, str | None]:
    """`extra` of a line about a request with these headers. Its trace is known where it is traced, or the caller names one."""
    trace = TRACE.get() or read_caller(headers)
    return {"request_id": request_id, "trace_id": None if trace is None else trace.trace_id}
