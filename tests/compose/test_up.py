"""docker-compose.yml brings everything up in time, as its parts are meant to be, and predictions through the edge are right."""

import http.client
import json
import socket
import subprocess
import time
from functools import partial
from urllib.parse import quote, urlsplit
from urllib.request import urlopen

import pytest

from loadtests.client import Gateway
from loadtests.pictures import png
from loadtests.programs import wait_until
from tests.compose.conftest import GATEWAYS, Up
from tests.compose.project import Project, docker, inspected, megabytes
from tests.model.preprocess.pictures import DIGITS, LABELS

pytestmark = [pytest.mark.docker, pytest.mark.timeout(2400)]

SERVICES = ("edge", "gateway", "torchserve", "redis", "postgres", "prometheus", "alertmanager")
BASE = "python:3.11.14-slim-bookworm"
GATEWAY_BEYOND_BASE_MB = 380
"""Where OpenCV decodes, which was measured to be the faster."""


def asked(project: Project, expression: str) -> list[dict[str, object]]:
    with urlopen(f"{project.prometheus_url}/api/v1/query?query={quote(expression)}", timeout=10) as answer:
        return list(json.load(answer)["data"]["result"])


def status(project: Project, method: str, path: str) -> int:
    parts = urlsplit(project.url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=10)
    connection.request(method, path, b"{}" if method == "POST" else None)
    answer = connection.getresponse().status
    connection.close()
    return answer


def test_it_is_up_within_three_minutes(up: Up) -> None:
    print(f"\nup after {up.seconds:.0f} s")
    assert up.seconds < 180
    for service in SERVICES:
        wait_until(partial(up.project.is_well, service), 180 - up.seconds, f"{service} is healthy")
    assert len(up.project.containers("gateway")) == GATEWAYS


def test_known_digits_are_read_right_through_the_edge(project: Project) -> None:
    gateway = Gateway(project.url)
    answers = [gateway.predict(png(pixels)) for pixels in DIGITS]
    gateway.close()
    assert [answer["digit"] for answer in answers] == LABELS.tolist()
    assert {answer["record"] for answer in answers} == {"buffered"}


def test_prometheus_scrapes_every_replica(project: Project) -> None:
    wait_until(lambda: len(asked(project, 'up{job="gateway"} == 1')) == GATEWAYS, 60, "three gateways are scraped")
    wait_until(lambda: len(asked(project, 'up{job="torchserve"} == 1')) == 1, 60, "TorchServe is scraped")
    wait_until(lambda: len(asked(project, "gateway_ready == 1")) == GATEWAYS, 60, "three gateways are ready")


def test_the_edge_spreads_over_all_gateways(project: Project) -> None:
    gateway = Gateway(project.url)
    for pixels in DIGITS:
        gateway.predict(png(pixels))
    gateway.close()
    busy = 'increase(gateway_requests_total{route="/v1/predict"}[5m]) > 0 or gateway_requests_total{route="/v1/predict"} > 0'
    wait_until(lambda: len(asked(project, f"count by (instance) ({busy})")) == GATEWAYS, 60, "every gateway has answered")


def test_what_is_for_neighbours_does_not_pass_the_edge(project: Project) -> None:
    assert status(project, "GET", "/metrics") == 404
    assert status(project, "POST", "/v1/alerts") == 404
    assert status(project, "GET", "/healthz") == 200


def test_a_client_that_sends_slowly_is_cut_off(project: Project) -> None:
    parts = urlsplit(project.url)
    head = b"POST /v1/predict HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n"
    for sent in (head[:40], head + b"\x89PNG"):
        with socket.create_connection((parts.hostname, parts.port), timeout=15) as slow:
            slow.sendall(sent)
            began = time.monotonic()
            while slow.recv(4096):
                pass
            assert time.monotonic() - began < 10


def test_only_the_edge_and_prometheus_publish_ports_and_on_loopback(project: Project) -> None:
    published = {}
    for service in SERVICES:
        for container in project.containers(service):
            for bindings in inspected(container)["NetworkSettings"]["Ports"].values():
                for binding in bindings or ():
                    published[service] = binding["HostIp"]
    assert published == {"edge": "127.0.0.1", "prometheus": "127.0.0.1"}


@pytest.mark.parametrize("service", ["gateway", "torchserve"])
def test_ours_run_as_nobody_special_and_write_only_where_they_may(project: Project, service: str) -> None:
    container = project.containers(service)[0]
    assert docker("exec", container, "id", "-u").strip() == "10001"
    for path in ("/app/x", "/venv/x", "/models/x", "/etc/x"):
        with pytest.raises(subprocess.CalledProcessError):
            docker("exec", container, "touch", path)
    docker("exec", container, "touch", "/tmp/x")
    assert inspected(container)["HostConfig"]["CapDrop"] == ["ALL"]


def test_torchserve_is_reached_by_gateways_and_prometheus_alone(project: Project) -> None:
    ask = "import socket; socket.create_connection(('torchserve', 8081), 2)"
    docker("exec", project.containers("gateway")[0], "python", "-c", ask)
    neighbours = set(inspected(project.containers("torchserve")[0])["NetworkSettings"]["Networks"])
    for service in ("edge", "redis", "postgres", "alertmanager"):
        assert not neighbours & set(inspected(project.containers(service)[0])["NetworkSettings"]["Networks"])


def test_the_gateways_image_is_small_and_says_what_it_is() -> None:
    whole, base = megabytes(["digitserve-gateway:0.1.0", BASE])
    print(f"\ngateway: {whole - base:.0f} MB beyond its base of {base:.0f}")
    assert whole - base < GATEWAY_BEYOND_BASE_MB
    for image in ("digitserve-gateway:0.1.0", "digitserve-torchserve:0.1.0"):
        labels = inspected(image)["Config"]["Labels"]
        assert labels["org.opencontainers.image.version"] == "0.1.0"
        assert labels["org.opencontainers.image.licenses"] == "Apache-2.0"
    with pytest.raises(subprocess.CalledProcessError):
        docker("run", "--rm", "digitserve-gateway:0.1.0", "python", "-c", "import torch")


def test_the_edge_follows_the_number_of_gateways(project: Project) -> None:
    gateway = Gateway(project.url)
    project.compose("up", "-d", "--no-recreate", "--scale", "gateway=2")
    wait_until(lambda: gateway.predict(png(DIGITS[0]))["digit"] == LABELS[0], 20, "two are asked")
    project.compose("up", "-d", "--no-recreate", "--scale", f"gateway={GATEWAYS}")
    wait_until(lambda: project.is_well("gateway"), 60, "three gateways are healthy")
    gateway.close()
