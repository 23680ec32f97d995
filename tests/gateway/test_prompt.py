import asyncio
import gc
import socket
import weakref
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import pytest
import uvicorn
from starlette.types import Receive, Scope, Send

from gateway.prompt import MOST_PIPELINED, Headers, Prompt, PromptProtocol

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> tuple[str, dict[str, bool]]:
    """As the gateway runs."""
    return "asyncio", {"use_uvloop": True}


USUAL = b"POST /known HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc"
TO_BE_ASKED = b"POST /known HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nxyz"
LATER = b"POST /known HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nlat"
LARGE = b"POST /known HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nbig"
AT_ONCE, IN_TIME, ASKED = b"at once", b"in time", b"by asking"


def saying(body: bytes) -> Prompt:
    return Prompt(200, b"content-length: %d\r\n" % len(body), body)


@dataclass
class Serving:
    """A server that knows the answer to `abc`, will know the one to `lat`, and leaves others to an application that says what it got."""

    port: int = 0
    server: uvicorn.Server | None = None
    waiting: int = 0
    broken: bool = False
    fails: bool = False
    answered: list[tuple[Headers, bytes]] = field(default_factory=list)
    asked: list[tuple[str, bytes]] = field(default_factory=list)
    may_go_on: asyncio.Event = field(default_factory=asyncio.Event)

    def answering(self, headers: Headers, body: bytes) -> Prompt | Coroutine[Any, Any, Prompt] | None:
        if self.broken:
            raise RuntimeError("broken")
        if body == b"lat":
            self.waiting += 1
            return self.later()
        if body not in (b"abc", b"", b"big"):
            return None
        self.answered.append((headers, body))
        return saying(b"x" * 2**16 if body == b"big" else AT_ONCE)

    async def later(self) -> Prompt:
        await self.may_go_on.wait()
        if self.fails:
            raise RuntimeError("broken")
        return saying(IN_TIME)

    async def application(self, scope: Scope, receive: Receive, send: Send) -> None:
        body, more = b"", True
        while more:
            message = await receive()
            body, more = body + message.get("body", b""), message.get("more_body", False)
        self.asked.append((f"{scope['method']} {scope['path']}", body))
        await self.may_go_on.wait()
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % len(ASKED))]})
        await send({"type": "http.response.body", "body": ASKED})


@asynccontextmanager
async def serving(keep_alive_seconds: int = 5, graceful_seconds: int | None = None) -> AsyncIterator[Serving]:
    """Nothing that must be asked is held up."""
    it = Serving()
    it.may_go_on.set()
    config = uvicorn.Config(
        it.application,
        http=PromptProtocol.of("/known", it.answering),
        interface="asgi3",
        lifespan="off",
        log_level="error",
        access_log=False,
        timeout_keep_alive=keep_alive_seconds,
        timeout_graceful_shutdown=graceful_seconds,
    )
    with socket.create_server(("127.0.0.1", 0)) as listening:
        it.server = server = uvicorn.Server(config)
        running = asyncio.create_task(server.serve([listening]))
        it.port = listening.getsockname()[1]
        try:
            async with asyncio.timeout(20):
                yield it
        finally:
            if graceful_seconds is None:
                it.may_go_on.set()
            server.should_exit = True
            await running


async def told(reader: asyncio.StreamReader) -> tuple[bytes, bytes]:
    """Head and body of the next answer."""
    head = await reader.readuntil(b"\r\n\r\n")
    return head, await reader.readexactly(int(head.lower().partition(b"content-length: ")[2].split()[0]))


async def test_what_is_at_hand_is_answered_without_the_application_and_the_connection_goes_on() -> None:
    async with serving() as it:
        reader, writer = await asyncio.open_connection("127.0.0.1", it.port)
        for _ in range(3):
            writer.write(USUAL)
            head, body = await told(reader)
            assert head.startswith(b"HTTP/1.1 200 OK\r\n")
            assert b"\r\ndate: " in head
            assert body == AT_ONCE
        writer.close()
        assert it.answered == [([(b"host", b"x"), (b"content-length", b"3")], b"abc")] * 3
        assert not it.asked


