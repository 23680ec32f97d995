"""A server with the prompt protocol, whose application and whose answers at hand say which of them answered, for tests."""

import asyncio
import socket
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import uvicorn
from starlette.types import Receive, Scope, Send

from gateway.prompt import Headers, Prompt, PromptProtocol

AS_THE_GATEWAY_RUNS = ("asyncio", {"use_uvloop": True})
"""An `anyio_backend`."""

USUAL = b"POST /known HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc"
TO_BE_ASKED = b"POST /known HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nxyz"
LATER = b"POST /known HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nlat"
UNREAD = b"POST /unread HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc"
"""Which the application answers without reading it."""

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
        body, more = b"", scope["path"] != "/unread"
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


async def sent(it: Serving, *requests: bytes) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """On a connection whose first request waits for its answer by then."""
    it.may_go_on.clear()
    reader, writer = await asyncio.open_connection("127.0.0.1", it.port)
    writer.write(b"".join(requests))
    async with asyncio.timeout(20):
        while not it.waiting:
            await asyncio.sleep(0.005)
    return reader, writer
