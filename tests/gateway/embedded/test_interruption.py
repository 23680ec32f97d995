"""Signals that end a run. Each is sent to a process of its own: in that of the tests are libraries that a signal may end it for."""

import subprocess
import sys
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[3]
FIRST_AND_SECOND = """
import asyncio, os, signal, sys
from gateway.embedded.interruption import interruption

forced = []

async def scenario(number):
    with interruption(again=lambda: forced.append("again")) as interrupted:
        os.kill(os.getpid(), number)
        await interrupted.wait()
        assert forced == []
        os.kill(os.getpid(), number)
        while not forced:
            await asyncio.sleep(0.01)

asyncio.run(asyncio.wait_for(scenario(signal.Signals[sys.argv[1]]), timeout=10))
assert forced == ["again"]
"""
UNDER_NOHUP = """
import asyncio, os, signal
from gateway.embedded.interruption import interruption

signal.signal(signal.SIGHUP, signal.SIG_IGN)

async def scenario():
    with interruption(again=lambda: None) as interrupted:
        os.kill(os.getpid(), signal.SIGHUP)
        os.kill(os.getpid(), signal.SIGTERM)
        await interrupted.wait()
        os.kill(os.getpid(), signal.SIGHUP)
    return signal.getsignal(signal.SIGHUP) is signal.SIG_IGN

assert asyncio.run(asyncio.wait_for(scenario(), timeout=10))
"""


def run(*script: str) -> None:
    subprocess.run([sys.executable, "-c", *script], cwd=CHECKOUT, check=True, timeout=60)


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_the_first_is_polite_and_the_second_forces(name: str) -> None:
    run(FIRST_AND_SECOND, name)


def test_a_hangup_that_nohup_ignores_stays_ignored() -> None:
    run(UNDER_NOHUP)
