"""A server that an edge on the same machine reaches by its place too, and that leaves it without losing a request.

An edge keeps connections, and may not repeat a request that it has begun to send on one that is just being closed. So first nobody finds
the place, while what comes is answered with the word that this connection ends; the port is closed once the edge keeps none.
"""

import asyncio
import socket
import time
from collections.abc import Callable
from functools import partial
from typing import cast

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from gateway.place import Place

LEAVE_SECONDS = 3.5
"""How long the edge has to let go: a request's deadline, the second that it keeps a connection which is not used, and some more."""

ACCEPTED_SECONDS = 0.1
"""Who connected before the place was left has been accepted by then, and is known here."""

LOOK_SECONDS = 0.05
ENDS = (b"connection", b"close")


class LeavingServer(uvicorn.Server):
    """uvicorn's own at one more address; `on_leaving` is told when it begins to leave."""

    def __init__(self, config: uvicorn.Config, place: Place, on_leaving: Callable[[], None]) -> None:
        super().__init__(config)
        self._place = place
        self._on_leaving = on_leaving

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        kind = cast(type[HttpToolsProtocol], self.config.http_protocol_class)
        protocol = partial(kind, config=self.config, server_state=self.server_state, app_state=self.lifespan.state)
        listening = await asyncio.get_running_loop().create_unix_server(protocol, sock=self._place.socket, backlog=self.config.backlog)
        self.servers.append(listening)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        await self._leave()
        await super().shutdown(sockets)

    async def _leave(self) -> None:
        self._on_leaving()
        self._place.leave()
        usual = self.server_state.default_headers
        self.server_state.default_headers = [*usual, ENDS]
        until = time.monotonic() + LEAVE_SECONDS
        await asyncio.sleep(ACCEPTED_SECONDS)
        while self._is_held() and time.monotonic() < until and not self.force_exit:
            await asyncio.sleep(LOOK_SECONDS)
        self.server_state.default_headers = usual

    def _is_held(self) -> bool:
        """Whether the edge has a connection."""
        return any(each.transport.get_extra_info("socket").family == socket.AF_UNIX for each in self.server_state.connections)
