import asyncio
import time

import pytest

from gateway.deadlines import Deadlines

pytestmark = pytest.mark.anyio


async def test_a_block_that_takes_too_long_is_ended_and_its_task_goes_on() -> None:
    deadlines = Deadlines(0.05)
    started = time.perf_counter()
    with pytest.raises(TimeoutError), deadlines.limit():
        await asyncio.sleep(10)
    assert 0.04 < time.perf_counter() - started < 5
    await asyncio.sleep(0)
    with deadlines.limit():
        await asyncio.sleep(0.01)


async def test_each_has_its_own_time() -> None:
    deadlines = Deadlines(0.2)
    ended: list[str] = []

    async def takes(name: str, seconds: float) -> None:
        try:
            with deadlines.limit():
                await asyncio.sleep(seconds)
        except TimeoutError:
            name += " late"
        ended.append(name)

    first = [asyncio.create_task(takes(name, seconds)) for name, seconds in (("a", 10), ("b", 0), ("c", 0.1))]
    await asyncio.sleep(0.15)
    second = [asyncio.create_task(takes(name, seconds)) for name, seconds in (("d", 10), ("e", 0.12))]
    await asyncio.gather(*first, *second)
    assert ended == ["b", "c", "a late", "e", "d late"]


async def test_who_was_done_in_time_is_left_alone_later() -> None:
    deadlines = Deadlines(0.03)
    with deadlines.limit():
        await asyncio.sleep(0)
    await asyncio.sleep(0.1)


async def test_a_task_that_is_cancelled_by_somebody_else_is_cancelled() -> None:
    async def waits() -> None:
        with Deadlines(10).limit():
            await asyncio.sleep(10)

    task = asyncio.create_task(waits())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_a_task_that_is_cancelled_as_its_time_ends_is_cancelled() -> None:
    async def waits() -> None:
        limit = Deadlines(10).limit()
        with limit:
            asyncio.get_running_loop().call_soon(limit.pass_by)
            asyncio.get_running_loop().call_soon(task.cancel)
            await asyncio.sleep(10)

    task = asyncio.create_task(waits())
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_another_failure_is_itself() -> None:
    with pytest.raises(KeyError), Deadlines(10).limit():
        raise KeyError
