"""A closed loop of one request over many connections, which costs the machine a few microseconds a request: its rate is the server's."""

import selectors
import socket
import time
from dataclasses import dataclass
from urllib.parse import urlsplit

from loadtests.stack import Failed

CHUNK = 1 << 16
STALLED_SECONDS = 5.0


@dataclass(frozen=True)
class Rate:
    """How many answers in how many seconds."""

    answers: int
    seconds: float

    @property
    def per_second(self) -> float:
        return self.answers / self.seconds


def repeat(url: str, path: str, body: bytes, *, connections: int, seconds: float, expects: bytes) -> Rate:
    """POST the same body over and over, one request at a time on each connection.

    Raises Failed where an answer is not 200 or does not hold `expects`, or none comes for 5 s.
    """
    parts = urlsplit(url)
    request = f"POST {path} HTTP/1.1\r\nHost: {parts.netloc}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body
    with selectors.DefaultSelector() as ready:
        try:
            for _ in range(connections):
                connection = socket.create_connection((parts.hostname, parts.port), STALLED_SECONDS)
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                ready.register(connection, selectors.EVENT_READ, bytearray())
                connection.sendall(request)
            return _loop(ready, request, seconds, expects)
        finally:
            for key in list(ready.get_map().values()):
                ready.unregister(key.fileobj)
                assert isinstance(key.fileobj, socket.socket)
                key.fileobj.close()


def _loop(ready: selectors.BaseSelector, request: bytes, seconds: float, expects: bytes) -> Rate:
    answers, started = 0, time.perf_counter()
    while (elapsed := time.perf_counter() - started) < seconds:
        told = ready.select(STALLED_SECONDS)
        if not told:
            raise Failed(f"no answer for {STALLED_SECONDS:g} s")
        for key, _ in told:
            connection, received = key.fileobj, key.data
            assert isinstance(connection, socket.socket)
            if not (chunk := connection.recv(CHUNK)):
                raise Failed("the server closed a connection")
            received += chunk
            if _whole(received):
                if not received.startswith(b"HTTP/1.1 200") or expects not in received:
                    raise Failed(f"another answer than {expects.decode()} came: {bytes(received[:400]).decode(errors='replace')}")
                received.clear()
                answers += 1
                connection.sendall(request)
    return Rate(answers, elapsed)


def _whole(received: bytearray) -> bool:
    """Whether the answer has all the bytes that its Content-Length announces."""
    end = received.find(b"\r\n\r\n")
    if end < 0:
        return False
    at = received.lower().find(b"content-length:", 0, end)
    return len(received) >= end + 4 + int(received[at + 15 : received.find(b"\r\n", at)])
