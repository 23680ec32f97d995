"""A child on a leash: it ends when told to, when its parent dies or when its leash does, and takes all that it started along."""

import asyncio
import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

LEASH = Path(__file__).with_name("leash.py")
GROUP_GONE_SECONDS = 0.5
"""How long a killed group is waited for, so that its ports are free when it is started again. Zombies may never go."""


@dataclass(frozen=True)
class Plan:
    """What to start, under which name, and where."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    folder: Path | None = None
    """The working folder; None: the parent's."""
    log: Path | None = None
    """Where output is appended; None: it goes where the parent's goes."""
    grace_seconds: float = 2.0
    """Between SIGTERM and SIGKILL."""
    after: Callable[[], None] | None = None
    """Called when a life is over, before the next begins."""

    def last_lines(self, count: int = 20) -> list[str]:
        """The end of the log, empty where there is none."""
        if self.log is None:
            return []
        try:
            with self.log.open("rb") as log:
                log.seek(max(0, self.log.stat().st_size - 16_384))
                return log.read().decode(errors="replace").splitlines()[-count:]
        except OSError:
            return []


class Child:
    """One life of a planned child, from its start to its end. Made inside a running event loop."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.life_seconds = 0.0
        """From start to end, once it has ended."""
        self._line, leash_end = socket.socketpair()
        self._line.setblocking(False)
        try:
            with leash_end:
                self._leash = start_leash(plan, leash_end)
        except OSError:
            self._line.close()
            raise
        self.ended = asyncio.create_task(self._watch(), name=f"{plan.name} ended")
        """Done when nothing of the child is left; its result says how it ended, in words. Wait for it with asyncio.wait, don't await it."""

    @property
    def group(self) -> int:
        """The process group of the leash, the command and whatever that started."""
        return self._leash.pid

    async def stop(self) -> None:
        """Ask it to end, wait for the grace it has, kill what is left."""
        with contextlib.suppress(OSError):  # it may have ended
            self._line.shutdown(socket.SHUT_WR)
        await asyncio.wait({self.ended}, timeout=self.plan.grace_seconds + 1)
        self.kill()
        await asyncio.wait({self.ended})

    def kill(self) -> None:
        """End the whole group now."""
        if not self.ended.done():
            self._kill_group()

    async def _watch(self) -> str:
        started = time.monotonic()
        last_words = b""
        loop = asyncio.get_running_loop()
        with contextlib.suppress(OSError):
            while received := await loop.sock_recv(self._line, 512):
                last_words += received
        self.life_seconds = time.monotonic() - started
        self._line.close()
        await asyncio.to_thread(self._leash.wait)
        deadline = time.monotonic() + GROUP_GONE_SECONDS
        while self._kill_group() and time.monotonic() < deadline:
            await asyncio.sleep(0.01)
        return in_words(last_words.decode(errors="replace"))

    def _kill_group(self) -> bool:
        """Whether there was a group to kill."""
        try:
            os.killpg(self.group, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):  # macOS says the latter where all are dead but not yet reaped
            return False
        return True


def start_leash(plan: Plan, standard_input: socket.socket) -> subprocess.Popen[bytes]:
    with contextlib.nullcontext() if plan.log is None else plan.log.open("ab") as log:
        return subprocess.Popen(
            [sys.executable, "-I", "-S", str(LEASH), str(plan.grace_seconds), *plan.command],
            stdin=standard_input.fileno(),
            stdout=log,
            stderr=None if log is None else subprocess.STDOUT,
            cwd=plan.folder,
            env=dict(plan.environment),
            start_new_session=True,
        )


def in_words(last_words: str) -> str:
    match last_words.split(" ", 1):
        case ["exit", code]:
            return f"ended with exit code {code}"
        case ["signal", number]:
            return f"was ended by {signal.Signals(int(number)).name}"
        case [""]:
            return "lost its leash"
        case _:
            return last_words
