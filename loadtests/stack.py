"""Whole stacks, started as a user does with a folder and ports of their own, watched from outside, and ended without a trace."""

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import psutil

from loadtests.client import Gateway
from loadtests.pictures import CHECKOUT
from loadtests.programs import program

LOOPBACK = "127.0.0.1"


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

    @property
    def addresses(self) -> dict[str, str]:
        """Of the gateway and the children, by name."""
        (told,) = (self.state / "run").glob("run-*/addresses.json")
        return dict(json.loads(told.read_text()))

    def beside(self, port: int, state: Path) -> dict[str, str]:
        """The environment of another gateway on the same children, with a state of its own."""
        addresses = self.addresses
        return clean_environment() | {
            "GATEWAY_PORT": str(port),
            "GATEWAY_STATE_DIR": str(state),
            "GATEWAY_REDIS_URL": addresses["redis"],
            "GATEWAY_TORCHSERVE_URL": addresses["torchserve"],
            "GATEWAY_TORCHSERVE_MANAGEMENT_URL": addresses["torchserve_management"],
        }

    def listening(self, child: str) -> list[psutil.Process]:
        """Who listens as `gateway`, `redis` or `torchserve`; nobody while it is down."""
        port = urlsplit(self.addresses[child]).port
        found = []
        for process in psutil.Process(self.process.pid).children(recursive=True):
            with suppress(psutil.NoSuchProcess):
                if any(each.laddr.port == port for each in process.net_connections() if each.status == psutil.CONN_LISTEN):
                    found.append(process)
        return found

    def kill(self, child: str) -> None:
        """The process that listens as `redis` or `torchserve`, if there is one now."""
        for process in self.listening(child):
            with suppress(psutil.NoSuchProcess):
                process.kill()

    def command(self, *arguments: str) -> None:
        """`python -m gateway` with these arguments, on this stack's settings. Raises CalledProcessError."""
        subprocess.run([sys.executable, "-m", "gateway", *arguments], cwd=CHECKOUT, env=self.environment, check=True)


@contextmanager
def running_stack(folder: Path, source: Path = CHECKOUT, **settings: str) -> Iterator[Stack]:
    """The embedded run, serving the model of this checkout or of `source`, with these environment variables. Raises Failed."""
    build_archive(source, folder / "state" / "archive")
    port = free_port()
    environment = clean_environment() | {"GATEWAY_PORT": str(port), "GATEWAY_STATE_DIR": str(folder / "state")} | settings
    log = folder / "stack.log"
    with program([sys.executable, "-m", "gateway", "run"], log, environment, is_up=lambda: "try: curl" in log.read_text()) as process:
        url = f"http://{LOOPBACK}:{port}"
        gateway = Gateway(url)
        try:
            yield Stack(folder, url, environment, process, gateway)
        finally:
            gateway.close()


def build_archive(source: Path, folder: Path) -> None:
    """Raises CalledProcessError."""
    build = [sys.executable, "-m", "model", "archive", "--out", str(folder)]
    subprocess.run(build, cwd=source, check=True, stdout=subprocess.DEVNULL)


def clean_environment() -> dict[str, str]:
    """Ours without the settings that are meant for another gateway."""
    return {name: value for name, value in os.environ.items() if not name.startswith("GATEWAY_")}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])
