"""What a program starts ends with it and is counted with it."""

import os
import sys
from pathlib import Path

import psutil
import pytest

from loadtests.bench.usage import usage
from loadtests.programs import Failed, halt, program, resume, tree, wait_until

PARENT = """
import subprocess, sys
child = subprocess.Popen([sys.executable, "-c", "import time; print('up', flush=True); time.sleep(60)"])
child.wait()
"""


def up(folder: Path) -> bool:
    return "up" in (folder / "log").read_text()


def test_children_are_counted_and_end_with_it(tmp_path: Path) -> None:
    with program([sys.executable, "-c", PARENT], tmp_path / "log", os.environ, is_up=lambda: up(tmp_path)) as process:
        pid = process.pid
        processes = tree(pid)
        assert len(processes) == 2
        seen = usage([pid])
        assert set(seen.processor_seconds) == {process.pid for process in processes}
        assert seen.resident_bytes > sum(process.memory_info().rss for process in processes) / 2
    wait_until(lambda: not any(process.is_running() for process in processes), 5, "the end")
    assert usage([pid]).processor_seconds == {}


def test_what_makes_a_group_of_its_own_is_halted_and_ended_too(tmp_path: Path) -> None:
    parent = PARENT.replace("])", "], start_new_session=True)")
    with program([sys.executable, "-c", parent], tmp_path / "log", os.environ, is_up=lambda: up(tmp_path)) as process:
        processes = tree(process.pid)
        assert len({os.getpgid(each.pid) for each in processes}) == 2
        halt(process.pid)
        wait_until(lambda: {each.status() for each in processes} == {psutil.STATUS_STOPPED}, 5, "the halt")
    wait_until(lambda: not any(each.is_running() for each in processes), 5, "the end")


def test_one_that_is_halted_can_be_resumed_and_ended(tmp_path: Path) -> None:
    with program([sys.executable, "-c", PARENT], tmp_path / "log", os.environ, is_up=lambda: up(tmp_path)) as process:
        pid = process.pid
        halt(pid)
        wait_until(lambda: {each.status() for each in tree(pid)} == {psutil.STATUS_STOPPED}, 5, "the halt")
        resume(pid)
        wait_until(lambda: psutil.STATUS_STOPPED not in {each.status() for each in tree(pid)}, 5, "the resumption")
        halt(pid)
    assert tree(pid) == []


def test_one_that_ends_at_once_tells_why(tmp_path: Path) -> None:
    with (
        pytest.raises(Failed, match="no such thing"),
        program([sys.executable, "-c", "raise SystemExit('no such thing')"], tmp_path / "log", os.environ, is_up=lambda: False),
    ):
        pass
