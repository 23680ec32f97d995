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


Work = TypeVar("Work", bound=Flight[Any])


class Batcher(Generic[Work]):
    """Flights posted while batches are away travel together in the next one; a flight that finds nothing away leaves at once.

    `send` gets 1 to `largest` of them, all wanted, and lands each or hands it on; when it raises, those that are still wanted fail
    with that. At most `in_flight` batches are away at a time and at most `waiting` flights wait. A batch that is not full stays until
    its first flight has waited `delay_seconds`.
    """

    def __init__(
        self,
        send: Callable[[list[Work]], Awaitable[None]],
        *,
        largest: int,
        in_flight: int,
        waiting: int,
        delay_seconds: float = 0.0,
    ) -> None:
        self._send, self._largest, self._in_flight, self._waiting = send, largest, in_flight, waiting
        self._delay_seconds = delay_seconds
        self._alarm: asyncio.TimerHandle | None = None
        """Rings when a batch that is not full need wait no longer."""
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
        if self._delay_seconds:
            flight.leaves_at = asyncio.get_running_loop().time() + self._delay_seconds
        self._queue.append(flight)
        self._set_out()

    async def close(self) -> None:
        """Cancel what is away and what waits."""
        if self._alarm is not None:
            self._alarm.cancel()
        for carrier in list(self._carriers):
            carrier.cancel()
        await asyncio.gather(*self._carriers, return_exceptions=True)
        for flight in self._queue:
            flight.cancel()
        self._queue.clear()

    def _set_out(self) -> None:
        """Start a carrier, if one is free, for what waits; or have that done once it has waited long enough."""
        if not self._queue or self._away >= self._in_flight:
            return
        if (seconds := self._seconds_to_wait()) > 0:
            if self._alarm is None:
                self._alarm = asyncio.get_running_loop().call_later(seconds, self._ring)
            return
        self._away += 1
        carrier = asyncio.create_task(self._carry())
        self._carriers.add(carrier)
        carrier.add_done_callback(self._carriers.discard)

    def _ring(self) -> None:
        self._alarm = None
        self._set_out()

    def _seconds_to_wait(self) -> float:
        if not self._delay_seconds or not self._queue or len(self._queue) >= self._largest:
            return 0.0
        return self._queue[0].leaves_at - asyncio.get_running_loop().time()

    async def _carry(self) -> None:
        try:
            while self._seconds_to_wait() <= 0 and (batch := self._next_batch()):
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
        self._set_out()

    def _next_batch(self) -> list[Work]:
        batch: list[Work] = []
        while self._queue and len(batch) < self._largest:
            flight = self._queue.popleft()
            if flight.wanted:  # no work for the departed
                batch.append(flight)
        return batch