async def test_what_is_not_at_hand_reaches_the_application_whole() -> None:
    async with serving() as it:
        reader, writer = await asyncio.open_connection("127.0.0.1", it.port)
        for sent, says in ((TO_BE_ASKED, ASKED), (USUAL, AT_ONCE), (TO_BE_ASKED, ASKED)):
            writer.write(sent)
            assert (await told(reader))[1] == says
        writer.close()
        assert it.asked == [("POST /known", b"xyz")] * 2


@pytest.mark.parametrize(
    ("line", "header"),
    [
        (b"GET /known HTTP/1.1", b""),
        (b"POST /known?model=x HTTP/1.1", b""),
        (b"POST /other HTTP/1.1", b""),
        (b"POST /known HTTP/1.0", b""),
        (b"POST /known HTTP/1.1", b"Connection: close\r\n"),
        (b"POST /known HTTP/1.1", b"Expect: 100-continue\r\n"),
        (b"POST /known HTTP/1.1", b"Connection: upgrade\r\nUpgrade: other\r\n"),
    ],
)
async def test_a_request_that_is_not_the_usual_one_is_the_application_s(line: bytes, header: bytes) -> None:
    async with serving() as it:
        reader, writer = await asyncio.open_connection("127.0.0.1", it.port)
        writer.write(line + b"\r\nHost: x\r\n" + header + b"Content-Length: 3\r\n\r\nabc")
        await reader.readuntil(ASKED)
        writer.close()
        assert not it.answered
        assert len(it.asked) == 1


async def test_a_body_that_comes_in_pieces_is_the_application_s() -> None:
    async with serving() as it:
        reader, writer = await asyncio.open_connection("127.0.0.1", it.port)
        writer.write(USUAL[:-2])
        await asyncio.sleep(0.05)
        writer.write(USUAL[-2:])
        assert (await told(reader))[1] == ASKED
        writer.write(USUAL)
        assert (await told(reader))[1] == AT_ONCE
        writer.close()


async def test_answers_keep_the_order_of_their_requests() -> None:
    async with serving() as it:
        it.may_go_on.clear()
        reader, writer = await asyncio.open_connection("127.0.0.1", it.port)
        writer.write(USUAL + TO_BE_ASKED + USUAL + USUAL)
        assert (await told(reader))[1] == AT_ONCE
        while not it.asked:
            await asyncio.sleep(0.005)
        it.may_go_on.set()
        assert [(await told(reader))[1] for _ in range(3)] == [ASKED] * 3  # each after it waits for its turn
        writer.write(USUAL)
        assert (await told(reader))[1] == AT_ONCE
        writer.close()


async def test_who_does_not_read_is_not_written_to_without_end() -> None:
    async with serving() as it:
        _, writer = await asyncio.open_connection("127.0.0.1", it.port, limit=1)
        for number in range(1_000):  # 64 MB
            writer.write(LARGE)
            with suppress(TimeoutError):
                async with asyncio.timeout(1):
                    while len(it.answered) <= number:
                        await asyncio.sleep(0.0005)
            if len(it.answered) <= number:
                break
        else:
            pytest.fail("nobody read, and all was written")
        writer.transport.abort()


async def test_a_connection_that_was_answered_is_closed_when_it_is_idle_for_long() -> None:
    async with serving(keep_alive_seconds=1) as it:
        reader, writer = await asyncio.open_connection("127.0.0.1", it.port)
        writer.write(USUAL)
        await told(reader)
        assert await reader.read() == b""
        writer.close()


async def test_a_connection_is_idle_only_while_nothing_is_asked() -> None:
    async with serving(keep_alive_seconds=1) as it:
        reader, writer = await asyncio.open_connection("127.0.0.1", it.port)
        for request, says in ((USUAL, AT_ONCE), (TO_BE_ASKED, ASKED)):
            writer.write(request)
            assert (await told(reader))[1] == says
            await asyncio.sleep(0.6)
        it.may_go_on.clear()
        writer.write(USUAL + LATER)
        assert (await told(reader))[1] == AT_ONCE
        await asyncio.sleep(1.5)  # longer than it may be idle
        it.may_go_on.set()
        assert (await told(reader))[1] == IN_TIME
        assert await reader.read() == b""
        writer.close()


@pytest.mark.parametrize("nonsense", [b"Transfer-Encoding: chunked\r\n\r\nno length\r\n", b"Content-Length: 3, 4\r\n\r\nabc"])
async def test_what_is_no_request_is_refused(nonsense: bytes) -> None:
    async with serving() as it:
        reader, writer = await asyncio.open_connection("127.0.0.1", it.port)
        writer.write(b"POST /known HTTP/1.1\r\nHost: x\r\n" + nonsense)
        assert (await reader.readline()).startswith(b"HTTP/1.1 400 ")
        writer.close()
        assert not it.answered
        assert not it.asked


