"""Programs in process groups of their own: each is up before it is used, and whatever it starts ends with it."""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil

from loadtests.pictures import CHECKOUT

STARTS_WITHIN_SECONDS = 90.0
ENDS_WITHIN_SECONDS = 20.0


class Failed(Exception):
    """What should have been seen was not, or a program did not come up; one line."""


@contextmanager
def program(
    command: Sequence[str], log: Path, environment: Mapping[str, str], *, is_up: Callable[[], bool]
) -> Iterator[subprocess.Popen[bytes]]:
    """It runs, and is up; its output is in `log`. Ended by SIGTERM, and what is left of its groups then is killed. Raises Failed."""
    with log.open("wb") as out:
        process = subprocess.Popen(command, cwd=CHECKOUT, env=environment, stdout=out, stderr=subprocess.STDOUT, start_new_session=True)
    try:
        wait_until(lambda: process.poll() is not None or is_up(), STARTS_WITHIN_SECONDS, f"the start of what writes {log}")
        if process.poll() is not None:
            raise Failed(f"what writes {log} ended: {log.read_text(errors='replace').strip()[-2_000:]}")
        yield process
    finally:
        _end(process)


def halt(pid: int) -> None:
    """It and all that it started do nothing until they are resumed."""
    _tell(groups(pid), signal.SIGSTOP)


def resume(pid: int) -> None:
    _tell(groups(pid), signal.SIGCONT)


def groups(pid: int) -> set[int]:
    """Of processes: its own, and those that what it started has made for itself."""
    found = {pid}
    for process in tree(pid):
        with suppress(ProcessLookupError):
            found.add(os.getpgid(process.pid))
    return found


def tree(pid: int) -> list[psutil.Process]:
    """It and all that it started; empty where it has ended."""
    with suppress(psutil.NoSuchProcess):
        process = psutil.Process(pid)
        return [process, *process.children(recursive=True)]
    return []


def wait_until(condition: Callable[[], object], seconds: float, what: str, every: float = 0.1) -> float:
    """How long it took. Raises Failed after `seconds`."""
    started = time.monotonic()
    while not condition():
        if time.monotonic() - started > seconds:
            raise Failed(f"{what} took more than {seconds:.0f} s")
        time.sleep(every)
    return time.monotonic() - started


def _end(process: subprocess.Popen[bytes]) -> None:
    theirs = groups(process.pid)
    process.terminate()
    _tell(theirs, signal.SIGCONT)
    with suppress(subprocess.TimeoutExpired):
        process.wait(ENDS_WITHIN_SECONDS)
    _tell(theirs, signal.SIGKILL)
    process.wait()


def _tell(told: set[int], number: signal.Signals) -> None:
    for group in told:
        with suppress(ProcessLookupError):
            os.killpg(group, number)
