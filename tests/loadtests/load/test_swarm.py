"""Locust runs apart from everything else, and what it is told is what it does."""

import subprocess
import sys
from pathlib import Path

import pytest

from loadtests.bench.servers import BARE_ASGI, RIVALS
from loadtests.load.judgement import Limits
from loadtests.load.swarm import Load, command, swarm
from loadtests.pictures import CHECKOUT

LOAD = Load(("NewPictures", "Batches"), "steady", users=4, seconds=2)
LIMITS = Limits(error_ratio=0.01, p95_ms=1_000)


def test_nothing_but_locusts_own_process_is_gevents() -> None:
    script = "import sys, loadtests.load.__main__; sys.exit('gevent' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], cwd=CHECKOUT, check=False).returncode == 0


def test_the_web_interface_is_asked_for_by_option_and_on_loopback() -> None:
    url, seen = "http://127.0.0.1:1", Path("seen.json")
    web, headless = (command(url, LOAD, LIMITS, seen, web) for web in (True, False))
    assert (web[web.index("--web-host") + 1], web[web.index("--web-port") + 1]) == ("127.0.0.1", "8089")
    assert "--headless" not in web
    assert "--headless" in headless


@pytest.mark.integration
def test_a_server_that_reads_the_same_in_everything_errs(tmp_path: Path) -> None:
    with RIVALS[BARE_ASGI](BARE_ASGI, tmp_path, tmp_path) as bare:
        seen, code = swarm(bare.url, LOAD, LIMITS)
    assert code == 1
    assert seen.requests > 10
    assert seen.error_ratio > 0.5  # one digit in ten is right, if so many were asked
    assert seen.broken_users == 0
