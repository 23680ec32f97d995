import asyncio

import pytest

from gateway.batching import Batcher, QueueFull
from gateway.flights import Flight

pytestmark = pytest.mark.anyio


class Number(Flight[int]):
    """A flight whose result is ten times its number."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.number = number


class Gate:
    """A `send` whose batches wait until they are let go."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.open = asyncio.Event()

    async def send(self, batch: list[Number]) -> None:
        self.batches.append([flight.number for flight in batch])
        await self.open.wait()
        for flight in batch:
            flight.land(flight.number * 10)


def submitted(batcher: Batcher[Number], number: int) -> "asyncio.Future[int]":
    flight = Number(number)
    result = flight.wait()
    batcher.post(flight)
    return result


async def settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_a_lone_flight_leaves_at_once_and_those_behind_it_leave_together() -> None:
    gate = Gate()
    batcher = Batcher(gate.send, largest=64, in_flight=1, waiting=100)
    first = submitted(batcher, 1)
    await settle()
    assert gate.batches == [[1]]
    rest = [submitted(batcher, number) for number in (2, 3, 4)]
    await settle()
    assert batcher.depth == 3
    gate.open.set()
    assert await asyncio.gather(first, *rest) == [10, 20, 30, 40]
    assert gate.batches == [[1], [2, 3, 4]]


async def test_a_result_that_is_there_is_for_those_who_come_late_and_a_failure_is_not() -> None:
    landed, failed = Number(1), Number(2)
    assert not landed.joinable
    waiting = landed.wait(), failed.wait()
    landed.land(10)
    failed.fail(QueueFull())
    assert landed.joinable
    assert not landed.wanted
    assert not failed.joinable
    assert await waiting[0] == await landed.wait() == 10
    with pytest.raises(QueueFull):
        await waiting[1]


async def test_no_batch_is_larger_than_allowed() -> None:
    gate = Gate()
    gate.open.set()
    batcher = Batcher(gate.send, largest=2, in_flight=1, waiting=100)
    assert await asyncio.gather(*(submitted(batcher, number) for number in range(5))) == [0, 10, 20, 30, 40]
    assert [len(batch) for batch in gate.batches] == [2, 2, 1]


async def test_as_many_batches_are_away_as_allowed() -> None:
    gate = Gate()
    batcher = Batcher(gate.send, largest=1, in_flight=2, waiting=100)
    results = [submitted(batcher, number) for number in range(3)]
    await settle()
    assert len(gate.batches) == 2
    gate.open.set()
    await asyncio.gather(*results)


async def test_one_more_than_may_wait_is_refused_at_once() -> None:
    gate = Gate()
    batcher = Batcher(gate.send, largest=1, in_flight=1, waiting=2)
    results = [submitted(batcher, 0)]
    await settle()
    results += [submitted(batcher, number) for number in (1, 2)]
    with pytest.raises(QueueFull):
        submitted(batcher, 3).cancel()
    gate.open.set()
    await asyncio.gather(*results)


async def test_those_who_left_keep_no_place() -> None:
    gate = Gate()
    batcher = Batcher(gate.send, largest=1, in_flight=1, waiting=2)
    first = submitted(batcher, 0)
    await settle()
    for number in (1, 2):
        submitted(batcher, number).cancel()
    last = submitted(batcher, 3)
    gate.open.set()
    assert [await first, await last] == [0, 30]
    assert gate.batches == [[0], [3]]


async def test_a_flight_posted_the_moment_a_batch_lands_is_not_left_behind() -> None:
    async def send(batch: list[Number]) -> None:
        await asyncio.sleep(0)
        for flight in batch:
            flight.land(flight.number)

    batcher = Batcher(send, largest=64, in_flight=1, waiting=10)
    async with asyncio.timeout(5):
        for number in range(1_000):
            assert await submitted(batcher, number) == number


