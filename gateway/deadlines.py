"""The same time limit for very many tasks, at the price of an entry in a queue: asyncio's own makes and unmakes a timer for each."""

import asyncio
from collections import deque
from types import TracebackType


class Deadlines:
    """Limits of `seconds` each; the one that was begun first ends first, so one timer watches them all. For one event loop."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._limits: deque[Limit] = deque()
        self._timer: asyncio.TimerHandle | None = None

    def limit(self) -> "Limit":
        """`with deadlines.limit():` raises TimeoutError in the task that enters it, where the block takes longer."""
        return Limit(self)

    def watch(self, limit: "Limit") -> float:
        """When it ends, by the event loop's time."""
        loop = asyncio.get_running_loop()
        until = loop.time() + self._seconds
        self._limits.append(limit)
        if self._timer is None:
            self._timer = loop.call_at(until, self._look)
        return until

    def _look(self) -> None:
        loop = asyncio.get_running_loop()
        now = loop.time()
        limits = self._limits
        while limits and (limits[0].task is None or limits[0].until <= now):
            limits.popleft().pass_by()
        self._timer = loop.call_at(limits[0].until, self._look) if limits else None


class Limit:
    """One of them."""

    __slots__ = ("_deadlines", "_passed", "task", "until")

    def __init__(self, deadlines: Deadlines) -> None:
        self._deadlines, self._passed, self.until = deadlines, False, 0.0
        self.task: asyncio.Task[object] | None = None
        """None: the block has been left."""

    def __enter__(self) -> None:
        self.task = asyncio.current_task()
        self.until = self._deadlines.watch(self)

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        task, self.task = self.task, None
        if self._passed and task is not None and task.uncancel() == 0 and kind is asyncio.CancelledError:
            raise TimeoutError from error

    def pass_by(self) -> None:
        """Its time is over."""
        if self.task is not None:
            self._passed = True
            self.task.cancel()
