import asyncio

import pytest

from gateway.batching import Batcher, QueueFull, SingleFlight

pytestmark = pytest.mark.anyio


class Gate:
    """A `send` whose batches wait until they are let go."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.open = asyncio.Event()

    async def send(self, batch: list[int]) -> list[int]:
        self.batches.append(batch)
        await self.open.wait()
        return [item * 10 for item in batch]


async def settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_a_lone_item_leaves_at_once_and_those_behind_it_leave_together() -> None:
    gate = Gate()
    batcher: Batcher[int, int] = Batcher(gate.send, largest=64, in_flight=1, waiting=100)
    first = asyncio.create_task(batcher.submit(1))
    await settle()
    assert gate.batches == [[1]]
    rest = [asyncio.create_task(batcher.submit(item)) for item in (2, 3, 4)]
    await settle()
    assert batcher.depth == 3
    gate.open.set()
    assert await asyncio.gather(first, *rest) == [10, 20, 30, 40]
    assert gate.batches == [[1], [2, 3, 4]]


async def test_no_batch_is_larger_than_allowed() -> None:
    gate = Gate()
    gate.open.set()
    batcher: Batcher[int, int] = Batcher(gate.send, largest=2, in_flight=1, waiting=100)
    assert await asyncio.gather(*(batcher.submit(item) for item in range(5))) == [0, 10, 20, 30, 40]
    assert [len(batch) for batch in gate.batches] == [2, 2, 1]


async def test_as_many_batches_are_away_as_allowed() -> None:
    gate = Gate()
    batcher: Batcher[int, int] = Batcher(gate.send, largest=1, in_flight=2, waiting=100)
    tasks = [asyncio.create_task(batcher.submit(item)) for item in range(3)]
    await settle()
    assert len(gate.batches) == 2
    gate.open.set()
    await asyncio.gather(*tasks)


async def test_one_more_than_may_wait_is_refused_at_once() -> None:
    gate = Gate()
    batcher: Batcher[int, int] = Batcher(gate.send, largest=1, in_flight=1, waiting=2)
    tasks = [asyncio.create_task(batcher.submit(0))]
    await settle()
    tasks += [asyncio.create_task(batcher.submit(item)) for item in (1, 2)]
    await settle()
    with pytest.raises(QueueFull):
        await batcher.submit(3)
    gate.open.set()
    await asyncio.gather(*tasks)


async def test_an_item_submitted_the_moment_a_batch_lands_is_not_left_behind() -> None:
    async def send(batch: list[int]) -> list[int]:
        await asyncio.sleep(0)
        return batch

    batcher: Batcher[int, int] = Batcher(send, largest=64, in_flight=1, waiting=10)
    async with asyncio.timeout(5):
        for item in range(1_000):
            assert await batcher.submit(item) == item


async def test_a_failing_batch_fails_its_own_items_and_no_others() -> None:
    async def send(batch: list[int]) -> list[int]:
        if 1 in batch:
            raise ValueError("one")
        return batch

    batcher: Batcher[int, int] = Batcher(send, largest=1, in_flight=1, waiting=10)
    results = await asyncio.gather(*(batcher.submit(item) for item in range(3)), return_exceptions=True)
    assert results[0] == 0
    assert isinstance(results[1], ValueError)
    assert results[2] == 2


async def test_no_work_is_done_for_those_who_left() -> None:
    gate = Gate()
    batcher: Batcher[int, int] = Batcher(gate.send, largest=64, in_flight=1, waiting=10)
    first, left, stayed = (asyncio.create_task(batcher.submit(item)) for item in range(3))
    await settle()
    gate.batches.clear()
    fourth = asyncio.create_task(batcher.submit(4))
    await settle()
    fourth.cancel()
    await settle()
    gate.open.set()
    await asyncio.gather(first, left, stayed)
    assert gate.batches == []


async def test_closing_leaves_nobody_waiting() -> None:
    gate = Gate()
    batcher: Batcher[int, int] = Batcher(gate.send, largest=1, in_flight=1, waiting=10)
    tasks = [asyncio.create_task(batcher.submit(item)) for item in range(3)]
    await settle()
    await batcher.close()
    results = await asyncio.gather(*tasks, return_exceptions=True)
    assert all(isinstance(result, asyncio.CancelledError) for result in results)


async def test_equal_keys_share_one_piece_of_work() -> None:
    started = 0
    gate = asyncio.Event()

    async def work() -> str:
        nonlocal started
        started += 1
        await gate.wait()
        return "answer"

    flights: SingleFlight[str, str] = SingleFlight()
    tasks = [asyncio.create_task(flights.share("key", work)) for _ in range(200)]
    await settle()
    gate.set()
    results = await asyncio.gather(*tasks)
    assert started == 1
    assert [joined for _, joined in results].count(False) == 1
    assert {answer for answer, _ in results} == {"answer"}


async def test_waiters_are_answered_when_the_leader_is_cancelled() -> None:
    gate = asyncio.Event()

    async def work() -> str:
        await gate.wait()
        return "answer"

    flights: SingleFlight[str, str] = SingleFlight()
    leader = asyncio.create_task(flights.share("key", work))
    await settle()
    waiter = asyncio.create_task(flights.share("key", work))
    await settle()
    leader.cancel()
    await settle()
    gate.set()
    assert await waiter == ("answer", True)


async def test_work_ends_when_nobody_waits_for_it_any_more() -> None:
    cancelled = asyncio.Event()

    async def work() -> str:
        try:
            await asyncio.Event().wait()
        finally:
            cancelled.set()
        return "never"

    async def succeed() -> str:
        return "answer"

    flights: SingleFlight[str, str] = SingleFlight()
    askers = [asyncio.create_task(flights.share("key", work)) for _ in range(3)]
    await settle()
    for asker in askers:
        asker.cancel()
    await settle()
    assert cancelled.is_set()
    assert await flights.share("key", succeed) == ("answer", False)


async def test_a_failure_is_shared_and_not_remembered() -> None:
    async def fail() -> str:
        raise ValueError

    async def succeed() -> str:
        return "answer"

    flights: SingleFlight[str, str] = SingleFlight()
    results = await asyncio.gather(*(flights.share("key", fail) for _ in range(2)), return_exceptions=True)
    assert all(isinstance(result, ValueError) for result in results)
    assert await flights.share("key", succeed) == ("answer", False)
