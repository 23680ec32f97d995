"""Where a results file comes from: the command, when, at which commit, for how long and on which machine."""

import datetime
import subprocess
from pathlib import Path
from typing import Any

from model.latency import machine

ROOT = Path(__file__).parents[1]


def generated(command: str, seconds: float | None = None) -> dict[str, Any]:
    """What every results file says of itself. `seconds` of work, where that was measured."""
    return {"command": command, "date": now(), "commit": commit(), "seconds": seconds, "machine": machine()}


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
