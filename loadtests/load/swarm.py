"""Locust in a process of its own: it is gevent's from its first import on, and ends when its shape does or when it is told to."""

import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from loadtests.load.judgement import Limits, Seen
from loadtests.pictures import CHECKOUT
from loadtests.programs import Failed
from loadtests.stack import LOOPBACK

LOCUSTFILE = Path(__file__).with_name("locustfile.py")
WEB_PORT = 8089
FINISHES_WITHIN_SECONDS = 15
"""What a user has begun. Longer than any request, so that what the server counts is counted here too."""


@dataclass(frozen=True)
class Load:
    """Who asks, how many of them, and when."""

    kinds: tuple[str, ...]
    """Names of classes of users."""
    shape: str
    users: int
    seconds: float


def swarm(url: str, load: Load, limits: Limits, *, web: bool = False, quiet: bool = False) -> tuple[Seen, int]:
    """What was seen, and Locust's exit code: 0 where the limits were held. Raises Failed where Locust itself went wrong."""
    with tempfile.TemporaryDirectory(prefix="digitserve-load-") as folder:
        seen = Path(folder) / "seen.json"
        out = subprocess.DEVNULL if quiet else None
        process = subprocess.Popen(command(url, load, limits, seen, web), cwd=CHECKOUT, stdout=out, stderr=subprocess.STDOUT)
        try:
            code = process.wait()
        except KeyboardInterrupt:  # Locust had it too, and ends by itself
            code = process.wait()
        finally:
            process.terminate()
            process.wait()
        if not seen.exists():
            raise Failed(f"Locust ended with exit code {code} and judged nothing")
        return Seen.told(seen.read_text()), code


def command(url: str, load: Load, limits: Limits, seen: Path, web: bool) -> Sequence[str]:
    """Of Locust."""
    # fmt: off
    return (
        sys.executable, "-m", "locust", "--locustfile", str(LOCUSTFILE), "--host", url, "--loglevel", "WARNING",
        *(("--web-host", LOOPBACK, "--web-port", str(WEB_PORT), "--autostart") if web else ("--headless", "--only-summary")),
        "--stop-timeout", str(FINISHES_WITHIN_SECONDS), "--users", str(load.users), "--shape", load.shape, "--seconds", str(load.seconds),
        "--most-errors", str(limits.error_ratio), "--p95-ms", str(limits.p95_ms), "--seen", str(seen), *load.kinds,
    )
    # fmt: on
