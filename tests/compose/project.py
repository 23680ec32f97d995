"""docker-compose.yml as a project of its own, on ports of its own, seen and hurt from outside."""

import json
import os
import shutil
import signal
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
LOOPBACK = "127.0.0.1"


@dataclass(frozen=True)
class Project:
    """One that is up, or can be."""

    name: str
    edge_port: int
    prometheus_port: int
    variables: dict[str, str] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return f"http://{LOOPBACK}:{self.edge_port}"

    @property
    def prometheus_url(self) -> str:
        return f"http://{LOOPBACK}:{self.prometheus_port}"

    def compose(self, *words: str, seconds: float = 300) -> str:
        """What a command of compose prints; what it says besides is in the test's own output. Raises CalledProcessError."""
        command = [*program(), *words]
        return subprocess.run(
            command, cwd=ROOT, env=self.environment, check=True, text=True, stdout=subprocess.PIPE, timeout=seconds
        ).stdout

    def roll(self, what: str, seconds: float = 300, **variables: str) -> str:
        """What gateway/edge/roll.sh says, with those variables changed. Raises CalledProcessError."""
        command, environment = ["sh", str(ROOT / "gateway" / "edge" / "roll.sh"), what], self.environment | variables
        return subprocess.run(command, env=environment, check=True, text=True, stdout=subprocess.PIPE, timeout=seconds).stdout

    @property
    def environment(self) -> dict[str, str]:
        """By which Compose knows it."""
        override = os.environ.get("COMPOSE_OVERRIDE")
        files = ["docker-compose.yml", *([override] if override else ())]
        ports = {"EDGE_PORT": str(self.edge_port), "PROMETHEUS_PORT": str(self.prometheus_port)}
        return {**os.environ, "COMPOSE_FILE": os.pathsep.join(files), "COMPOSE_PROJECT_NAME": self.name, **ports, **self.variables}

    def containers(self, service: str) -> list[str]:
        """Ids of those that run, or are about to again."""
        return docker("ps", "-aq", *("--filter", f"label=com.docker.compose.project={self.name}"),
                      *("--filter", f"label=com.docker.compose.service={service}")).split()  # fmt: skip

    def kill(self, container: str) -> None:
        """Its main process, as if it had died by itself: the engine starts it again."""
        os.kill(self.state(container)["Pid"], signal.SIGKILL)

    def state(self, container: str) -> dict[str, Any]:
        return dict(inspected(container)["State"])

    def is_well(self, service: str) -> bool:
        """Whether all of its containers run, and are healthy where they are asked."""
        states = [self.state(container) for container in self.containers(service)]
        return bool(states) and all(
            state["Running"] and state.get("Health", {"Status": "healthy"})["Status"] == "healthy" for state in states
        )


def program() -> list[str]:
    """Compose 2 where the engine's client has it, else 1.29."""
    if shutil.which("docker") and subprocess.run(["docker", "compose", "version"], capture_output=True).returncode == 0:
        return ["docker", "compose"]
    if shutil.which("docker-compose"):
        return ["docker-compose"]
    raise AssertionError("docker compose is needed: apt-get install -y docker.io docker-compose, and start dockerd")


def docker(*words: str) -> str:
    """Raises CalledProcessError."""
    return subprocess.run(["docker", *words], check=True, text=True, stdout=subprocess.PIPE, timeout=120).stdout


def inspected(thing: str) -> dict[str, Any]:
    """A container or an image."""
    return dict(json.loads(docker("inspect", thing))[0])


def megabytes(images: Sequence[str]) -> list[float]:
    """Of the whole image."""
    return [inspected(image)["Size"] / 1e6 for image in images]
