import asyncio
from collections.abc import Callable
from contextlib import closing

import pytest

from gateway.redis_address import SentinelAddress, read_address
from gateway.redis_sentinel import PrimaryPipe, Sentinels
from tests.gateway.resp_server import RespServer, answering
from tests.ports import free_port

pytestmark = pytest.mark.anyio

SECONDS = 5.0


def pipe_by(ports: list[int], login: str = "", query: str = "") -> PrimaryPipe:
    address = read_address(f"redis+sentinel://{login}{','.join(f'127.0.0.1:{port}' for port in ports)}/digits{query}")
    assert isinstance(address, SentinelAddress)
    return Sentinels(address).pipe()


def naming(*primary: RespServer) -> Callable[[list[bytes]], object]:
    """A sentinel that knows this primary, or none."""

    def answer(command: list[bytes]) -> object:
        if command[0] == b"AUTH":
            return b"OK"
        assert command == [b"SENTINEL", b"GET-MASTER-ADDR-BY-NAME", b"digits"]
        return [b"127.0.0.1", str(primary[0].port).encode()] if primary else None

    return answer


def called(name: bytes) -> Callable[[list[bytes]], object]:
    """A server that answers by its name."""
    return lambda command: b"OK" if command[0] == b"AUTH" else name


async def test_any_sentinel_that_knows_will_do() -> None:
    async with (
        answering(called(b"primary")) as [primary],
        answering(naming(primary), naming(), lambda _: ..., lambda _: [b"odd"]) as [knows, knows_none, silent, odd],
    ):
        with closing(pipe_by([silent.port, free_port(), knows_none.port, odd.port, knows.port])) as pipe:
            assert await pipe.run([("GET", "a")], SECONDS) == [b"primary"]


async def test_it_is_told_that_no_sentinel_knows() -> None:
    async with answering(naming(), naming()) as sentinels:
        with pytest.raises(ConnectionError, match="no sentinel says where 'digits' is"):
            await pipe_by([each.port for each in sentinels]).run([("GET", "a")], SECONDS)


async def test_sentinels_that_are_silent_cost_no_more_than_the_time_there_is() -> None:
    async with answering(lambda _: ..., lambda _: ...) as sentinels:
        with pytest.raises(TimeoutError):
            await pipe_by([each.port for each in sentinels]).run([("GET", "a")], 0.05)
        async with asyncio.timeout(SECONDS):
            while any(each.connections for each in sentinels):
                await asyncio.sleep(0.001)


async def test_after_a_loss_the_sentinels_are_asked_again() -> None:
    async with answering(called(b"first"), called(b"second")) as [first, second], answering(naming(first)) as [sentinel]:
        with closing(pipe_by([sentinel.port])) as pipe:
            for _ in range(3):
                assert await pipe.run([("GET", "a")], SECONDS) == [b"first"]
            assert len(sentinel.asked) == 1
            await first.stop()
            with pytest.raises(OSError):  # noqa: PT011 - refused or reset, as it comes
                await pipe.run([("GET", "a")], SECONDS)
            sentinel.answer = naming(second)
            assert await pipe.run([("GET", "a")], SECONDS) == [b"second"]


async def test_a_frozen_server_that_is_named_still_is_not_used() -> None:
    async with answering(lambda _: ...) as [frozen], answering(naming(frozen)) as [sentinel]:
        with pytest.raises(TimeoutError):
            await pipe_by([sentinel.port]).open(0.2)
        assert frozen.asked == [[b"PING"]]


async def test_a_server_that_is_primary_no_more_is_left() -> None:
    def demoted(command: list[bytes]) -> object:
        return Exception("READONLY You can't write against a read only replica.") if command[0] == b"SET" else b"old"

    async with answering(demoted, called(b"new")) as [old, new], answering(naming(old)) as [sentinel]:
        with closing(pipe_by([sentinel.port])) as pipe:
            assert await pipe.run([("GET", "a")], SECONDS) == [b"old"]
            sentinel.answer = naming(new)
            with pytest.raises(ConnectionError, match="READONLY"):
                await pipe.run([("SET", "a", "b")], SECONDS)
            assert await pipe.run([("GET", "a")], SECONDS) == [b"new"]


async def test_each_is_logged_in_to_by_its_own_name() -> None:
    async with answering(called(b"primary")) as [primary], answering(naming(primary)) as [sentinel]:
        query = "?sentinel_username=watcher&sentinel_password=seen"
        with closing(pipe_by([sentinel.port], login="user:secret@", query=query)) as pipe:
            await pipe.open(SECONDS)
    assert sentinel.asked[0] == [b"AUTH", b"watcher", b"seen"]
    assert primary.asked == [[b"AUTH", b"user", b"secret"], [b"PING"]]
