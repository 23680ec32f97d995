"""A gateway that is a process of its own."""

import json
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.gateway.workers.parents import Parent, Parents

pytestmark = pytest.mark.integration

SERVE = [sys.executable, "-m", "gateway", "serve"]


@pytest.fixture
def parents(tmp_path: Path) -> Iterator[Parents]:
    with Parents(tmp_path) as parents:
        yield parents


def lines_of(gateway: Parent) -> list[dict[str, str]]:
    return [json.loads(line) for line in gateway.said.splitlines()]


@pytest.mark.parametrize("workers", [1, 2])
def test_what_keeps_it_from_starting_is_an_object_too(parents: Parents, workers: int) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        gateway = parents.start(SERVE, workers=workers, port=taken.getsockname()[1], log_format="json")
        assert gateway.process.wait(timeout=30) != 0
    lines = lines_of(gateway)
    assert any("address" in line["message"] or "taken" in line["message"] for line in lines), gateway.said
