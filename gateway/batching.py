"""Things asked for at the same time, done together: nobody waits while there is nothing to wait for, and nothing waits without a bound."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine, Hashable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")
Key = TypeVar("Key", bound=Hashable)


class QueueFull(Exception):
    """As many items wait as may wait."""


class Batcher(Generic[Item, Result]):
    """Items submitted while batches are away travel together in the next one; an item that finds nothing away leaves at once.

    `send` gets 1 to `largest` items and returns one result for each, in order; what it raises is raised to every item of that
    batch. At most `in_flight` batches are away at a time and at most `waiting` items wait. Cancelling a submitter never cancels
    its batch.
    """

    def __init__(self, send: Callable[[list[Item]], Awaitable[Sequence[Result]]], *, largest: int, in_flight: int, waiting: int) -> None:
        self._send, self._largest, self._in_flight, self._waiting = send, largest, in_flight, waiting
        self._queue: deque[tuple[Item, asyncio.Future[Result]]] = deque()
        self._flights: set[asyncio.Task[None]] = set()
        self._away = 0
        """Flights that will look at the queue again; a task that has looked for the last time lives a little longer."""

    @property
    def depth(self) -> int:
        """Items that wait now."""
        return len(self._queue)

    async def submit(self, item: Item) -> Result:
        """The item's own result. Raises QueueFull, or what `send` raised."""
        return await self.post(item)

    def post(self, item: Item) -> asyncio.Future[Result]:
        """As `submit`, for who does not wait now, or not at all. Raises QueueFull."""
        if len(self._queue) >= self._waiting:
            raise QueueFull
        future: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        self._queue.append((item, future))
        if self._away < self._in_flight:
            self._away += 1
            flight = asyncio.create_task(self._fly())
            self._flights.add(flight)
            flight.add_done_callback(self._flights.discard)
        return future

    async def close(self) -> None:
        """Cancel what is away and what waits."""
        for flight in list(self._flights):
            flight.cancel()
        await asyncio.gather(*self._flights, return_exceptions=True)
        for _, future in self._queue:
            future.cancel()
        self._queue.clear()

    async def _fly(self) -> None:
        try:
            while batch := self._next_batch():
                await self._carry(batch)
        finally:
            self._away -= 1

    async def _carry(self, batch: list[tuple[Item, asyncio.Future[Result]]]) -> None:
        try:
            results = await self._send([item for item, _ in batch])
            for (_, future), result in zip(batch, results, strict=True):
                if not future.done():
                    future.set_result(result)
        except Exception as error:
            for _, future in batch:
                if not future.done():
                    future.set_exception(error)
        finally:
            for _, future in batch:
                future.cancel()  # nothing is left unanswered, even when this flight is cancelled; no effect on an answered one

    def _next_batch(self) -> list[tuple[Item, asyncio.Future[Result]]]:
        batch: list[tuple[Item, asyncio.Future[Result]]] = []
        while self._queue and len(batch) < self._largest:
            item, future = self._queue.popleft()
            if not future.done():  # its submitter has gone: no work for the departed
                batch.append((item, future))
        return batch


@dataclass
class _Flight(Generic[Result]):
    """Work under way, and how many wait for it."""

    task: asyncio.Task[Result]
    waiting: int = 0


class SingleFlight(Generic[Key, Result]):
    """Equal keys asked for at the same time share one piece of work. It goes on when whoever started it leaves, and ends with the last."""

    def __init__(self) -> None:
        self._flights: dict[Key, _Flight[Result]] = {}

    async def share(self, key: Key, work: Callable[[], Coroutine[Any, Any, Result]]) -> tuple[Result, bool]:
        """The result, and whether this call only joined work that was under way. Raises what the work raises."""
        flight = self._flights.get(key)
        joined = flight is not None
        if flight is None:
            flight = self._flights[key] = _Flight(asyncio.create_task(work()))
            flight.task.add_done_callback(lambda _: self._forget(key, flight))
        flight.waiting += 1
        try:
            return await asyncio.shield(flight.task), joined
        finally:
            flight.waiting -= 1
            if flight.waiting == 0 and not flight.task.done():
                self._forget(key, flight)  # before it is cancelled, so that nobody joins what will not arrive
                flight.task.cancel()

    async def close(self) -> None:
        """Cancel all work under way."""
        tasks = [flight.task for flight in self._flights.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _forget(self, key: Key, flight: "_Flight[Result]") -> None:
        if self._flights.get(key) is flight:
            del self._flights[key]
        if flight.task.done() and not flight.task.cancelled():
            flight.task.exception()  # seen here, so that work whose askers have all left does not complain at collection
