"""A gateway that is a process of its own: what it traces reaches a collector before it ends, and each of its log lines is an object."""

import json
import signal
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from gateway.__main__ import INTERRUPTED
from gateway.traceparent import read_traceparent
from tests.gateway.collector import Collector, collecting
from tests.gateway.conftest import digit_png
from tests.gateway.embedded.processes import wait_until
from tests.gateway.test_traceparent import SAID, TRACE_ID
from tests.gateway.torchserve_double import TorchServeDouble
from tests.gateway.torchserve_server import torchserve_server
from tests.gateway.workers.parents import Parent, Parents
from tests.ports import free_port

pytestmark = pytest.mark.integration

SERVE = [sys.executable, "-m", "gateway", "serve"]


@pytest.fixture
def parents(tmp_path: Path) -> Iterator[Parents]:
    with Parents(tmp_path) as parents:
        yield parents


@pytest.fixture
def collector() -> Iterator[Collector]:
    with collecting() as collector:
        yield collector


def is_ready(gateway: Parent) -> bool:
    assert gateway.process.poll() is None, gateway.said
    try:
        return httpx.get(f"{gateway.url}/readyz").status_code == 200
    except httpx.HTTPError:
        return False


def lives(gateway: Parent) -> bool:
    assert gateway.process.poll() is None, gateway.said
    try:
        return httpx.get(f"{gateway.url}/healthz").status_code == 200
    except httpx.HTTPError:
        return False


def lines_of(gateway: Parent) -> list[dict[str, str]]:
    return [json.loads(line) for line in gateway.said.splitlines()]


def test_a_miss_over_a_connection_is_five_spans_and_its_answer_says_whose(parents: Parents, collector: Collector) -> None:
    double = TorchServeDouble()
    with torchserve_server(double) as url:
        gateway = parents.start(
            SERVE, workers=1, torchserve_url=url, torchserve_management_url=url, otlp_endpoint=collector.url, log_format="json"
        )
        wait_until(lambda: is_ready(gateway), seconds=60)
        answer = httpx.post(f"{gateway.url}/v1/predict", content=digit_png(7), headers={"traceparent": SAID.decode()})
        gateway.process.send_signal(signal.SIGTERM)
        gateway.process.wait(timeout=20)
    assert (answer.status_code, answer.json()["cache"]) == (200, "miss")
    spans = {span.name: span for span in collector.of(TRACE_ID)}
    assert spans.keys() == {"POST /v1/predict", "decode", "cache", "queue", "model", "record"}
    told = read_traceparent(answer.headers["traceparent"].encode())
    assert told == (TRACE_ID, spans["POST /v1/predict"].span_id.hex(), True)
    assert f"00-{TRACE_ID}-{spans['model'].span_id.hex()}-01" in double.traceparents
    [serving] = [line for line in lines_of(gateway) if line["message"].startswith("serving model digits")]
    assert (serving["level"], serving["logger"]) == ("info", "gateway.versions")


@pytest.mark.parametrize("workers", [1, 2])
def test_what_keeps_it_from_starting_is_an_object_too(parents: Parents, workers: int) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        gateway = parents.start(SERVE, workers=workers, port=taken.getsockname()[1], log_format="json")
        assert gateway.process.wait(timeout=30) != 0
    lines = lines_of(gateway)
    assert any("address" in line["message"] or "taken" in line["message"] for line in lines), gateway.said


def test_whoever_interrupts_it_sees_no_traceback(parents: Parents) -> None:
    nowhere = f"http://127.0.0.1:{free_port()}"
    gateway = parents.start(SERVE, workers=1, records="off", torchserve_url=nowhere, torchserve_management_url=nowhere)
    wait_until(lambda: lives(gateway), seconds=60)
    gateway.process.send_signal(signal.SIGINT)
    assert gateway.process.wait(timeout=20) == INTERRUPTED
    assert "Traceback" not in gateway.said
