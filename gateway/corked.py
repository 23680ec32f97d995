"""Head and body of an answer leave together: uvicorn writes them apart, which costs a system call more and wakes the client twice."""

import asyncio
from typing import Any, cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol


class CorkedProtocol(HttpToolsProtocol):
    """uvicorn's own, on a transport that holds the first of two writes back."""

    corked: "CorkedTransport"

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.corked = CorkedTransport(cast(asyncio.Transport, transport), self.loop)
        super().connection_made(cast(asyncio.Transport, self.corked))


MOST_HELD = 64 * 2**10
"""Bytes that wait for somebody to flush them. What is written counts against the transport's own limits only then."""


class CorkedTransport:
    """What is written waits for the next write, or for the event loop's next turn, whichever comes first."""

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport, self._loop = transport, loop
        self.is_closing = transport.is_closing
        self._held = b""

    def write(self, data: bytes) -> None:
        if self._held:
            self._held += data
            self.flush()
        else:
            self._held = data
            self._loop.call_soon(self.flush)

    def hold(self, data: bytes) -> None:
        """What whoever holds it flushes soon."""
        self._held += data
        if len(self._held) > MOST_HELD:
            self.flush()

    def close(self) -> None:
        self.flush()
        self._transport.close()

    def flush(self) -> None:
        """Write what is held. Where the connection has ended, nobody wants it."""
        if self._held:
            held, self._held = self._held, b""
            if not self.is_closing():
                self._transport.write(held)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)
