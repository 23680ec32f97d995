import asyncio

import pytest
from redis.exceptions import ResponseError

from gateway.redis_asking import ask, soonest
from tests.gateway.resp_server import answering

pytestmark = pytest.mark.anyio


async def says(word: str, after: asyncio.Event | None = None) -> str:
    if after is not None:
        await after.wait()
    return word


async def refuses(why: str) -> str:
    raise ConnectionError(why)


async def breaks() -> str:
    raise KeyError


async def test_the_first_that_can_say_is_believed_and_the_others_are_left() -> None:
    never = asyncio.Event()
    before = asyncio.all_tasks()
    assert await soonest([says("late", never), refuses("no"), says("soon")]) == "soon"
    assert asyncio.all_tasks() == before


async def test_when_nobody_can_say_it_is_told_why() -> None:
    with pytest.raises(ConnectionError, match="not I"):
        await soonest([refuses("not I")])
    with pytest.raises(ConnectionError, match="nobody is there to ask"):
        await soonest([])


async def test_a_fault_of_ours_is_no_refusal() -> None:
    with pytest.raises(KeyError):
        await soonest([breaks()])


async def test_an_error_of_redis_is_raised_and_the_connection_left() -> None:
    async with answering(lambda _: ResponseError("ERR no")) as [server]:
        for _ in range(3):
            with pytest.raises(ResponseError, match="ERR no"):
                await ask(f"redis://127.0.0.1:{server.port}", ("ANY", "thing"))
        async with asyncio.timeout(5):
            while server.connections:
                await asyncio.sleep(0.001)
