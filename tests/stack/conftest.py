"""The real embedded stack, started once with the README's own command, on a port and in a state folder of its own."""

import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil
import pytest

from loadtests.programs import wait_until
from tests.ports import free_port

ROOT = Path(__file__).parents[2]
START_SECONDS = 60.0

STACK_FOLDER = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything here needs the stack."""
    for item in items:
        if STACK_FOLDER in item.path.parents:
            item.add_marker(pytest.mark.integration)


@dataclass
class Stack:
    """The running stack: its address, its processes and its words."""

    url: str
    parent: psutil.Process
    http: httpx.Client
    log: Path
    """What it says to the person who started it."""

    def find(self, *words: str) -> psutil.Process:
        """Our process whose command line holds all of these words."""
        for process in self.parent.children(recursive=True):
            try:
                command = process.cmdline()
            except psutil.Error:
                continue
            if all(any(word in part for part in command) for word in words) and "leash.py" not in " ".join(command[:5]):
                return process
        raise AssertionError(f"no process of the stack has {words} in its command line")

    @property
    def redis(self) -> psutil.Process:
        return self.find("-server 127.0.0.1")  # the title that the server gives itself

    @property
    def gateway(self) -> psutil.Process:
        return self.find("gateway", "serve")

    @property
    def worker(self) -> psutil.Process:
        return self.find("model_service_worker")

    def get(self, path: str) -> httpx.Response:
        return self.http.get(path)

    def predict(self, picture: bytes, **headers: str) -> httpx.Response:
        return self.http.post("/v1/predict", content=picture, headers=headers)

    @property
    def ready(self) -> bool:
        return self.get("/readyz").status_code == 200

    def metric(self, sample: str) -> float:
        """The value of one sample, written as in the exposition."""
        for line in self.get("/metrics").text.splitlines():
            if line.startswith(sample + " "):
                return float(line.rsplit(" ", 1)[1])
        raise AssertionError(f"/metrics has no {sample}")


@contextmanager
def make_run(state: Path, *words: str) -> Iterator[Stack]:
    """`make run` with these words, ready; at the Ctrl-C of a terminal it is gone without a trace, and the state folder with it."""
    state.mkdir(exist_ok=True)
    url = f"http://127.0.0.1:{(port := free_port())}"
    log = state / "stack.log"
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GATEWAY_")}
    environment |= {"GATEWAY_PORT": str(port), "GATEWAY_STATE_DIR": str(state)}
    with log.open("wb") as out:
        process = subprocess.Popen(["make", "run", *words], cwd=ROOT, env=environment, stdout=out, stderr=out, start_new_session=True)

    def serves() -> bool:
        assert process.poll() is None, log.read_text()
        return "try: curl" in log.read_text()

    try:
        wait_until(serves, START_SECONDS, "the start of the stack")
        with httpx.Client(base_url=url, timeout=30) as http:
            running = Stack(url, psutil.Process(process.pid), http, log)
            yield running
            children = running.parent.children(recursive=True)
        os.killpg(process.pid, signal.SIGINT)
        process.wait(20)
        _, left = psutil.wait_procs(children, 5)
        assert left == []
        assert "***" not in log.read_text(), "make says so where what it ran has failed"
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        shutil.rmtree(state, ignore_errors=True)


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The one that tests share."""
    with make_run(tmp_path_factory.mktemp("state")) as running:
        yield running


@pytest.fixture
def ready_stack(stack: Stack) -> Iterator[Stack]:
    """Ready before and after: a test that hurts the stack waits until it has healed."""
    wait_until(lambda: stack.ready, 60, "readiness")
    yield stack
    wait_until(lambda: stack.ready, 60, "recovery")
