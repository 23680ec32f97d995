"""Commands to Redis that travel together on one connection, at a fraction of what a pipeline of redis-py costs the processor."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Protocol, cast

import hiredis
from redis.asyncio.connection import AbstractConnection, Connection, SSLConnection, UnixDomainSocketConnection
from redis.exceptions import AuthenticationError, RedisError, ResponseError

from gateway.redis_address import connection_to

Command = tuple[Any, ...]
"""Its words: text, bytes and whole numbers. The second is the key, where it has one."""

Where = Callable[[], Awaitable[str]]
"""Finds the server to connect to: its URL, as redis-py takes it."""

UNANSWERED = (RedisError, hiredis.HiredisError, OSError, TimeoutError, ValueError, IndexError, TypeError, RuntimeError)
"""What comes when a server is absent, slow, or talks another protocol, or when a transport was closed under it."""

LATE_SECONDS = 0.02
"""A wait that ends so long after its time was ended late by us, busy with something else: it says nothing about Redis."""

SILENT_SECONDS = 1.0
"""Without any answer for so long, being busy ourselves excuses Redis no more."""

WRONG_TYPE = "WRONGTYPE"
"""Begins Redis's error for a GET of something that is no string: a foreign value under our key."""


class Pipe(Protocol):
    """A way to Redis, in whatever form it runs, for one batch of commands at a time. Faults are raised as one of UNANSWERED."""

    async def open(self, seconds: float) -> None:
        """Be ready for `run`, in so many seconds."""

    async def run(self, commands: Sequence[Command], seconds: float) -> list[object]:
        """One answer a command, in order, in so many seconds; an error of Redis's own is an answer, and `Away` may be one."""

    @property
    def missing(self) -> str | None:
        """What of Redis does not answer while the rest does."""

    def close(self) -> None:
        """Leave every connection; `run` would open others."""


class Away(Exception):
    """In the place of an answer: the server that has the key cannot be asked now, which is no fault of the others."""

    def __init__(self, outcome: str) -> None:
        super().__init__(outcome)
        self.outcome = outcome
        """Of a lookup, as metrics count it."""


def in_words(error: Exception) -> str:
    """A fault, for a line of text."""
    return f"{type(error).__name__}: {error}".strip(": ")


class RedisPipe:
    """A pipe to one server.

    A connection on which anything went wrong is left, and the next batch asks anew where to connect. A batch that took too long leaves
    its connection too, so an answer never meets another question.
    """

    missing: str | None = None
    greeting: Command | None = None
    """What a new connection must have answered before it is used."""

    def __init__(self, where: Where) -> None:
        self._where = where
        self._link: Link | None = None
        self._opening = asyncio.Lock()

    async def open(self, seconds: float) -> None:
        """Connect, unless it is. Raises AuthenticationError or ResponseError where Redis does not let us in."""
        async with asyncio.timeout(seconds):
            await self._opened()

    async def run(self, commands: Sequence[Command], seconds: float) -> list[object]:
        """Raises as `open` does, TimeoutError, OSError, or HiredisError for nonsense."""
        async with asyncio.timeout(seconds):
            link = self._link if self._link is not None and self._link.is_open else await self._opened()
            try:
                return await link.ask(commands)
            except BaseException:
                link.close()
                raise

    def close(self) -> None:
        if self._link is not None:
            self._link.close()

    async def _opened(self) -> "Link":
        async with self._opening:
            if self._link is None or not self._link.is_open:
                self._link = await linked(await self._where(), self.greeting)
            return self._link


class Link(asyncio.Protocol):
    """One connection."""

    def __init__(self) -> None:
        self._reader = hiredis.Reader()
        self._answers: list[object] = []
        self._awaited = 0
        self._done: asyncio.Future[list[object]] | None = None
        self._transport: asyncio.Transport | None = None
        self.is_open = True

    def ask(self, commands: Sequence[Command]) -> "asyncio.Future[list[object]]":
        self._answers, self._awaited = [], len(commands)
        self._done = asyncio.get_running_loop().create_future()
        assert self._transport is not None
        self._transport.write(b"".join([hiredis.pack_command(command) for command in commands]))
        return self._done

    def close(self) -> None:
        self.is_open = False
        if self._transport is not None:
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


async def linked(url: str, greeting: Command | None = None) -> Link:
    """Connected to that server, logged in, and greeted."""
    told = connection_to(url)
    link = Link()
    try:
        await _connect(link, told)
        await _let_in(link, told, greeting)
    except BaseException:
        link.close()  # also as it is made: the loop would say goodbye to the server, and wait half a minute for its answer
        raise
    return link


async def _connect(link: Link, told: AbstractConnection) -> None:
    loop = asyncio.get_running_loop()
    if isinstance(told, UnixDomainSocketConnection):
        await loop.create_unix_connection(lambda: link, told.path)
    elif isinstance(told, Connection):
        context = told.ssl_context.get() if isinstance(told, SSLConnection) else None
        await loop.create_connection(lambda: link, told.host, told.port, ssl=context)
    else:
        raise TypeError(f"{type(told).__name__} is no way to Redis that is known here")


async def _let_in(link: Link, told: AbstractConnection, greeting: Command | None) -> None:
    hello: list[Command] = []
    if told.password:
        hello.append(("AUTH", *([told.username] if told.username else []), told.password))
    if told.db:
        hello.append(("SELECT", told.db))
    if greeting is not None:
        hello.append(greeting)
    if not hello:
        return
    for command, answer in zip(hello, await link.ask(hello), strict=True):
        if isinstance(answer, Exception):
            raise (AuthenticationError if command[0] == "AUTH" else ResponseError)(str(answer))
