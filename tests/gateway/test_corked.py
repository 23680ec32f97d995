import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import uvicorn
from starlette.types import Receive, Scope, Send

from gateway.corked import MOST_HELD, CorkedProtocol, CorkedTransport

pytestmark = pytest.mark.anyio

REQUEST = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc"


class Written(asyncio.Transport):
    """A transport that keeps what it is given, and when it was closed."""

    def __init__(self) -> None:
        super().__init__()
        self.words: list[bytes] = []

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.words.append(bytes(data))

    def close(self) -> None:
        self.words.append(b"closed")

    def is_closing(self) -> bool:
        return self.words[-1:] == [b"closed"]


def corked() -> tuple[Written, CorkedTransport]:
    below = Written()
    return below, CorkedTransport(below, asyncio.get_running_loop())


async def test_two_writes_leave_as_one_and_a_third_begins_anew() -> None:
    below, transport = corked()
    for word in (b"head ", b"body", b"more"):
        transport.write(word)
    assert below.words == [b"head body"]
    await asyncio.sleep(0)
    assert below.words == [b"head body", b"more"]


async def test_what_stays_alone_leaves_at_the_next_turn_or_when_closed() -> None:
    below, transport = corked()
    transport.write(b"head")
    transport.close()
    await asyncio.sleep(0)
    assert below.words == [b"head", b"closed"]
    assert transport.is_closing()


async def test_what_is_held_leaves_when_flushed_behind_what_was_written_before() -> None:
    below, transport = corked()
    transport.write(b"head ")
    transport.hold(b"body")
    assert below.words == []
    transport.flush()
    await asyncio.sleep(0)
    assert below.words == [b"head body"]


async def test_no_more_than_a_bound_is_held() -> None:
    below, transport = corked()
    for _ in range(3):
        transport.hold(b"x" * (MOST_HELD // 2))
    assert below.words == [b"x" * (MOST_HELD // 2 * 3)]


async def test_what_is_held_of_a_connection_that_has_ended_is_dropped() -> None:
    below, transport = corked()
    transport.hold(b"answer")
    below.close()
    transport.flush()
    assert below.words == [b"closed"]


async def answers(scope: Scope, receive: Receive, send: Send) -> None:
    """The body, in two parts where the path asks for that."""
    parts = [b"one", b"two"] if scope["path"] == "/parts" else [b"onetwo"]
    received = await receive()
    assert received["body"] == b"abc"
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"6")]})
    for number, part in enumerate(parts):
        await send({"type": "http.response.body", "body": part, "more_body": number + 1 < len(parts)})


@asynccontextmanager
async def serving() -> AsyncIterator[int]:
    """The port of uvicorn with our protocol."""
    config = uvicorn.Config(answers, http=CorkedProtocol, lifespan="off", log_level="error", access_log=False)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        server = uvicorn.Server(config)
        running = asyncio.create_task(server.serve([listening]))
        yield listening.getsockname()[1]
        server.should_exit = True
        await running


@pytest.mark.parametrize("path", [b"/", b"/parts"])
async def test_uvicorn_answers_as_it_would_without(path: bytes) -> None:
    async with serving() as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(REQUEST.replace(b"/", path, 1) * 3)  # three at once, answered in turn
        for _ in range(3):
            head = await reader.readuntil(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 200 OK\r\n")
            assert await reader.readexactly(6) == b"onetwo"
        writer.close()


async def test_who_waits_for_a_continue_gets_it() -> None:
    async with serving() as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        head, _, body = REQUEST.partition(b"\r\n\r\n")
        writer.write(head + b"\r\nExpect: 100-continue\r\n\r\n")
        async with asyncio.timeout(5):
            assert await reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
            writer.write(body)
            await reader.readuntil(b"onetwo")
        writer.close()