async def test_a_failing_batch_fails_its_own_flights_and_no_others() -> None:
    async def send(batch: list[Number]) -> None:
        if batch[0].number == 1:
            raise ValueError("one")
        batch[0].land(batch[0].number)

    batcher = Batcher(send, largest=1, in_flight=1, waiting=10)
    results = await asyncio.gather(*(submitted(batcher, number) for number in range(3)), return_exceptions=True)
    assert results[0] == 0
    assert isinstance(results[1], ValueError)
    assert results[2] == 2


async def test_no_work_is_done_for_those_who_left() -> None:
    gate = Gate()
    batcher = Batcher(gate.send, largest=64, in_flight=1, waiting=10)
    first = submitted(batcher, 1)
    await settle()
    left = submitted(batcher, 2)
    left.cancel()
    gate.open.set()
    await first
    await settle()
    assert gate.batches == [[1]]


async def test_closing_leaves_nobody_waiting() -> None:
    gate = Gate()
    batcher = Batcher(gate.send, largest=1, in_flight=1, waiting=10)
    waiting = [submitted(batcher, number) for number in range(3)]
    await settle()
    await batcher.close()
    results = await asyncio.gather(*waiting, return_exceptions=True)
    assert all(isinstance(result, asyncio.CancelledError) for result in results)


async def test_the_first_waits_for_others_as_long_as_it_may_and_no_longer() -> None:
    running = asyncio.all_tasks()
    gate = Gate()
    gate.open.set()
    batcher = Batcher(gate.send, largest=64, in_flight=2, waiting=100, delay_seconds=0.05)
    started = asyncio.get_running_loop().time()
    first = submitted(batcher, 1)
    await asyncio.sleep(0.01)
    second = submitted(batcher, 2)
    await settle()
    assert gate.batches == []
    assert asyncio.all_tasks() == running, "nothing looks again and again meanwhile"
    assert (await first, await second) == (10, 20)
    assert gate.batches == [[1, 2]]
    assert 0.045 <= asyncio.get_running_loop().time() - started < 1


async def test_a_full_batch_waits_for_nobody_and_what_is_left_has_its_own_time() -> None:
    gate = Gate()
    gate.open.set()
    batcher = Batcher(gate.send, largest=2, in_flight=2, waiting=100, delay_seconds=0.1)
    results = [submitted(batcher, number) for number in range(3)]
    await settle()
    assert gate.batches == [[0, 1]]
    async with asyncio.timeout(5):
        await asyncio.gather(*results)
    assert gate.batches == [[0, 1], [2]]


async def test_who_has_waited_behind_a_batch_that_is_away_waits_for_nobody_more() -> None:
    gate = Gate()
    batcher = Batcher(gate.send, largest=2, in_flight=1, waiting=100, delay_seconds=0.05)
    away = [submitted(batcher, number) for number in (0, 1)]
    await settle()
    waiting = submitted(batcher, 2)
    await asyncio.sleep(0.1)
    gate.open.set()
    await asyncio.gather(*away)
    await settle()
    assert gate.batches == [[0, 1], [2]]
    await waiting


async def test_who_came_behind_a_batch_that_is_away_leaves_when_it_has_waited() -> None:
    gate = Gate()
    batcher = Batcher(gate.send, largest=2, in_flight=1, waiting=100, delay_seconds=0.05)
    away = [submitted(batcher, number) for number in (0, 1)]
    await asyncio.sleep(0.1)
    waiting = submitted(batcher, 2)
    gate.open.set()
    await asyncio.gather(*away)
    await settle()
    assert gate.batches == [[0, 1]]
    async with asyncio.timeout(5):
        assert await waiting == 20


async def test_nothing_sets_out_while_it_is_closed() -> None:
    sent: list[int] = []

    async def send(batch: list[Number]) -> None:
        sent.extend(flight.number for flight in batch)
        try:
            await asyncio.sleep(5)
        finally:
            await asyncio.sleep(0.05)

    batcher = Batcher(send, largest=2, in_flight=2, waiting=10, delay_seconds=0.02)
    away = [submitted(batcher, number) for number in (0, 1)]
    await settle()
    waiting = submitted(batcher, 2)
    await batcher.close()
    assert sent == [0, 1]
    assert all(result.cancelled() for result in (*away, waiting))
