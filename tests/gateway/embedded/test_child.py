"""Children that end in every way there is, and parents that are killed."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from gateway.embedded.child import Child, Plan, in_words
from tests.gateway.embedded.processes import all_gone, family, members, wait_until

PARENT = """
import asyncio, os, sys
from gateway.embedded.child import Child, Plan

async def main():
    child = Child(Plan("family", sys.argv[2:], os.environ, grace_seconds=float(sys.argv[1])))
    await asyncio.wait({child.ended})

asyncio.run(main())
"""


def plan(command: list[str], folder: Path, grace_seconds: float = 10.0) -> Plan:
    return Plan("family", command, os.environ, folder, folder / "log", grace_seconds)


@pytest.mark.parametrize("manner", ["plain", "deaf"])
def test_a_killed_parent_leaves_nothing(manner: str, tmp_path: Path) -> None:
    parent = subprocess.Popen([sys.executable, "-c", PARENT, "1.0", *family(manner, tmp_path)])
    pids = members(tmp_path)
    parent.kill()
    parent.wait()
    wait_until(all_gone(pids), seconds=5)


@pytest.mark.parametrize("manner", ["plain", "deaf"])
def test_a_killed_leash_leaves_nothing(manner: str, tmp_path: Path) -> None:
    async def scenario() -> str:
        child = Child(plan(family(manner, tmp_path), tmp_path))
        pids = await asyncio.to_thread(members, tmp_path)
        os.kill(child.group, signal.SIGKILL)
        await asyncio.wait_for(child.ended, timeout=5)
        await asyncio.to_thread(wait_until, all_gone(pids), 5)
        return child.ended.result()

    assert asyncio.run(scenario()) == "lost its leash"


@pytest.mark.parametrize(("manner", "grace_seconds", "ending"), [("plain", 10.0, "SIGTERM"), ("deaf", 0.3, "SIGKILL")])
def test_stop_ends_the_family_within_its_grace(manner: str, grace_seconds: float, ending: str, tmp_path: Path) -> None:
    async def scenario() -> str:
        child = Child(plan(family(manner, tmp_path), tmp_path, grace_seconds))
        pids = await asyncio.to_thread(members, tmp_path)
        await child.stop()
        await asyncio.to_thread(wait_until, all_gone(pids), 5)
        return child.ended.result()

    start = time.monotonic()
    assert ending in asyncio.run(scenario())
    assert time.monotonic() - start < 9


def test_a_frozen_leash_does_not_hold_stop_up(tmp_path: Path) -> None:
    async def scenario() -> list[int]:
        child = Child(plan(family("plain", tmp_path), tmp_path, grace_seconds=0.2))
        pids = await asyncio.to_thread(members, tmp_path)
        os.kill(child.group, signal.SIGSTOP)
        await asyncio.wait_for(child.stop(), timeout=10)
        return pids

    wait_until(all_gone(asyncio.run(scenario())), seconds=5)


def test_kill_ends_even_a_deaf_family_at_once(tmp_path: Path) -> None:
    async def scenario() -> list[int]:
        child = Child(plan(family("deaf", tmp_path), tmp_path, grace_seconds=60))
        pids = await asyncio.to_thread(members, tmp_path)
        child.kill()
        await asyncio.wait_for(child.ended, timeout=5)
        child.kill()  # and again does no harm
        return pids

    wait_until(all_gone(asyncio.run(scenario())), seconds=5)


def test_an_exit_leaves_its_code_the_log_and_how_long_it_lived(tmp_path: Path) -> None:
    async def scenario() -> Child:
        child = Child(plan(family("leaving", tmp_path), tmp_path))
        await asyncio.wait({child.ended})
        await child.stop()  # of one that ended already: nothing
        return child

    child = asyncio.run(scenario())
    assert child.ended.result() == "ended with exit code 3"
    assert child.plan.last_lines() == ["leaving"]
    assert child.life_seconds > 0


def test_last_lines_are_the_last_and_no_more_than_asked(tmp_path: Path) -> None:
    family_plan = plan([], tmp_path)
    assert family_plan.last_lines() == []
    (tmp_path / "log").write_bytes(b"\xff\n" * 100_000 + b"last\n")
    assert family_plan.last_lines() == ["\N{REPLACEMENT CHARACTER}"] * 19 + ["last"]


@pytest.mark.parametrize(
    ("last_words", "words"),
    [
        ("exit 0", "ended with exit code 0"),
        ("signal 11", "was ended by SIGSEGV"),
        ("", "lost its leash"),
        ("cannot start: Permission denied", "cannot start: Permission denied"),
    ],
)
def test_endings_in_words(last_words: str, words: str) -> None:
    assert in_words(last_words) == words
