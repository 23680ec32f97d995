"""HTTP/1.1 as a load generator needs it: requests are bytes made beforehand, an answer costs a few microseconds to know and check."""

import re
import selectors
import socket
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import urlsplit

from loadtests.bench.fresh import Upload
from loadtests.programs import Failed

CHUNK = 1 << 16
STALLED_SECONDS = 5.0
LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
DIGIT = [re.compile(rb'"digit": ?%d\b' % digit) for digit in range(10)]
"""What an answer holds that reads this digit."""
EVERY_DIGIT = re.compile(rb'"digit": ?(\d+)')

STATUS, RIGHT = b"HTTP/1.", b"HTTP/1.1 200 "
"""How every answer begins, and how one that may be right does."""

TOO_MUCH = re.compile(rb"HTTP/1.1 (429|503|504) ")
"""How a server begins that cannot answer now, in time, or as many."""


class Expected(Protocol):
    """What is found in the right answer: a compiled pattern, or what is asked as one is."""

    @property
    def pattern(self) -> bytes: ...

    def search(self, answer: bytes | bytearray, begin: int = 0, /) -> object: ...


@dataclass(frozen=True)
class Digits:
    """All digits of an answer to several pictures, in order. A pattern of sixteen takes longer to compile than they take to be read."""

    pattern: bytes
    """The digits, with spaces between."""

    @classmethod
    def of(cls, digits: Iterable[int]) -> "Digits":
        return cls(" ".join(map(str, digits)).encode())

    def search(self, answer: bytes | bytearray, begin: int = 0, /) -> bool:
        return b" ".join(EVERY_DIGIT.findall(answer, begin)) == self.pattern


Ask = tuple[bytes, Expected]
"""A whole request, and what is found in the right answer to it."""


def post(url: str, path: str, body: bytes, kind: str = "application/octet-stream", *headers: str) -> bytes:
    """A whole request."""
    lines = (f"POST {path} HTTP/1.1", f"Host: {urlsplit(url).netloc}", f"Content-Type: {kind}", f"Content-Length: {len(body)}", *headers)
    return "\r\n".join((*lines, "", "")).encode() + body


def asks(url: str, uploads: Iterable[Upload]) -> list[Ask]:
    """Of our gateway at this URL, for the digit in each of these."""
    return [(post(url, "/v1/predict", upload.png), DIGIT[upload.digit]) for upload in uploads]


def connected(url: str) -> socket.socket:
    """Raises OSError where nobody listens."""
    parts = urlsplit(url)
    connection = socket.create_connection((parts.hostname, parts.port), STALLED_SECONDS)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection


class TurnedAway(Failed):
    """The server said that it has too much to do. The connection can be used again."""


class Connection:
    """One connection with at most one request on it, or so many that are sent ahead of their answers (RFC 9112, 9.3.2)."""

    def __init__(self, url: str, ahead: int = 1) -> None:
        self._socket = connected(url)
        self._answers = ahead
        self._received = bytearray()
        self._expects: Expected | None = None
        self.since = 0.0
        """When what is asked was sent or, in an open loop, due."""

    def fileno(self) -> int:
        return self._socket.fileno()

    def close(self) -> None:
        self._socket.close()

    def send(self, ask: Ask, since: float) -> None:
        self.since = since
        self._expects = ask[1]
        self._socket.sendall(ask[0])

    def hung_up(self) -> bool:
        """Whether the server, while nothing was asked, closed it. Asked when there is something to receive."""
        return self._expects is None and not self._socket.recv(1)

    def receive(self) -> bool:
        """Whether all that was asked is answered now. Raises Failed where it is not as expected, or the server hung up; TurnedAway."""
        chunk = self._socket.recv(CHUNK)
        if not chunk:
            raise Failed("the server closed a connection")
        received = self._received
        received += chunk
        if received.count(STATUS) < self._answers:
            return False
        last = received.rfind(STATUS)
        end = received.find(b"\r\n\r\n", last)
        if end < 0:
            return False
        length = LENGTH.search(received, last, end)
        if length is None:
            raise Failed(f"an answer without a length came: {_shown(received)}")
        if len(received) < end + 4 + int(length[1]):
            return False
        assert self._expects is not None
        right = received.count(RIGHT) == self._answers and self._expects.search(received, received.find(b"\r\n\r\n"))
        failure = None
        if not right:
            kind = TurnedAway if TOO_MUCH.match(received) else Failed
            failure = kind(f"another answer than {self._expects.pattern.decode()} came: {_shown(received)}")
        received.clear()
        self._expects = None
        if failure is not None:
            raise failure
        return True


@contextmanager
def opened(url: str, ready: selectors.BaseSelector, ahead: int = 1) -> Iterator[Callable[[], Connection]]:
    """Makes connections to be told of by `ready`; all are closed in the end."""

    def another() -> Connection:
        connection = Connection(url, ahead)
        ready.register(connection, selectors.EVENT_READ, connection)
        return connection

    try:
        yield another
    finally:
        for key in list(ready.get_map().values()):
            ready.unregister(key.fileobj)
            key.data.close()


def _shown(received: bytearray) -> str:
    return bytes(received[:400]).decode(errors="replace")
