"""Keeps children running: one that ends is started again on the same ports, sooner the first time, later each time after."""

import asyncio
from collections.abc import Callable, Sequence

from gateway.embedded.child import Child, Plan
from gateway.embedded.failure import CannotStart


class Backoff:
    """How long to wait before the next start: 0.5 s, doubling to 10 s, from the beginning after a life of a minute."""

    FIRST_SECONDS = 0.5
    LONGEST_SECONDS = 10.0
    HEALTHY_SECONDS = 60.0

    def __init__(self) -> None:
        self._next_seconds = self.FIRST_SECONDS

    def seconds_after(self, life_seconds: float) -> float:
        if life_seconds >= self.HEALTHY_SECONDS:
            self._next_seconds = self.FIRST_SECONDS
        seconds = self._next_seconds
        self._next_seconds = min(2 * seconds, self.LONGEST_SECONDS)
        return seconds


class Supervisor:
    """The children of one run. `say` gets one line for each thing that a user should know."""

    def __init__(self, plans: Sequence[Plan], say: Callable[[str], None]) -> None:
        self._plans = tuple(plans)
        self._say = say
        self._children: dict[str, Child] = {}
        self._reasons: dict[str, str] = {}

    def start(self) -> None:
        """Start all children at once."""
        for plan in self._plans:
            self._start(plan)

    async def first_death(self) -> None:
        """Wait until a child ends and raise CannotStart, with the end of its log."""
        done, _ = await asyncio.wait([child.ended for child in self._children.values()], return_when=asyncio.FIRST_COMPLETED)
        dead = next(child for child in self._children.values() if child.ended in done)
        where = "; what it said is above" if dead.plan.log is None else ""
        raise CannotStart(f"{dead.plan.name} {dead.ended.result()} before it served{where}", dead.plan.last_lines())

    async def keep(self) -> None:
        """Start again whatever ends. Never returns; cancel it."""
        async with asyncio.TaskGroup() as keepers:
            for plan in self._plans:
                keepers.create_task(self._keep(plan))

    def child(self, name: str) -> Child:
        """Its present life."""
        return self._children[name]

    async def restart(self, name: str, reason: str) -> None:
        """End this child; being kept, it is started again."""
        child = self._children[name]
        if not child.ended.done():
            self._reasons[name] = reason
            await child.stop()

    async def stop(self) -> None:
        """End all children: first the last planned, which asks the others, so that it can finish what it was asked."""
        children = list(self._children.values())
        for together in (children[-1:], children[:-1]):
            await asyncio.gather(*(child.stop() for child in together))

    def kill(self) -> None:
        """End all children now."""
        for child in self._children.values():
            child.kill()

    async def _keep(self, plan: Plan) -> None:
        backoff = Backoff()
        failure: str | None = None
        while True:
            child = self._children[plan.name]
            await asyncio.wait({child.ended})
            if plan.after is not None:
                plan.after()
            reason = failure or self._reasons.pop(plan.name, None) or child.ended.result()
            seconds = backoff.seconds_after(child.life_seconds)
            self._say(f"{plan.name} {reason}; starting it again in {seconds:g} s")
            await asyncio.sleep(seconds)
            try:
                self._start(plan)
                failure = None
            except OSError as error:  # such as a run folder that someone removed
                failure = f"could not be started ({error.strerror})"

    def _start(self, plan: Plan) -> None:
        self._children[plan.name] = Child(plan)
