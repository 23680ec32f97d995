"""A second TorchServe for the archive of a candidate: it runs while that is there, and anew when it is another.

So a candidate is deployed by a file, and taken away with it; what of the traffic it gets is the gateway's to decide.
"""

import asyncio
from collections.abc import Callable
from pathlib import Path

from gateway.embedded.child import Child, Plan
from gateway.embedded.supervisor import Backoff

LOOK_SECONDS = 0.5

Identity = tuple[int, int, int]


class Candidate:
    """At most one child. `say` gets one line for each thing that a user should know."""

    def __init__(self, plan: Plan, archive: Path, say: Callable[[str], None]) -> None:
        self._plan, self._archive, self._say = plan, archive, say
        self._child: Child | None = None
        self._started_with: Identity | None = None
        self._seen: Identity | None = None
        self._backoff = Backoff()
        self._pause_seconds = 0.0

    async def keep(self) -> None:
        """Never returns; cancel it, and stop what runs."""
        while True:
            await self.look()
            await asyncio.sleep(LOOK_SECONDS + self._pause_seconds)

    async def look(self) -> None:
        """Once. An archive is started when it has been the same twice: it may just be copied."""
        before, self._seen, self._pause_seconds = self._seen, _identity(self._archive), 0.0
        if self._child is not None and self._child.ended.done():
            self._pause_seconds = self._backoff.seconds_after(self._child.life_seconds)
            self._say(f"{self._plan.name} {self._child.ended.result()}; starting it again in {self._pause_seconds:g} s")
            self._child = None
            return
        if self._child is not None and self._seen != self._started_with:
            self._say(f"{self._plan.name} ends: its archive is {'another' if self._seen else 'gone'}")
            await self.stop()
        if self._child is None and self._seen is not None and self._seen == before:
            try:
                self._child, self._started_with = Child(self._plan), self._seen
            except OSError as error:  # such as a run folder that someone removed
                self._say(f"{self._plan.name} could not be started ({error.strerror})")
                return
            self._say(f"{self._plan.name} starts with {self._archive}")

    async def stop(self) -> None:
        """End what runs, if anything does."""
        if self._child is not None:
            await self._child.stop()
            self._child = None

    def kill(self) -> None:
        """The same, now."""
        if self._child is not None:
            self._child.kill()


def _identity(archive: Path) -> Identity | None:
    try:
        found = archive.stat()
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns, found.st_size
