import asyncio
import socket
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import ExitStack, asynccontextmanager, closing

import httpx
import pytest

from gateway import transport
from gateway.transport import LARGEST_ANSWER, Transport

pytestmark = pytest.mark.anyio

Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


class Peer:
    """A server whose every word is the test's. Counts connections and keeps what it was sent."""

    def __init__(self) -> None:
        self.url = ""
        self.connections = 0
        self.received: list[bytes] = []

    async def request(self, reader: asyncio.StreamReader) -> bytes:
        """The next one, whole; empty when the client has gone."""
        try:
            head = await reader.readuntil(b"\r\n\r\n")
        except (asyncio.IncompleteReadError, ConnectionResetError):
            return b""
        length = int(httpx.Headers([line.split(b": ", 1) for line in head.split(b"\r\n")[1:-2]]).get("content-length", "0"))  # type: ignore[arg-type]
        self.received.append(head + await reader.readexactly(length))
        return self.received[-1]


@asynccontextmanager
async def answering(*answers: bytes, then_close: bool = False) -> AsyncIterator[Peer]:
    """On each connection these answers in turn, the last one over and over."""
    peer = Peer()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        peer.connections += 1
        with closing(writer):
            turn = 0
            while await peer.request(reader):
                writer.write(answers[min(turn, len(answers) - 1)])
                turn += 1
                if then_close:
                    return

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    peer.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield peer
    finally:
        server.close()


async def get(via: Transport, url: str) -> httpx.Response:
    answer = await via.handle_async_request(httpx.Request("GET", url))
    await answer.aread()
    return answer


async def test_a_request_arrives_as_httpx_would_send_it() -> None:
    async with answering(OK) as peer, httpx.AsyncClient(transport=Transport()) as client:
        answer = await client.post(f"{peer.url}/a/b?c=d", content=b"\0\1\2", headers={"Content-Type": "x/y", "Accept": "z"})
    assert (answer.status_code, answer.content) == (200, b"ok")
    head, _, body = peer.received[0].partition(b"\r\n\r\n")
    first, *lines = head.split(b"\r\n")
    assert first == b"POST /a/b?c=d HTTP/1.1"
    assert {b"Content-Type: x/y", b"Content-Length: 3", b"Host: " + peer.url.removeprefix("http://").encode()} <= set(lines)
    assert body == b"\0\1\2"


async def test_a_connection_is_kept_and_as_many_are_opened_as_are_needed_at_a_time() -> None:
    async with answering(OK) as peer:
        via = Transport()
        for _ in range(5):
            await get(via, peer.url)
        assert peer.connections == 1
        await asyncio.gather(*(get(via, peer.url) for _ in range(3)))
        assert peer.connections == 3
        await via.aclose()


async def test_a_connection_that_was_idle_for_long_is_not_used_again() -> None:
    async with answering(OK) as peer:
        via = Transport(keepalive_seconds=0)
        await get(via, peer.url)
        await asyncio.sleep(0.01)
        await get(via, peer.url)
        assert peer.connections == 2
        await via.aclose()


async def test_a_connection_that_is_old_is_not_used_again_however_busy() -> None:
    """Else a server that was added behind the same address would never be asked."""
    async with answering(OK) as peer:
        via = Transport(oldest_seconds=0.2)
        started = time.monotonic()
        while time.monotonic() < started + 0.5:
            await get(via, peer.url)
        assert 2 <= peer.connections <= 4
        await via.aclose()


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\no\r\n1\r\nk\r\n0\r\n\r\n",
        b"HTTP/1.1 100 Continue\r\nX-Not: this\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
    ],
    ids=["in chunks", "after a continue"],
)
async def test_every_form_of_an_answer_is_read(answer: bytes) -> None:
    async with answering(answer) as peer:
        via = Transport()
        got = await get(via, peer.url)
        assert (got.status_code, got.content) == (200, b"ok")
        assert "x-not" not in got.headers
        await via.aclose()


async def test_an_empty_answer_is_whole() -> None:
    async with answering(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n") as peer:
        via = Transport()
        got = await get(via, peer.url)
        assert (got.status_code, got.content) == (404, b"")
        await via.aclose()


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok",
        OK + OK,
        OK + b"HTTP/1.1 2",
    ],
    ids=["to be closed", "answered twice", "begun a second"],
)
async def test_a_connection_that_cannot_be_trusted_again_is_left(answer: bytes) -> None:
    async with answering(answer) as peer:
        via = Transport()
        for _ in range(2):
            assert (await get(via, peer.url)).content == b"ok"
        assert peer.connections == 2
        await via.aclose()


async def test_an_answer_that_nobody_asked_for_meets_no_later_question() -> None:
    asked_again = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with closing(writer):
            await reader.readuntil(b"\r\n\r\n")
            writer.write(OK)
            await writer.drain()
            await asyncio.sleep(0.05)
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nno")
            await asked_again.wait()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    via = Transport()
    assert (await get(via, url)).content == b"ok"
    await asyncio.sleep(0.1)
    assert (await get(via, url)).content == b"ok"
    asked_again.set()
    await via.aclose()
    server.close()


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nok", httpx.ReadError),
        (b"", httpx.ReadError),
        (b"not HTTP at all\r\n\r\n", httpx.RemoteProtocolError),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nok", httpx.RemoteProtocolError),
    ],
    ids=["cut off", "nothing", "nonsense", "two lengths"],
)
async def test_what_is_no_whole_answer_fails_as_httpx_would(answer: bytes, error: type[Exception]) -> None:
    async with answering(answer, then_close=True) as peer:
        with pytest.raises(error):
            await get(Transport(), peer.url)


async def test_an_endless_answer_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "LARGEST_ANSWER", 1_000)
    assert LARGEST_ANSWER >= 2**20
    async with answering(b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n" + b"x" * 5_000) as peer:
        with pytest.raises(httpx.RemoteProtocolError, match="more than 1000 bytes"):
            await get(Transport(), peer.url)


async def test_nobody_listening_is_said_so() -> None:
    async with answering(OK) as peer:
        pass
    with pytest.raises(httpx.ConnectError):
        await get(Transport(), peer.url)


async def test_who_keeps_silent_while_connected_to_is_not_there() -> None:
    with ExitStack() as sockets:
        full = sockets.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
        for _ in range(4):  # more than wait to be accepted: the next ones hear nothing
            waiting = sockets.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(full.getsockname())
        with pytest.raises(httpx.ConnectTimeout, match=r"no connection within 0\.1 s"):
            await get(Transport(connect_seconds=0.1), f"http://127.0.0.1:{full.getsockname()[1]}")


async def test_giving_up_closes_the_connection_so_its_answer_meets_nobody() -> None:
    gone = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with closing(writer):
            await reader.readuntil(b"\r\n\r\n")
            await reader.read()
            gone.set()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    via = Transport()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await get(via, f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}")
    async with asyncio.timeout(5):
        await gone.wait()
    server.close()
