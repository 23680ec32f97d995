"""A steady load through the edge, nine in ten of it pictures that were sent before, and what became of each request.

Requests fall due at a rate, whatever became of those before; where all connections wait for an answer they are late, and none is left out.
"""

import http.client
import itertools
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import NamedTuple
from urllib.parse import urlsplit

import orjson

from loadtests.bench.fresh import Upload

CONNECTIONS = 12
PER_SECOND = 120.0
KNOWN_IN_TEN = 9
DEADLINE_SECONDS = 10.0


class Answer(NamedTuple):
    """What is looked at of one."""

    digit: int
    confidence: float
    version: str
    cache: str


class Outcome(NamedTuple):
    """Of one request; `status` None: the connection broke."""

    at: float
    known: bool
    status: int | None
    retry_after: str | None
    upload: Upload
    answer: Answer | None
    """Where it is one."""

    @property
    def right(self) -> bool:
        return self.answer is not None and self.answer.digit == self.upload.digit


@dataclass
class Load:
    """While it runs, or when it has."""

    outcomes: list[Outcome] = field(default_factory=list)

    def since(self, moment: float) -> list[Outcome]:
        return [outcome for outcome in self.outcomes if outcome.at >= moment]


@contextmanager
def load(
    url: str, known: Sequence[Upload], new: Iterator[Upload], *, per_second: float = PER_SECOND, connections: int = CONNECTIONS
) -> Iterator[Load]:
    """Every request is sent on a connection that is kept where it can be; none is asked twice. Without end a second: as fast as it goes."""
    running, over, lock = Load(), threading.Event(), threading.Lock()
    turns, again = itertools.count(), itertools.cycle(known)
    parts = urlsplit(url)
    began = time.monotonic()

    def send() -> None:
        connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=DEADLINE_SECONDS)
        while not over.is_set():
            with lock:
                turn = next(turns)
                is_known = turn % 10 < KNOWN_IN_TEN
                upload = next(again) if is_known else next(new)
            over.wait(max(0.0, began + turn / per_second - time.monotonic()))
            running.outcomes.append(_asked(connection, upload, is_known))
        connection.close()

    senders = [threading.Thread(target=send) for _ in range(connections)]
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
        response = connection.getresponse()
        said = response.read()
    except (OSError, http.client.HTTPException):
        connection.close()
        return Outcome(at, known, None, None, upload, None)
    answer = None
    if response.status == 200:
        told = orjson.loads(said)
        answer = Answer(told["digit"], told["confidence"], told["model"]["version"], told["cache"])
    return Outcome(at, known, response.status, response.headers["Retry-After"], upload, answer)
