"""Things asked for at the same time, done together: nobody waits while there is nothing to wait for, and nothing waits without a bound."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any, Generic, TypeVar

from gateway.flights import Flight

Work = TypeVar("Work", bound=Flight[Any])


class QueueFull(Exception):
    """As many flights wait as may wait."""


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
