"""Work in flight and those who wait for it: equal work is done once, and who leaves takes nothing from the others."""

import asyncio
from collections.abc import Callable, Hashable
from typing import Any, Generic, TypeVar

Result = TypeVar("Result")


class Flight(Generic[Result]):
    """Work that was asked for, and those who wait for its result."""

    __slots__ = ("_landed", "_waiting", "leaves_at")

    leaves_at: float
    """By the loop's clock, the moment until which it waits for company: of a batcher with a delay."""

    def __init__(self) -> None:
        self._waiting: list[asyncio.Future[Result]] = []
        self._landed: Result | None = None

    @property
    def wanted(self) -> bool:
        """Whether somebody waits: false once it has landed, or when all have left."""
        for waiting in self._waiting:  # noqa: SIM110 - one, nearly always, and a generator takes longer
            if not waiting.done():
                return True
        return False

    @property
    def joinable(self) -> bool:
        """Whether one more may wait for its result, which may be there already; a failure is for those who waited."""
        return self._landed is not None or self.wanted

    def wait(self) -> asyncio.Future[Result]:
        """The result, or the failure, of one who waits."""
        future: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        if self._landed is None:
            self._waiting.append(future)
        else:
            future.set_result(self._landed)
        return future

    def land(self, result: Result) -> None:
        self._landed = result
        for waiting in self._waiting:
            if not waiting.done():
                waiting.set_result(result)

    def fail(self, error: Exception) -> None:
        for waiting in self._waiting:
            if not waiting.done():
                waiting.set_exception(error)

    def cancel(self) -> None:
        for waiting in self._waiting:
            waiting.cancel()


Key = TypeVar("Key", bound=Hashable)
Work = TypeVar("Work", bound=Flight[Any])


class Flights(Generic[Key, Work]):
    """Flights by what they are for, so that who asks for the same waits for the same result."""

    def __init__(self) -> None:
        self._flying: dict[Key, Work] = {}

    def __len__(self) -> int:
        return len(self._flying)

    def joinable(self, key: Key) -> Work | None:
        """What one more may wait for."""
        flight = self._flying.get(key)
        return flight if flight is not None and flight.joinable else None

    async def result(self, key: Key, flight: Work, start: Callable[[Work], None]) -> Any:
        """The result of a flight, which is started first where it is not the one that flies; it is forgotten when nobody waits for it."""
        waiting = flight.wait()
        if self._flying.get(key) is not flight:
            self._flying[key] = flight
            start(flight)
        try:
            return await waiting
        finally:
            if not flight.wanted and self._flying.get(key) is flight:
                del self._flying[key]
