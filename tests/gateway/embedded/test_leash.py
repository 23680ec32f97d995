"""The leash alone, as the program that it is."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from gateway.embedded import leash
from tests.gateway.embedded.processes import all_gone, family, members, wait_until


@dataclass
class Leashed:
    process: subprocess.Popen[bytes]
    line: socket.socket

    def last_words(self) -> bytes:
        self.line.settimeout(20)
        return self.line.recv(512)


class Kennel:
    def __init__(self) -> None:
        self.all: list[Leashed] = []

    def start(self, command: list[str], grace_seconds: float = 10.0, stdout: int | None = None) -> Leashed:
        line, far = socket.socketpair()
        with far:
            program = [sys.executable, "-I", "-S", leash.__file__, str(grace_seconds), *command]
            process = subprocess.Popen(program, stdin=far.fileno(), stdout=stdout, start_new_session=True)
        self.all.append(Leashed(process, line))
        return self.all[-1]


@pytest.fixture
def kennel() -> Iterator[Kennel]:
    kennel = Kennel()
    yield kennel
    for leashed in kennel.all:
        if leashed.process.poll() is None:
            os.killpg(leashed.process.pid, signal.SIGKILL)
        leashed.process.communicate()
        leashed.line.close()


def test_the_end_of_the_parents_stream_ends_the_family(kennel: Kennel, tmp_path: Path) -> None:
    leashed = kennel.start(family("plain", tmp_path))
    pids = members(tmp_path)
    leashed.line.close()
    wait_until(all_gone([*pids, leashed.process.pid]), seconds=5)


def test_a_family_deaf_to_sigterm_is_killed_after_the_grace(kennel: Kennel, tmp_path: Path) -> None:
    leashed = kennel.start(family("deaf", tmp_path), grace_seconds=0.5)
    pids = members(tmp_path)
    leashed.line.close()
    wait_until(all_gone([*pids, leashed.process.pid]), seconds=5)


def test_what_a_command_leaves_behind_is_killed_when_it_exits(kennel: Kennel, tmp_path: Path) -> None:
    leashed = kennel.start(family("leaving", tmp_path), stdout=subprocess.DEVNULL)
    assert leashed.last_words() == b"exit 3"
    wait_until(all_gone(members(tmp_path)), seconds=5)


def test_sigterm_to_the_leash_ends_the_family(kennel: Kennel, tmp_path: Path) -> None:
    leashed = kennel.start(family("plain", tmp_path))
    pids = members(tmp_path)
    os.kill(leashed.process.pid, signal.SIGTERM)
    wait_until(all_gone(pids), seconds=5)


def test_a_killed_command_is_told_by_its_signal(kennel: Kennel, tmp_path: Path) -> None:
    leashed = kennel.start(family("plain", tmp_path))
    os.kill(members(tmp_path)[0], signal.SIGKILL)
    assert leashed.last_words() == b"signal 9"


def test_a_command_that_cannot_start_is_told(kennel: Kennel, tmp_path: Path) -> None:
    assert kennel.start([str(tmp_path / "nothing")]).last_words() == b"cannot start: No such file or directory"


def test_the_command_sees_neither_the_line_nor_the_leashs_signal_handling(kennel: Kennel) -> None:
    looks = (
        "import os, signal, sys; print(sys.stdin.read() == '', os.listdir('/dev/fd').__len__() <= 4, "
        "signal.getsignal(signal.SIGTERM) is signal.SIG_DFL, signal.getsignal(signal.SIGHUP) is signal.SIG_DFL)"
    )
    leashed = kennel.start([sys.executable, "-c", looks], stdout=subprocess.PIPE)
    assert leashed.process.stdout is not None
    assert leashed.process.stdout.read().split() == [b"True"] * 4


def test_signals_that_python_ignores_are_not_ignored_by_the_command(kennel: Kennel) -> None:
    leashed = kennel.start(["/bin/sh", "-c", "kill -PIPE $$; echo still here"])
    assert leashed.last_words() == b"signal 13"