async def test_a_fault_on_the_short_way_is_answered_on_the_usual_one() -> None:
    async with serving() as it:
        it.broken = True
        reader, writer = await asyncio.open_connection("127.0.0.1", it.port)
        writer.write(USUAL)
        assert (await told(reader))[1] == ASKED
        writer.close()


async def sent(it: Serving, *requests: bytes) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """On a connection whose first request waits for its answer by then."""
    it.may_go_on.clear()
    reader, writer = await asyncio.open_connection("127.0.0.1", it.port)
    writer.write(b"".join(requests))
    while not it.waiting:
        await asyncio.sleep(0.005)
    return reader, writer


async def test_an_answer_that_takes_time_comes_in_its_turn_and_the_connection_goes_on() -> None:
    async with serving() as it:
        reader, writer = await sent(it, LATER, USUAL, TO_BE_ASKED)
        await asyncio.sleep(0.05)
        assert not it.asked
        it.may_go_on.set()
        assert [(await told(reader))[1] for _ in range(3)] == [IN_TIME, ASKED, ASKED]
        for again, says in ((LATER, IN_TIME), (USUAL, AT_ONCE), (LATER, IN_TIME)):
            writer.write(again)
            assert (await told(reader))[1] == says
        writer.close()


@pytest.mark.parametrize("behind", [b"", USUAL, USUAL + b"nonsense\r\n\r\n"])
async def test_who_leaves_before_the_answer_is_no_trouble(behind: bytes, caplog: pytest.LogCaptureFixture) -> None:
    async with serving() as it:
        _, writer = await sent(it, LATER, behind)
        writer.transport.abort()
        assert it.server is not None
        while not behind and it.server.server_state.connections:  # else nothing is read, and so nobody's leaving is seen
            await asyncio.sleep(0.005)
        it.may_go_on.set()
        while it.server.server_state.tasks:
            await asyncio.sleep(0.005)
        reader, writer = await asyncio.open_connection("127.0.0.1", it.port)
        writer.write(LATER)
        assert (await told(reader))[1] == IN_TIME
        writer.close()
    gc.collect()
    assert not [record for record in caplog.records if record.levelname == "ERROR"]


async def test_what_is_left_of_a_connection_goes_with_it() -> None:
    async with serving(keep_alive_seconds=60) as it:
        assert it.server is not None
        reader, writer = await asyncio.open_connection("127.0.0.1", it.port)
        writer.write(USUAL)
        await told(reader)
        (connection,) = map(weakref.ref, it.server.server_state.connections)
        writer.close()
        while it.server.server_state.connections:
            await asyncio.sleep(0.005)
        await asyncio.sleep(0)
        gc.collect()
        assert connection() is None


async def test_few_requests_may_be_sent_ahead_of_their_answers() -> None:
    async with serving() as it:
        reader, writer = await sent(it, LATER, USUAL * (MOST_PIPELINED + 1))
        assert (await reader.readline()).startswith(b"HTTP/1.1 400 ")
        writer.close()


async def test_a_server_that_waits_no_longer_closes_what_has_no_answer() -> None:
    async with serving(graceful_seconds=1) as it:
        reader, writer = await sent(it, LATER)
        assert it.server is not None
        it.server.should_exit = True
        assert await reader.read() == b""
        writer.close()


async def test_a_server_that_is_told_to_stop_answers_what_it_took() -> None:
    async with serving() as it:
        reader, writer = await sent(it, LATER)
        assert it.server is not None
        it.server.should_exit = True
        await asyncio.sleep(0.3)
        it.may_go_on.set()
        head, body = await told(reader)
        assert b"\r\nconnection: close\r\n" in head
        assert body == IN_TIME
        assert await reader.read() == b""
        writer.close()


async def test_a_connection_without_an_answer_is_closed(caplog: pytest.LogCaptureFixture) -> None:
    async with serving() as it:
        it.fails = True
        reader, writer = await sent(it, LATER)
        it.may_go_on.set()
        assert await reader.read() == b""
        writer.close()
    assert "a request has no answer" in caplog.text
