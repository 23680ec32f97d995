import asyncio

import pytest

from gateway.flights import Flight, Flights

pytestmark = pytest.mark.anyio


async def test_all_who_wait_for_a_flight_get_its_result_and_who_leaves_takes_nothing_from_the_others() -> None:
    flight: Flight[str] = Flight()
    assert not flight.wanted
    leaver, stayer, another = flight.wait(), flight.wait(), flight.wait()
    leaver.cancel()
    assert flight.wanted
    flight.land("answer")
    flight.land("another answer")
    assert await asyncio.gather(stayer, another) == ["answer", "answer"]
    assert not flight.wanted


async def test_a_flight_that_all_have_left_is_not_wanted() -> None:
    flight: Flight[str] = Flight()
    for _ in range(3):
        flight.wait().cancel()
    assert not flight.wanted


async def test_a_failure_reaches_everybody() -> None:
    flight: Flight[str] = Flight()
    waiting = [flight.wait() for _ in range(2)]
    flight.fail(ValueError())
    assert all(isinstance(result, ValueError) for result in await asyncio.gather(*waiting, return_exceptions=True))


async def test_equal_work_is_started_once_and_forgotten_when_it_has_landed() -> None:
    flights, started = Flights[str, Flight[str]](), list[Flight[str]]()

    def asked() -> "asyncio.Task[str]":
        flight = flights.joinable("key") or Flight[str]()
        return asyncio.create_task(flights.result("key", flight, started.append))

    first = asked()
    await asyncio.sleep(0)
    second = asked()
    await asyncio.sleep(0)
    [flight] = started
    flight.land("answer")
    assert await first == await second == "answer"
    assert len(flights) == 0


async def test_work_that_all_have_left_is_started_anew() -> None:
    flights, started = Flights[str, Flight[str]](), list[Flight[str]]()
    left = asyncio.create_task(flights.result("key", Flight(), started.append))
    await asyncio.sleep(0)
    left.cancel()
    await asyncio.gather(left, return_exceptions=True)
    assert flights.joinable("key") is None
    again = asyncio.create_task(flights.result("key", Flight(), started.append))
    await asyncio.sleep(0)
    started[1].land("answer")
    assert await again == "answer"


async def test_who_cannot_be_started_is_told_why_and_is_not_kept() -> None:
    flights = Flights[str, Flight[str]]()
    with pytest.raises(ValueError, match="full"):
        await flights.result("key", Flight(), lambda flight: flight.fail(ValueError("full")))
    assert len(flights) == 0


async def test_those_who_left_take_nothing_from_who_came_after_them() -> None:
    flights, started = Flights[str, Flight[str]](), list[Flight[str]]()
    left = asyncio.create_task(flights.result("key", Flight(), started.append))
    await asyncio.sleep(0)
    left.cancel()
    after = asyncio.create_task(flights.result("key", Flight(), started.append))
    await asyncio.gather(left, return_exceptions=True)
    assert flights.joinable("key") is started[1]
    started[1].land("answer")
    assert await after == "answer"
