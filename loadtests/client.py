"""A client of the gateway that is cheap enough to load it from the same machine: plain HTTP/1.1 connections, kept open."""

import http.client
import json
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from types import MappingProxyType
from typing import Any, TypeVar
from urllib.parse import urlsplit

T = TypeVar("T")
R = TypeVar("R")

DEADLINE_SECONDS = 30.0
IDLE_SECONDS = 2.0
"""Less than any server keeps an idle connection open for."""

NOT_GIVEN: Mapping[str, str] = MappingProxyType({})


class Refused(Exception):
    """The gateway answered something else than was asked for."""


class Gateway:
    """One gateway by its URL; from as many threads as one likes."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._host, self._port = parts.hostname or "", parts.port
        self._idle: deque[tuple[http.client.HTTPConnection, float]] = deque()

    def close(self) -> None:
        """Its connections."""
        while self._idle:
            self._idle.pop()[0].close()

    def predict(self, picture: bytes) -> dict[str, Any]:
        """The answer. Raises Refused where it is none."""
        return self._ask("POST", "/v1/predict", picture)

    def predict_and_keep(self, picture: bytes) -> dict[str, Any]:
        """The same, of a picture whose pixels may be kept and trained on."""
        return self._ask("POST", "/v1/predict", picture, consent={"X-Consent": "training"})

    def model(self) -> dict[str, Any]:
        """What it serves. Raises Refused."""
        return self._ask("GET", "/v1/model")

    def label(self, prediction_id: str, label: int) -> None:
        """Feedback on one answer. Raises Refused where it is not taken."""
        self._ask("POST", "/v1/feedback", json.dumps({"prediction_id": prediction_id, "label": label}).encode(), "application/json")

    def alerts(self) -> list[dict[str, Any]]:
        """What Alertmanager told it, newest first."""
        return list(self._ask("GET", "/v1/alerts?limit=500")["alerts"])

    def _ask(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        kind: str = "application/octet-stream",
        consent: Mapping[str, str] = NOT_GIVEN,
    ) -> dict[str, Any]:
        connection = self._connection()
        try:
            connection.request(method, path, body, {"Content-Type": kind, **consent})
            answer = connection.getresponse()
            said = answer.read()
        except (OSError, http.client.HTTPException):
            connection.close()
            raise
        self._idle.append((connection, time.monotonic()))
        if answer.status != 200:
            raise Refused(f"{method} {path} was answered {answer.status}: {said[:200].decode(errors='replace')}")
        return dict(json.loads(said))

    def _connection(self) -> http.client.HTTPConnection:
        """An idle one that is still open, or a new one."""
        while self._idle:
            connection, idle_since = self._idle.pop()
            if time.monotonic() - idle_since < IDLE_SECONDS:
                return connection
            connection.close()
        return http.client.HTTPConnection(self._host, self._port, timeout=DEADLINE_SECONDS)


def at_once(act: Callable[[T], R], things: Iterable[T], senders: int = 4) -> list[R]:
    """Each thing acted on, as fast as that many senders can."""
    with ThreadPoolExecutor(senders) as pool:
        return list(pool.map(act, things))


def at_rate(act: Callable[[T], R], things: Sequence[T], rate: float, senders: int = 8) -> list[R]:
    """Each thing acted on when it is due, `rate` a second, whether or not those before it are done (while a sender is free)."""
    started = time.perf_counter()

    def due(numbered: tuple[int, T]) -> R:
        time.sleep(max(0.0, started + numbered[0] / rate - time.perf_counter()))
        return act(numbered[1])

    return at_once(due, list(enumerate(things)), senders)
