"""The whole of docker-compose.yml with three gateways, built and brought up once for all tests of this folder."""

import itertools
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from loadtests.bench.fresh import Fresh, Upload, fresh_pictures
from loadtests.client import Gateway
from tests.compose.project import Project
from tests.ports import free_port

GATEWAYS = 3


@dataclass(frozen=True)
class Up:
    """What runs, and how long it took to come up, once built."""

    project: Project
    seconds: float


@pytest.fixture(scope="session")
def up() -> Iterator[Up]:
    project = Project(f"digitserve-test-{os.getpid()}", free_port(), free_port())
    project.compose("build", seconds=1800)
    try:
        started = time.monotonic()
        project.compose("up", "-d", "--scale", f"gateway={GATEWAYS}", seconds=400)
        yield Up(project, time.monotonic() - started)
    finally:
        print(project.compose("logs", "--no-color", "--tail", "40"))
        project.compose("down", "-v", "--remove-orphans")


@pytest.fixture(scope="session")
def project(up: Up) -> Project:
    return up.project


@pytest.fixture(scope="session")
def fresh(project: Project) -> Fresh:
    return fresh_pictures(project.url)


@pytest.fixture(scope="session")
def known(project: Project, fresh: Fresh) -> list[Upload]:
    """Pictures that every gateway has answered before."""
    uploads = fresh.take(60)
    gateway = Gateway(project.url)
    for _ in range(8):
        for upload in uploads:
            gateway.predict(upload.png)
    gateway.close()
    return uploads


@pytest.fixture(scope="session")
def new(fresh: Fresh) -> Iterator[Upload]:
    """Pictures that nobody sent, without end."""
    return itertools.chain.from_iterable(fresh.take(100) for _ in itertools.count())
