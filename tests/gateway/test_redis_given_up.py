"""A connection to Redis that nobody waits for any more is gone at once, however far it was and whatever the server does."""

import asyncio
import ssl
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import cast

import pytest
import uvloop

from gateway.redis_pipe import linked
from tests.gateway.redis_servers import make_certificate

pytestmark = pytest.mark.system

MOST_TURNS = 30
"""Of the event loop, after which a connection on loopback stands and its login is under way."""

GONE_SECONDS = 5.0
"""Far less than a loop waits for a server's answer to its goodbye."""

LOOPS = pytest.mark.parametrize("loop_factory", [asyncio.new_event_loop, uvloop.new_event_loop], ids=["asyncio", "uvloop"])


class NeverSaysGoodbye(asyncio.Protocol):
    """Shakes hands, answers nothing from then on, and knows who is connected."""

    def __init__(self, encryption: ssl.SSLContext, connected: set["NeverSaysGoodbye"]) -> None:
        self._heard, self._said = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._hands = encryption.wrap_bio(self._heard, self._said, server_side=True)
        self.shaken = False
        self._connected = connected

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._connected.add(self)

    def data_received(self, data: bytes) -> None:
        self._heard.write(data)
        if not self.shaken:
            with suppress(ssl.SSLWantReadError):
                self._hands.do_handshake()
                self.shaken = True
            self._transport.write(self._said.read())

    def connection_lost(self, error: Exception | None) -> None:
        self._connected.discard(self)


@LOOPS
def test_whenever_it_is_given_up_it_is_gone_without_the_servers_goodbye(
    loop_factory: Callable[[], asyncio.AbstractEventLoop], tmp_path: Path
) -> None:
    certificate = make_certificate(tmp_path)
    encryption = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    encryption.load_cert_chain(certificate, certificate.with_name("key.pem"))

    shaken: set[int] = set()

    async def given_up_after(turns: int) -> bool:
        connected: set[NeverSaysGoodbye] = set()
        server = await asyncio.get_running_loop().create_server(lambda: NeverSaysGoodbye(encryption, connected), "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        connecting = asyncio.create_task(linked(f"rediss://:s3cret@127.0.0.1:{port}?ssl_ca_certs={certificate}"))
        for _ in range(turns):
            await asyncio.sleep(0)
        assert not connecting.done(), "it waits for the answer to its login"
        if any(each.shaken for each in connected):
            shaken.add(turns)
        connecting.cancel()
        await asyncio.gather(connecting, return_exceptions=True)
        with suppress(TimeoutError):
            async with asyncio.timeout(GONE_SECONDS):
                while connected:
                    await asyncio.sleep(0.001)
        gone = not connected
        for each in list(connected):
            each._transport.abort()
        server.close()
        await asyncio.sleep(0.01)
        return gone

    with asyncio.Runner(loop_factory=loop_factory) as runner:
        assert [turns for turns in range(MOST_TURNS) if not runner.run(given_up_after(turns))] == []
    assert 0 not in shaken, "the first is given up before the handshake"
    assert MOST_TURNS - 1 in shaken, "the last is given up after it"
