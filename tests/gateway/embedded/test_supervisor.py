"""Children that are started again, and what is said about it."""

import asyncio
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from gateway.embedded.child import Plan
from gateway.embedded.failure import CannotStart
from gateway.embedded.supervisor import Backoff, Supervisor
from tests.gateway.embedded.processes import all_gone, family, members, wait_until

COUNTING = "import os, sys; print('life', flush=True); sys.exit(7)"
SLOW_TO_END = """
import signal, sys, time

def end(*_):
    time.sleep(0.5)
    print("end", time.monotonic(), flush=True)
    sys.exit()

signal.signal(signal.SIGTERM, end)
print("up", flush=True)
time.sleep(300)
"""
LASTING = "import os, time; print(os.getpid(), flush=True); time.sleep(300)"


def plan(name: str, program: str, folder: Path) -> Plan:
    return Plan(name, [sys.executable, "-c", program], os.environ, folder, folder / f"{name}.log")


async def until(condition: Callable[[], bool]) -> None:
    await asyncio.to_thread(wait_until, condition)


def test_backoff_doubles_to_ten_seconds_and_starts_over_after_a_minute_of_life() -> None:
    backoff = Backoff()
    assert [backoff.seconds_after(1) for _ in range(7)] == [0.5, 1, 2, 4, 8, 10, 10]
    assert [backoff.seconds_after(life) for life in (60, 59)] == [0.5, 1]


def test_a_child_that_dies_is_started_again_and_one_line_says_so(tmp_path: Path) -> None:
    said: list[str] = []
    dying = plan("dying", COUNTING, tmp_path)

    async def scenario() -> None:
        supervisor = Supervisor([dying], said.append)
        supervisor.start()
        keeping = asyncio.create_task(supervisor.keep())
        await until(lambda: len(dying.last_lines()) == 3)
        keeping.cancel()
        await asyncio.wait({keeping})
        await supervisor.stop()

    asyncio.run(scenario())
    assert said[0] == "dying ended with exit code 7; starting it again in 0.5 s"
    assert said[1] == "dying ended with exit code 7; starting it again in 1 s"


def test_a_restart_gives_its_reason_and_a_new_life(tmp_path: Path) -> None:
    said: list[str] = []
    lasting = plan("lasting", LASTING, tmp_path)

    async def scenario() -> None:
        supervisor = Supervisor([lasting], said.append)
        supervisor.start()
        keeping = asyncio.create_task(supervisor.keep())
        await until(lambda: len(lasting.last_lines()) == 1)
        first = supervisor.child("lasting")
        await supervisor.restart("lasting", "was not well")
        await until(lambda: len(said) == 1)
        await supervisor.restart("lasting", "is on its way already")
        await until(lambda: len(lasting.last_lines()) == 2)
        assert supervisor.child("lasting") is not first
        os.kill(int(lasting.last_lines()[-1]), signal.SIGKILL)
        await until(lambda: len(said) == 2)
        keeping.cancel()
        await asyncio.wait({keeping})
        await supervisor.stop()

    asyncio.run(scenario())
    assert said == ["lasting was not well; starting it again in 0.5 s", "lasting was ended by SIGKILL; starting it again in 1 s"]
    wait_until(all_gone([int(pid) for pid in lasting.last_lines()]), seconds=5)


def test_the_first_death_names_the_child_and_ends_with_its_log(tmp_path: Path) -> None:
    async def scenario() -> None:
        supervisor = Supervisor([plan("lasting", LASTING, tmp_path), plan("dying", COUNTING, tmp_path)], print)
        supervisor.start()
        try:
            await supervisor.first_death()
        finally:
            await supervisor.stop()

    with pytest.raises(CannotStart, match=r"^dying ended with exit code 7 before it served$") as raised:
        asyncio.run(scenario())
    assert raised.value.last_lines == ("life",)


def test_stop_lets_the_last_planned_end_before_the_others_are_asked_to(tmp_path: Path) -> None:
    answering, asking = plan("answering", SLOW_TO_END, tmp_path), plan("asking", SLOW_TO_END, tmp_path)

    async def scenario() -> None:
        supervisor = Supervisor([answering, asking], print)
        supervisor.start()
        await until(lambda: answering.last_lines() == asking.last_lines() == ["up"])
        await supervisor.stop()

    asyncio.run(scenario())
    ends = [float(child.last_lines()[-1].split()[1]) for child in (asking, answering)]
    assert ends[1] - ends[0] >= 0.5


def test_kill_ends_all_at_once(tmp_path: Path) -> None:
    async def scenario() -> None:
        supervisor = Supervisor([Plan("family", family("deaf", tmp_path), os.environ, grace_seconds=60)], print)
        supervisor.start()
        await asyncio.to_thread(members, tmp_path)
        supervisor.kill()
        await asyncio.wait_for(supervisor.stop(), timeout=10)

    asyncio.run(scenario())
    wait_until(all_gone(members(tmp_path)), seconds=5)


def test_a_child_whose_folder_was_removed_is_tried_again_and_costs_no_other(tmp_path: Path) -> None:
    said: list[str] = []
    folder = tmp_path / "gone"
    folder.mkdir()
    dying = plan("dying", COUNTING, folder)

    async def scenario() -> None:
        supervisor = Supervisor([dying], said.append)
        supervisor.start()
        await asyncio.wait({supervisor.child("dying").ended})
        (folder / "dying.log").unlink()
        folder.rmdir()
        keeping = asyncio.create_task(supervisor.keep())
        await until(lambda: len(said) == 2)
        folder.mkdir()
        await until(lambda: dying.last_lines() == ["life"])
        keeping.cancel()
        await asyncio.wait({keeping})
        await supervisor.stop()

    asyncio.run(scenario())
    assert said[1] == "dying could not be started (No such file or directory); starting it again in 1 s"


def test_stop_before_anything_was_started_does_nothing() -> None:
    asyncio.run(Supervisor([], print).stop())
