"""Where a results file comes from: the command, when, at which commit, for how long and on which machine."""

import datetime
import subprocess
import time
from pathlib import Path
from typing import Any

from model.latency import machine

ROOT = Path(__file__).parents[1]


class Begun:
    """A command at work. Where its results come from is told as of its beginning, how long they took as of their end."""

    def __init__(self, command: str) -> None:
        self.command = command
        self._told = {"command": command, "date": now(), "commit": commit()}
        self._machine = machine()
        self._started = time.monotonic()

    def generated(self, seconds: float | None = None) -> dict[str, Any]:
        """What every results file says of itself, as JSON values. `seconds` of work where not all of it was done since the beginning: of a
        training that was interrupted."""
        return {**self._told, "seconds": time.monotonic() - self._started if seconds is None else seconds, "machine": self._machine}


def now() -> str:
    """This minute, UTC."""
    return datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%dT%H:%MZ")


def commit(root: Path = ROOT) -> str | None:
    """The commit that is checked out, with a + where code of the model differs from it; `None` outside a checkout."""
    try:
        head = _git(root, "rev-parse", "--short=12", "HEAD")
        return f"{head}+" if _git(root, "status", "--porcelain", "--", "model/*.py") else head
    except (OSError, subprocess.CalledProcessError):
        return None


def _git(root: Path, *arguments: str) -> str:
    return subprocess.run(["git", "-C", str(root), *arguments], capture_output=True, text=True, check=True).stdout.strip()
