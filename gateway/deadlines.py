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
        """`with deadlines.limit():` raises TimeoutError in the task that runs it, where the block takes longer."""
        loop = asyncio.get_running_loop()
        limit = Limit(asyncio.current_task(loop), loop.time() + self._seconds)
        self._limits.append(limit)
        if self._timer is None:
            self._timer = loop.call_at(limit.until, self._look)
        return limit

    def _look(self) -> None:
        loop = asyncio.get_running_loop()
        now = loop.time()
        limits = self._limits
        while limits and (limits[0].task is None or limits[0].until <= now):
            limits.popleft().pass_by()
        self._timer = loop.call_at(limits[0].until, self._look) if limits else None


class Limit:
    """One of them; `until` is by the event loop's time."""

    __slots__ = ("_passed", "task", "until")

    def __init__(self, task: asyncio.Task[object] | None, until: float) -> None:
        self._passed, self.until = False, until
        self.task = task
        """None: the block has been left."""

    def __enter__(self) -> None:
        """Its time has begun."""

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        task, self.task = self.task, None
        if self._passed and task is not None and task.uncancel() == 0 and kind is asyncio.CancelledError:
            raise TimeoutError from error

    def pass_by(self) -> None:
        """Its time is over."""
        if self.task is not None:
            self._passed = True
            self.task.cancel()
