"""The load client against a real server of ours: it answers, refuses, hangs up."""

import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar

import pytest

from loadtests import client
from loadtests.client import Gateway, Refused, at_once, at_rate


class Told(BaseHTTPRequestHandler):
    """Says what it was told; what begins with `!` is refused. Keeps connections open."""

    protocol_version = "HTTP/1.1"
    connections: ClassVar[set[tuple[str, int]]] = set()

    def do_POST(self) -> None:
        self.connections.add(self.client_address)
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        said = f'{{"told": "{body}"}}'.encode()
        self.send_response(429 if body.startswith("!") else 200)
        self.send_header("Content-Length", str(len(said)))
        self.end_headers()
        self.wfile.write(said)

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def gateway() -> Iterator[Gateway]:
    Told.connections = set()
    server = ThreadingHTTPServer(("127.0.0.1", 0), Told)
    serving = threading.Thread(target=server.serve_forever, args=(0.01,))
    serving.start()
    asked = Gateway(f"http://127.0.0.1:{server.server_address[1]}")
    try:
        yield asked
    finally:
        asked.close()
        server.shutdown()
        serving.join()
        server.server_close()


def test_connections_are_kept(gateway: Gateway) -> None:
    answers = at_once(gateway.predict, [b"a", b"b"] * 50, senders=3)
    assert [answer["told"] for answer in answers] == ["a", "b"] * 50
    assert len(Told.connections) <= 3


def test_a_connection_that_was_idle_for_long_is_not_trusted(gateway: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "IDLE_SECONDS", 0.0)
    gateway.predict(b"a")
    gateway.predict(b"b")
    assert len(Told.connections) == 2


def test_a_refusal_is_not_taken_for_an_answer(gateway: Gateway) -> None:
    with pytest.raises(Refused, match="429"):
        gateway.predict(b"!")


def test_things_are_sent_when_they_are_due(gateway: Gateway) -> None:
    started = time.perf_counter()
    at_rate(gateway.predict, [b"a"] * 11, rate=50)
    assert time.perf_counter() - started >= 0.2
