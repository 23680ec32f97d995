"""Commands to Redis that travel together on one connection, at a fraction of what a pipeline of redis-py costs the processor."""

import asyncio
from collections.abc import Sequence
from typing import Any, cast

import hiredis
import redis.asyncio
from redis.asyncio.connection import AbstractConnection, Connection, SSLConnection, UnixDomainSocketConnection
from redis.exceptions import AuthenticationError, ResponseError

Command = tuple[Any, ...]
"""Its words: text, bytes and whole numbers."""


class RedisPipe:
    """One batch of commands at a time, to where `client` connects and as who it logs in.

    A connection on which anything went wrong is left, and the next batch opens another. Who waits sets the time limit: giving up on
    a batch leaves the connection too, so an answer never meets another question.
    """

    def __init__(self, client: "redis.asyncio.Redis") -> None:
        self._client = client
        self._link: _Link | None = None
        self._opening = asyncio.Lock()

    async def open(self) -> None:
        """Connect, unless it is. Raises as `run` does, and AuthenticationError or ResponseError where Redis does not let us in."""
        await self._opened()

    async def run(self, commands: Sequence[Command]) -> list[object]:
        """One answer a command, in order; an error of Redis's own is an answer. Raises OSError, or HiredisError for nonsense."""
        link = self._link if self._link is not None and self._link.is_open else await self._opened()
        try:
            return await link.ask(commands)
        except BaseException:
            link.close()
            raise

    def close(self) -> None:
        if self._link is not None:
            self._link.close()

    async def _opened(self) -> "_Link":
        async with self._opening:
            if self._link is None or not self._link.is_open:
                self._link = await _linked(self._client)
            return self._link


class _Link(asyncio.Protocol):
    """One connection."""

    def __init__(self) -> None:
        self._reader = hiredis.Reader()
        self._answers: list[object] = []
        self._awaited = 0
        self._done: asyncio.Future[list[object]] | None = None
        self.is_open = True

    def ask(self, commands: Sequence[Command]) -> "asyncio.Future[list[object]]":
        self._answers, self._awaited = [], len(commands)
        self._done = asyncio.get_running_loop().create_future()
        self._transport.write(b"".join([hiredis.pack_command(command) for command in commands]))
        return self._done

    def close(self) -> None:
        self.is_open = False
        self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is no subclass

    def data_received(self, data: bytes) -> None:
        try:
            self._reader.feed(data)
            while (answer := self._reader.gets()) is not False:
                self._answers.append(answer)
        except hiredis.HiredisError as error:
            self._fail(error)
            return
        if len(self._answers) > self._awaited:
            self._fail(hiredis.ProtocolError("more answers than questions"))
        elif len(self._answers) == self._awaited and self._done is not None and not self._done.done():
            self._done.set_result(self._answers)

    def connection_lost(self, error: Exception | None) -> None:
        self._fail(error or ConnectionResetError("redis closed the connection"))

    def _fail(self, error: Exception) -> None:
        self.close()
        if self._done is not None and not self._done.done():
            self._done.set_exception(error)


async def _linked(client: "redis.asyncio.Redis") -> _Link:
    told: AbstractConnection = client.connection_pool.make_connection()  # type: ignore[no-untyped-call]  # never connected: it knows the address, the names and the certificates
    loop = asyncio.get_running_loop()
    if isinstance(told, UnixDomainSocketConnection):
        _, link = await loop.create_unix_connection(_Link, told.path)
    elif isinstance(told, Connection):
        context = told.ssl_context.get() if isinstance(told, SSLConnection) else None
        _, link = await loop.create_connection(_Link, told.host, told.port, ssl=context)
    else:
        raise TypeError(f"{type(told).__name__} is no way to Redis that is known here")
    try:
        await _let_in(link, told)
    except BaseException:
        link.close()
        raise
    return link


async def _let_in(link: _Link, told: AbstractConnection) -> None:
    hello: list[Command] = []
    if told.password:
        hello.append(("AUTH", *([told.username] if told.username else []), told.password))
    if told.db:
        hello.append(("SELECT", told.db))
    if not hello:
        return
    for command, answer in zip(hello, await link.ask(hello), strict=True):
        if isinstance(answer, Exception):
            raise (AuthenticationError if command[0] == "AUTH" else ResponseError)(str(answer))
