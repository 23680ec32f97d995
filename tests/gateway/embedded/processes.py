"""Real processes for tests: programs that start others, and waiting for what becomes of them."""

import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil

FAMILY = """
import os, signal, subprocess, sys, time
manner, folder = sys.argv[1:]
if manner == "deaf":
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # which the other one inherits
inner = subprocess.Popen(["sleep", "300"])
with open(folder + "/family.part", "w") as note:
    print(os.getpid(), inner.pid, file=note)
os.rename(folder + "/family.part", folder + "/family")
if manner == "leaving":
    print("leaving", flush=True)
    sys.exit(3)
time.sleep(300)
"""


def family(manner: str, folder: Path) -> list[str]:
    """A command that starts another process and notes both. `plain`: both live on; `deaf`: to SIGTERM too; `leaving`: it exits 3 itself."""
    return [sys.executable, "-c", FAMILY, manner, str(folder)]


def members(folder: Path) -> list[int]:
    """The two processes of the family, once both run."""
    note = folder / "family"
    wait_until(note.exists)
    return [int(word) for word in note.read_text().split()]


def lives(pid: int) -> bool:
    """Whether the process runs; one that is dead and only not reaped yet does not."""
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def all_gone(pids: list[int]) -> Callable[[], bool]:
    return lambda: not any(map(lives, pids))


def wait_until(condition: Callable[[], bool], seconds: float = 20.0) -> None:
    """Fail where it does not come true in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not so within {seconds} s"
        time.sleep(0.02)
