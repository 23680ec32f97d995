"""A whole stack for one drill: the embedded run with a handler that can be slowed down, its children found so that they can be killed."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import psutil

from loadtests.client import Gateway
from loadtests.pictures import CHECKOUT

STARTS_WITHIN_SECONDS = 90.0
ENDS_WITHIN_SECONDS = 20.0
LOOPBACK = "127.0.0.1"

HANDLES = '    def handle(self, data: list[dict[str, Any]], context: Any) -> list[bytes]:\n        """'
"""The place in the handler where a delay goes."""


class DrillFailed(Exception):
    """What should have been seen was not, or the stack did not come up; one line."""


@dataclass(frozen=True)
class Stack:
    """What runs. Everything it writes is under `folder`."""

    folder: Path
    url: str
    environment: dict[str, str]
    process: subprocess.Popen[bytes]
    gateway: Gateway

    @property
    def state(self) -> Path:
        return self.folder / "state"

    def delay(self, seconds: float) -> None:
        """How long the handler sleeps from now on, each time that it is asked."""
        _replace(_delay_file(self.folder), repr(seconds))

    def kill(self, child: str) -> None:
        """The process that listens as `redis` or `torchserve`, if there is one now."""
        (told,) = (self.state / "run").glob("run-*/addresses.json")
        port = urlsplit(json.loads(told.read_text())[child]).port
        for process in psutil.Process(self.process.pid).children(recursive=True):
            try:
                if any(each.laddr.port == port for each in process.net_connections() if each.status == psutil.CONN_LISTEN):
                    process.kill()
            except psutil.NoSuchProcess:
                continue

    def command(self, *arguments: str) -> None:
        """`python -m gateway` with these arguments, on this stack's settings. Raises CalledProcessError."""
        subprocess.run([sys.executable, "-m", "gateway", *arguments], cwd=CHECKOUT, env=self.environment, check=True)


@contextmanager
def slowable_stack(folder: Path, delay_seconds: float) -> Iterator[Stack]:
    """Ready, its handler sleeping that long. Raises DrillFailed where it does not come up."""
    _replace(_delay_file(folder), repr(delay_seconds))
    _archive(folder)
    port = free_port()
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GATEWAY_")}
    environment |= {"GATEWAY_PORT": str(port), "GATEWAY_STATE_DIR": str(folder / "state")}
    with program([sys.executable, "-m", "gateway", "run"], folder / "stack.log", environment, says="try: curl") as process:
        url = f"http://{LOOPBACK}:{port}"
        gateway = Gateway(url)
        try:
            yield Stack(folder, url, environment, process, gateway)
        finally:
            gateway.close()


@contextmanager
def program(command: list[str], log: Path, environment: dict[str, str], *, says: str) -> Iterator[subprocess.Popen[bytes]]:
    """It runs, and has said that it does. Ended by SIGTERM, which ends its children too. Raises DrillFailed."""
    with log.open("wb") as out:
        process = subprocess.Popen(command, cwd=CHECKOUT, env=environment, stdout=out, stderr=subprocess.STDOUT)
    try:
        wait_until(lambda: process.poll() is not None or says in log.read_text(), STARTS_WITHIN_SECONDS, f"the start of {command[2:]}")
        if process.poll() is not None:
            raise DrillFailed(f"{' '.join(command[1:])} ended: {log.read_text().strip()}")
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(ENDS_WITHIN_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def wait_until(condition: Callable[[], object], seconds: float, what: str, every: float = 0.1) -> float:
    """How long it took. Raises DrillFailed after `seconds`."""
    started = time.monotonic()
    while not condition():
        if time.monotonic() - started > seconds:
            raise DrillFailed(f"{what} took more than {seconds:.0f} s")
        time.sleep(every)
    return time.monotonic() - started


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


def _archive(folder: Path) -> None:
    """Of this checkout, with the delay in its handler: another model version, since what ships with the weights differs."""
    source = folder / "source"
    for room in ("model", "handler"):
        shutil.copytree(CHECKOUT / room, source / room, ignore=shutil.ignore_patterns("__pycache__"))
    handler = source / "handler" / "digit_handler.py"
    text = handler.read_text()
    if text.count(HANDLES) != 1:
        raise DrillFailed(f"{handler.name} has no place for a delay any more; mend HANDLES")
    sleeps = f"        __import__('time').sleep(float(Path({str(_delay_file(folder))!r}).read_text()))\n"
    end = text.index("\n", text.index('"""', text.index(HANDLES) + len(HANDLES))) + 1
    handler.write_text(text[:end] + sleeps + text[end:])
    build = [sys.executable, "-m", "model", "archive", "--out", str(folder / "state" / "archive")]
    subprocess.run(build, cwd=source, check=True, stdout=subprocess.DEVNULL)


def _delay_file(folder: Path) -> Path:
    return folder / "delay"


def _replace(file: Path, text: str) -> None:
    partial = file.with_suffix(".partial")
    partial.write_text(text)
    partial.replace(file)
