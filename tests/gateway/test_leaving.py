"""Who leaves its place loses nothing: new ones no longer find it, those that had connected are answered, kept connections end in time."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import uvicorn

from gateway.leaving import ACCEPTED_SECONDS, LEAVE_SECONDS, LeavingServer
from gateway.place import Place
from gateway.prompt import PromptProtocol
from tests.gateway.prompt_server import AS_THE_GATEWAY_RUNS, ASKED, AT_ONCE, IN_TIME, LATER, TO_BE_ASKED, USUAL, Serving, told
from tests.gateway.torchserve_double import until
from tests.ports import free_port

pytestmark = pytest.mark.anyio

CLOSES = b"\r\nconnection: close\r\n"


@pytest.fixture
def anyio_backend() -> tuple[str, dict[str, bool]]:
    return AS_THE_GATEWAY_RUNS


@dataclass
class Leaving:
    """A server in a place, and whether it has said that it leaves."""

    served: Serving
    server: LeavingServer
    place: Place
    running: asyncio.Task[None] | None = None
    said: list[str] = field(default_factory=list)

    async def connection(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_unix_connection(self.place.path)

    async def leave(self) -> None:
        """Until nobody new finds it."""
        self.server.should_exit = True
        await until(lambda: not self.place.path.exists())

    async def end(self) -> float:
        """In how many seconds it comes."""
        began = time.monotonic()
        assert self.running is not None
        await self.running
        return time.monotonic() - began


@asynccontextmanager
async def leaving(folder: Path) -> AsyncIterator[Leaving]:
    served = Serving()
    served.may_go_on.set()
    config = uvicorn.Config(
        served.application,
        port=free_port(),
        http=PromptProtocol.of("/known", served.answering),
        interface="asgi3",
        lifespan="off",
        log_level="error",
        timeout_graceful_shutdown=3,
    )
    place = Place(folder)
    said: list[str] = []
    it = Leaving(served, LeavingServer(config, place, lambda: said.append("leaving")), place, said=said)
    it.running = asyncio.create_task(it.server.serve())
    try:
        async with asyncio.timeout(20):
            while not it.server.started or len(it.server.servers) < 2:
                await asyncio.sleep(0.005)
            yield it
    finally:
        it.server.should_exit = it.server.force_exit = True
        await it.running


async def test_it_is_asked_in_its_place_and_at_its_port(tmp_path: Path) -> None:
    async with leaving(tmp_path) as it:
        at_port = await asyncio.open_connection("127.0.0.1", it.server.config.port)
        for reader, writer in (await it.connection(), at_port):
            for request, answer in ((USUAL, AT_ONCE), (TO_BE_ASKED, ASKED), (USUAL, AT_ONCE)):
                writer.write(request)
                head, body = await told(reader)
                assert CLOSES not in head
                assert body == answer
            writer.close()
        assert not it.said


@pytest.mark.parametrize(("request_", "answer"), [(USUAL, AT_ONCE), (TO_BE_ASKED, ASKED), (LATER, IN_TIME)])
async def test_a_kept_connection_is_answered_once_more_with_the_word_that_it_ends(tmp_path: Path, request_: bytes, answer: bytes) -> None:
    async with leaving(tmp_path) as it:
        reader, writer = await it.connection()
        writer.write(USUAL)
        await told(reader)
        await it.leave()
        assert it.said == ["leaving"]
        with pytest.raises(FileNotFoundError):
            await it.connection()
        await asyncio.sleep(2 * ACCEPTED_SECONDS)
        writer.write(request_)
        head, body = await told(reader)
        assert head.startswith(b"HTTP/1.1 200 OK\r\n")
        assert head.count(CLOSES) == 1
        assert body == answer
        writer.close()
        assert await it.end() < 1


async def test_the_port_is_open_until_the_place_is_left(tmp_path: Path) -> None:
    async with leaving(tmp_path) as it:
        _, kept = await it.connection()
        await it.leave()
        await asyncio.sleep(2 * ACCEPTED_SECONDS)
        reader, writer = await asyncio.open_connection("127.0.0.1", it.server.config.port)
        writer.write(USUAL)
        assert (await told(reader))[1] == AT_ONCE
        writer.close()
        kept.close()
        assert await it.end() < 1


async def test_an_edge_that_never_lets_go_is_waited_for_so_long(tmp_path: Path) -> None:
    async with leaving(tmp_path) as it:
        reader, writer = await it.connection()
        await it.leave()
        assert LEAVE_SECONDS - 0.5 < await it.end() < LEAVE_SECONDS + 1
        assert await reader.read() == b""
        writer.close()


async def test_where_nobody_is_connected_it_ends_at_once(tmp_path: Path) -> None:
    async with leaving(tmp_path) as it:
        await it.leave()
        assert await it.end() < 1
