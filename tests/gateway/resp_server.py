"""A server that speaks Redis's protocol on loopback and answers as a test says."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

import hiredis

from tests.ports import free_port

Answer = Callable[[list[bytes]], object]
"""To one command: None, bytes, an int, a list of these, or an Exception for an error. Ellipsis: no answer at all."""


class RespServer:
    """Remembers what it was asked; `answer` may be changed while it runs."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer
        self.port = free_port()
        self.asked: list[list[bytes]] = []
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)

    async def stop(self) -> None:
        """As if killed: nothing listens, and every connection is gone."""
        if self._server is not None:
            self._server.close()
        for writer in self._writers:
            writer.transport.abort()
        while self._writers:
            await asyncio.sleep(0)

    @property
    def connections(self) -> int:
        return len(self._writers)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        commands = hiredis.Reader()
        try:
            with suppress(ConnectionResetError):
                while data := await reader.read(65_536):
                    commands.feed(data)
                    while isinstance(command := commands.gets(), list):
                        self.asked.append(command)
                        if (answer := self.answer(command)) is not ...:
                            writer.write(encoded(answer))
        finally:
            writer.close()
            self._writers.discard(writer)


@asynccontextmanager
async def answering(*answers: Answer) -> AsyncIterator[list[RespServer]]:
    """A server for each."""
    servers = [RespServer(answer) for answer in answers]
    try:
        for server in servers:
            await server.start()
        yield servers
    finally:
        for server in servers:
            await server.stop()


def encoded(answer: object) -> bytes:
    match answer:
        case None:
            return b"$-1\r\n"
        case bytes():
            return b"$%d\r\n%s\r\n" % (len(answer), answer)
        case int():
            return b":%d\r\n" % answer
        case list():
            return b"*%d\r\n%s" % (len(answer), b"".join(map(encoded, answer)))
        case Exception():
            return f"-{answer}\r\n".encode()
    raise TypeError(f"{answer!r} is no answer")
