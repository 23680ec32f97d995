"""A steady load through the edge, nine in ten of it pictures that were sent before, and what became of each request."""

import http.client
import itertools
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import orjson

from loadtests.bench.fresh import Upload

CONNECTIONS = 12
PER_SECOND = 120.0
KNOWN_IN_TEN = 9
DEADLINE_SECONDS = 10.0


@dataclass(frozen=True)
class Outcome:
    """Of one request; `status` None: the connection broke."""

    at: float
    known: bool
    status: int | None
    digit: int | None
    expected: int
    retry_after: str | None

    @property
    def right(self) -> bool:
        return self.status == 200 and self.digit == self.expected


@dataclass
class Load:
    """While it runs, or when it has."""

    outcomes: list[Outcome] = field(default_factory=list)

    def since(self, moment: float) -> list[Outcome]:
        return [outcome for outcome in self.outcomes if outcome.at >= moment]


@contextmanager
def load(url: str, known: Sequence[Upload], new: Iterator[Upload]) -> Iterator[Load]:
    """Every request is sent on a connection that is kept where it can be; none is asked twice."""
    running, over, lock = Load(), threading.Event(), threading.Lock()
    turns, again = itertools.count(), itertools.cycle(known)
    parts = urlsplit(url)

    def send() -> None:
        connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=DEADLINE_SECONDS)
        while not over.is_set():
            began = time.monotonic()
            with lock:
                is_known = next(turns) % 10 < KNOWN_IN_TEN
                upload = next(again) if is_known else next(new)
            running.outcomes.append(_asked(connection, upload, is_known))
            over.wait(max(0.0, CONNECTIONS / PER_SECOND - (time.monotonic() - began)))
        connection.close()

    senders = [threading.Thread(target=send) for _ in range(CONNECTIONS)]
    for sender in senders:
        sender.start()
    try:
        yield running
    finally:
        over.set()
        for sender in senders:
            sender.join()


def _asked(connection: http.client.HTTPConnection, upload: Upload, known: bool) -> Outcome:
    at = time.monotonic()
    try:
        connection.request("POST", "/v1/predict", upload.png)
        answer = connection.getresponse()
        said = answer.read()
    except (OSError, http.client.HTTPException):
        connection.close()
        return Outcome(at, known, None, None, upload.digit, None)
    digit = orjson.loads(said).get("digit") if answer.status == 200 else None
    return Outcome(at, known, answer.status, digit, upload.digit, answer.headers["Retry-After"])
