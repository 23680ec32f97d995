"""A real TorchServe for tests: own ports, own temporary folder, own process group, and nothing of it left afterwards."""

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from gateway.embedded.ports import LOOPBACK, free_ports
from gateway.embedded.torchserve import Computing, Ports, installed_torchserve, read_properties, torchserve_plan
from loadtests.programs import Failed, wait_until
from model.export import CHECKOUT

ONE_WORKER = Computing(1)
START_SECONDS = 90
"""Five are usual; the rest is for machines that do other things too."""


def configuration() -> dict[str, str]:
    """`handler/config.properties` as Java reads it."""
    return read_properties((CHECKOUT / "handler/config.properties").read_text(encoding="utf-8"))


@dataclass(frozen=True)
class TorchServe:
    inference: httpx.Client
    management: httpx.Client
    metrics: httpx.Client
    process: "subprocess.Popen[bytes]"
    log: Path
    model: str = "digits"

    def describe(self) -> dict[str, Any]:
        answer: dict[str, Any] = self.management.get(f"/models/{self.model}").raise_for_status().json()[0]
        return answer

    def ready_workers(self) -> list[int]:
        """Process ids of the workers that say READY."""
        try:
            return [int(worker["pid"]) for worker in self.describe()["workers"] if worker["status"] == "READY"]
        except httpx.HTTPError:
            return []

    def ready_worker(self) -> int | None:
        return next(iter(self.ready_workers()), None)


@contextlib.contextmanager
def launched(
    store: Path, computing: Computing = ONE_WORKER, environment: Mapping[str, str] = os.environ, model: str = "digits"
) -> Iterator[TorchServe]:
    """TorchServe on this model's archive, started as the embedded run starts it but perhaps not ready. On leaving, its group is gone."""
    # Short, because the workers' unix sockets lie there and their names may have 104 characters at most.
    home = Path(tempfile.mkdtemp(prefix="ts-"))
    log = home / "log"
    ports = Ports(*free_ports(6))
    plan = torchserve_plan(installed_torchserve(), store / f"{model}.mar", computing, ports, home, log, environment, model=model)
    with contextlib.ExitStack() as stack:
        stack.callback(shutil.rmtree, home, ignore_errors=True)
        inference, management, metrics = (
            stack.enter_context(httpx.Client(base_url=f"http://{LOOPBACK}:{port}", timeout=30))
            for port in (ports.inference, ports.management, ports.metrics)
        )
        with log.open("wb") as output:
            process = subprocess.Popen(
                plan.command,
                cwd=home,
                env=dict(plan.environment),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        try:
            yield TorchServe(inference, management, metrics, process, log, model)
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


@contextlib.contextmanager
def serving(
    store: Path, computing: Computing = ONE_WORKER, environment: Mapping[str, str] = os.environ, model: str = "digits"
) -> Iterator[TorchServe]:
    """The same, with a worker that is READY."""
    with launched(store, computing, environment, model) as server:

        def ready() -> bool:
            if server.process.poll() is not None:
                raise RuntimeError(f"TorchServe ended with {server.process.returncode}: {server.log.read_text()[-2000:]}")
            return server.ready_worker() is not None

        try:
            wait_until(ready, START_SECONDS, "a READY worker")
        except Failed as error:
            raise RuntimeError(server.log.read_text()[-2000:]) from error
        yield server
