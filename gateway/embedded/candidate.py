"""A second TorchServe for the archive of a candidate: it runs while that is there, and anew when it is another.

So a candidate is deployed by a file, and taken away with it; what of the traffic it gets is the gateway's to decide. While its version is
the one that is served, after a promotion, it stays whatever happens to the file.
"""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

from gateway.embedded.child import Child, Plan
from gateway.embedded.supervisor import Backoff
from gateway.embedded.torchserve import version_in

LOOK_SECONDS = 0.5

Identity = tuple[int, int, int]


class Candidate:
    """At most one child. `say` gets one line for each thing that a user should know.

    `served` tells which version the gateway serves, None where it does not say.
    """

    def __init__(self, plan: Plan, archive: Path, served: Callable[[], Awaitable[str | None]], say: Callable[[str], None]) -> None:
        self._plan, self._archive, self._served, self._say = plan, archive, served, say
        self._child: Child | None = None
        self._started_with: Identity | None = None
        self._version: str | None = None
        """Of the archive that it was started with."""
        self._reason: str | None = None
        self._kept_before: Identity | str | None = None
        self._seen: Identity | None = None
        self._backoff = Backoff()
        self._pause_seconds = 0.0

    @property
    def life(self) -> Child | None:
        """What runs; None where nothing does."""
        return self._child

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
            reason = self._reason or self._child.ended.result()
            self._say(f"{self._plan.name} {reason}; starting it again in {self._pause_seconds:g} s")
            self._child = self._reason = None
            return
        if self._child is not None and self._seen != self._started_with and not await self._must_stay():
            self._say(f"{self._plan.name} ends: its archive is {'another' if self._seen else 'gone'}")
            await self.stop()
        if self._child is None and self._seen is not None and self._seen == before:
            try:
                self._child, self._started_with, self._version = Child(self._plan), self._seen, version_in(self._archive)
            except OSError as error:  # such as a run folder that someone removed
                self._say(f"{self._plan.name} could not be started ({error.strerror})")
                return
            self._kept_before = None
            self._say(f"{self._plan.name} starts with {self._archive}")

    async def restart(self, reason: str) -> None:
        """End what runs; while its archive is there it is started again."""
        if self._child is not None and not self._child.ended.done():
            self._reason = reason
            await self._child.stop()

    async def _must_stay(self) -> bool:
        """Whether the gateway serves its version, or does not say for now what it serves."""
        if self._version is None:
            return False
        served = await self._served()
        if served == self._version:
            now = self._seen or "gone"
            if now != self._kept_before:
                self._kept_before = now
                self._say(
                    f"{self._plan.name} stays, for its version {self._version} is served, though its archive is "
                    f"{'another' if self._seen else 'gone'}; settle that version first (monitoring/RUNBOOK.md, AccuracyBelowBaseline)"
                )
        return served in (None, self._version)

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
