"""Things asked for at the same time, done together: nobody waits while there is nothing to wait for, and nothing waits without a bound."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any, Generic, TypeVar

Result = TypeVar("Result")


class QueueFull(Exception):
    """As many flights wait as may wait."""


class Flight(Generic[Result]):
    """Work that was asked for, and those who wait for its result: who leaves takes nothing from the others."""

    __slots__ = ("_landed", "_waiting")

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


Work = TypeVar("Work", bound=Flight[Any])


class Batcher(Generic[Work]):
    """Flights posted while batches are away travel together in the next one; a flight that finds nothing away leaves at once.

    `send` gets 1 to `largest` of them, all wanted, and lands each or hands it on; when it raises, those that are still wanted fail
    with that. At most `in_flight` batches are away at a time and at most `waiting` flights wait.
    """

    def __init__(self, send: Callable[[list[Work]], Awaitable[None]], *, largest: int, in_flight: int, waiting: int) -> None:
        self._send, self._largest, self._in_flight, self._waiting = send, largest, in_flight, waiting
        self._queue: deque[Work] = deque()
        self._carriers: set[asyncio.Task[None]] = set()
        self._away = 0
        """Carriers that will look at the queue again; a task that has looked for the last time lives a little longer."""

    @property
    def depth(self) -> int:
        """Flights that wait now."""
        return len(self._queue)

    def post(self, flight: Work) -> None:
        """Raises QueueFull."""
        if len(self._queue) >= self._waiting:
            self._queue = deque(flight for flight in self._queue if flight.wanted)
            if len(self._queue) >= self._waiting:
                raise QueueFull
        self._queue.append(flight)
        if self._away < self._in_flight:
            self._away += 1
            carrier = asyncio.create_task(self._carry())
            self._carriers.add(carrier)
            carrier.add_done_callback(self._carriers.discard)

    async def close(self) -> None:
        """Cancel what is away and what waits."""
        for carrier in list(self._carriers):
            carrier.cancel()
        await asyncio.gather(*self._carriers, return_exceptions=True)
        for flight in self._queue:
            flight.cancel()
        self._queue.clear()

    async def _carry(self) -> None:
        try:
            while batch := self._next_batch():
                try:
                    await self._send(batch)
                except Exception as error:
                    for flight in batch:
                        flight.fail(error)
                except asyncio.CancelledError:
                    for flight in batch:
                        flight.cancel()
                    raise
        finally:
            self._away -= 1

    def _next_batch(self) -> list[Work]:
        batch: list[Work] = []
        while self._queue and len(batch) < self._largest:
            flight = self._queue.popleft()
            if flight.wanted:  # no work for the departed
                batch.append(flight)
        return batch
