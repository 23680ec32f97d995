"""Two real gateways behind one port, started and asked."""

import contextlib
import http.client
import json
import sys
from dataclasses import dataclass
from typing import Any

import psutil

from tests.gateway.embedded.processes import wait_until
from tests.gateway.workers.parents import Parent, Parents

SERVE = [sys.executable, "-m", "gateway", "serve"]


def started(parents: Parents, command: list[str], torchserve_url: str, **settings: object) -> Parent:
    parent = parents.start(command, torchserve_url=torchserve_url, torchserve_management_url=torchserve_url, **settings)
    wait_until(lambda: both_serve(parent), seconds=60)
    return parent


def both_serve(parent: Parent) -> bool:
    """Whether two workers listen and each says that it is ready."""
    assert parent.process.poll() is None, parent.said
    workers = parent.workers()
    with contextlib.suppress(OSError, psutil.Error, http.client.HTTPException):
        listening = [pid for pid in workers.values() if any(its.status == psutil.CONN_LISTEN for its in tcp(pid))]
        return len(listening) == 2 and all(get(parent, "/readyz", pid).status == 200 for pid in listening)
    return False


def tcp(pid: int) -> list[Any]:
    """The sockets of a process."""
    return psutil.Process(pid).net_connections("tcp4")


@dataclass(frozen=True)
class Answer:
    status: int
    text: str

    @property
    def json(self) -> Any:
        return json.loads(self.text)


def connected(parent: Parent) -> contextlib.closing[http.client.HTTPConnection]:
    return contextlib.closing(http.client.HTTPConnection("127.0.0.1", parent.port, timeout=10))


def ask(connection: http.client.HTTPConnection, path: str, body: bytes | None = None, kind: str = "image/png") -> Answer:
    connection.request("GET" if body is None else "POST", path, body, {"Content-Type": kind})
    response = connection.getresponse()
    return Answer(response.status, response.read().decode())


def answer(parent: Parent, path: str, body: bytes | None = None, kind: str = "image/png") -> Answer:
    """Of whichever is asked, on a connection of its own."""
    with connected(parent) as connection:
        return ask(connection, path, body, kind)


def get(parent: Parent, path: str, pid: int) -> Answer:
    """Of this very process."""
    for _ in range(100):
        with connected(parent) as connection:
            said = ask(connection, path)
            if connection.sock.getsockname() in [its.raddr for its in tcp(pid)]:
                return said
    raise AssertionError(f"process {pid} was given none of 100 connections")


def predict(parent: Parent, upload: bytes) -> Answer:
    return answer(parent, "/v1/predict", upload)
