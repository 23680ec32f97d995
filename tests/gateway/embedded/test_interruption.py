"""Signals that end a run."""

import asyncio
import os
import signal

import pytest

from gateway.embedded.interruption import interruption


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_the_first_is_polite_and_the_second_forces(number: signal.Signals) -> None:
    forced: list[str] = []

    async def scenario() -> None:
        with interruption(again=lambda: forced.append("again")) as interrupted:
            os.kill(os.getpid(), number)
            await interrupted.wait()
            assert forced == []
            os.kill(os.getpid(), number)
            while not forced:
                await asyncio.sleep(0.01)

    asyncio.run(asyncio.wait_for(scenario(), timeout=10))
    assert forced == ["again"]


def test_a_hangup_that_nohup_ignores_stays_ignored() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)

    async def scenario() -> bool:
        with interruption(again=lambda: None) as interrupted:
            os.kill(os.getpid(), signal.SIGHUP)
            os.kill(os.getpid(), signal.SIGTERM)
            await interrupted.wait()
            os.kill(os.getpid(), signal.SIGHUP)
        return signal.getsignal(signal.SIGHUP) is signal.SIG_IGN

    try:
        assert asyncio.run(asyncio.wait_for(scenario(), timeout=10))
    finally:
        signal.signal(signal.SIGHUP, before)
