import asyncio

import pytest

from gateway.again import again_and_again
from tests.gateway.torchserve_double import until

pytestmark = pytest.mark.anyio


async def test_a_step_goes_on_whatever_it_raises_and_failures_are_counted_from_the_last_that_was_well() -> None:
    outcomes = [ValueError("one"), OSError("two"), None, KeyError("three"), None]
    told: list[tuple[Exception, int]] = []

    async def step() -> None:
        if outcomes and (failure := outcomes.pop(0)) is not None:
            raise failure

    running = asyncio.create_task(again_and_again(step, 0, lambda error, in_a_row: told.append((error, in_a_row))))
    await until(lambda: not outcomes)
    running.cancel()
    assert [(str(error), in_a_row) for error, in_a_row in told] == [("one", 1), ("two", 2), ("'three'", 1)]


async def test_it_ends_where_it_is_cancelled() -> None:
    async def step() -> None:
        await asyncio.Event().wait()

    running = asyncio.create_task(again_and_again(step, 0, lambda error, in_a_row: None))
    await asyncio.sleep(0)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
