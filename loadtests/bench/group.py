"""Programs in process groups of their own: whatever one starts ends with it, and is counted with it."""

import os
import signal
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from loadtests.pictures import CHECKOUT
from loadtests.stack import STARTS_WITHIN_SECONDS, Failed, wait_until

GRACE_SECONDS = 5.0


@contextmanager
def group(command: Sequence[str], folder: Path, environment: Mapping[str, str], *, is_up: Callable[[], bool]) -> Iterator[int]:
    """The process id of the program, which is up; its output is in `folder/log`. Raises Failed where it does not come up."""
    log = folder / "log"
    with log.open("wb") as out:
        process = subprocess.Popen(command, cwd=CHECKOUT, env=environment, stdout=out, stderr=subprocess.STDOUT, start_new_session=True)
    try:
        wait_until(lambda: process.poll() is not None or is_up(), STARTS_WITHIN_SECONDS, f"the start of {folder.name}")
        if process.poll() is not None:
            raise Failed(f"{folder.name} ended: {log.read_text(errors='replace').strip()[-2_000:]}")
        yield process.pid
    finally:
        _end(process)


def halt(pid: int) -> None:
    """The whole group does nothing until it is resumed."""
    os.killpg(pid, signal.SIGSTOP)


def resume(pid: int) -> None:
    os.killpg(pid, signal.SIGCONT)


def _end(process: subprocess.Popen[bytes]) -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGTERM)
        resume(process.pid)
        with suppress(subprocess.TimeoutExpired):
            process.wait(GRACE_SECONDS)
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


@dataclass(frozen=True)
class Usage:
    """What these programs and all that they started have used."""

    processor_seconds: dict[int, float]
    """By process, so that one which has ended meanwhile is not counted negatively."""
    resident_bytes: int
    """Now. What processes share is counted in each."""

    def since(self, before: "Usage") -> float:
        """Processor seconds."""
        return sum(seconds - before.processor_seconds.get(pid, 0.0) for pid, seconds in self.processor_seconds.items())


def usage(pids: Sequence[int]) -> Usage:
    """Of these programs and their descendants."""
    processor_seconds: dict[int, float] = {}
    resident_bytes = 0
    for pid in pids:
        for process in tree(pid):
            with suppress(psutil.NoSuchProcess):
                times = process.cpu_times()
                processor_seconds[process.pid] = times.user + times.system
                resident_bytes += process.memory_info().rss
    return Usage(processor_seconds, resident_bytes)


def tree(pid: int) -> list[psutil.Process]:
    """Empty where it has ended."""
    with suppress(psutil.NoSuchProcess):
        process = psutil.Process(pid)
        return [process, *process.children(recursive=True)]
    return []
