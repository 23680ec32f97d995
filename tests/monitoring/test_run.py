"""`make monitor` watches what runs, with the committed files; what a user can mend is one line; nothing is left when it ends."""

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from loadtests.programs import wait_until
from monitoring.run import CONTAINERS_GATEWAY, CannotRun, Watch, lay_out, tell_targets
from tests.monitoring.promtool import APT, installed
from tests.monitoring.rules import MONITORING
from tests.ports import free_port

SHORTER = {
    "prometheus.yml": {"scrape_interval: 15s": "scrape_interval: 1s", "evaluation_interval: 15s": "evaluation_interval: 1s"},
    "alertmanager.yml": {"group_wait: 10s": "group_wait: 1s", "group_interval: 1m": "group_interval: 1s"},
    "rules/alerts.yml": {"for: 1m": "for: 1s"},
}

HEARD_WITHIN_SECONDS = 60


def watch(state_dir: Path, **environment: str) -> Watch:
    return Watch.of({"GATEWAY_STATE_DIR": str(state_dir), **environment})


# The files.


def test_the_committed_files_are_used_with_this_machines_addresses(tmp_path: Path) -> None:
    watched = watch(tmp_path, GATEWAY_PORT="8123", ALERTMANAGER_PORT="9193")
    lay_out(watched)
    lay_out(watched)  # again, over what the last run left
    folder = tmp_path / "monitoring"
    assert (folder / "prometheus.yml").resolve() == MONITORING / "prometheus.yml"
    assert (folder / "rules").resolve() == MONITORING / "rules"
    assert targets(folder) == {"gateway": ["127.0.0.1:8123"], "torchserve": [], "alertmanager": ["127.0.0.1:9193"]}
    committed, laid_out = (yaml.safe_load((each / "alertmanager.yml").read_text()) for each in (MONITORING, folder))
    (webhook,) = laid_out["receivers"][0]["webhook_configs"]
    assert webhook.pop("url") == "http://127.0.0.1:8123/v1/alerts"
    assert committed["receivers"][0]["webhook_configs"][0].pop("url") == f"http://{CONTAINERS_GATEWAY}/v1/alerts"
    assert laid_out == committed


def targets(folder: Path) -> dict[str, list[str]]:
    read = {path.stem: json.loads(path.read_text()) for path in (folder / "targets").glob("*.json")}
    return {name: groups[0]["targets"] if groups else [] for name, groups in read.items()}


def test_the_committed_targets_are_the_names_that_containers_have() -> None:
    assert targets(MONITORING) == {
        "gateway": [CONTAINERS_GATEWAY],
        "torchserve": ["torchserve:8082"],
        "alertmanager": ["alertmanager:9093"],
    }


def test_torchserve_is_found_where_make_run_says(tmp_path: Path) -> None:
    watched = watch(tmp_path)
    lay_out(watched)
    assert targets(watched.folder)["torchserve"] == []
    embedded(tmp_path, "run-a", gateway="http://127.0.0.1:8000", torchserve_metrics="http://127.0.0.1:20001", age=10)
    embedded(tmp_path, "run-b", gateway="http://127.0.0.1:8000", torchserve_metrics="http://127.0.0.1:20002", age=5)
    embedded(tmp_path, "run-c", gateway="http://127.0.0.1:9000", torchserve_metrics="http://127.0.0.1:20003", age=0)
    embedded(tmp_path, "run-d", gateway="http://127.0.0.1:8000", age=0)  # a TorchServe that it did not start
    (tmp_path / "run" / "run-e").mkdir()
    tell_targets(watched)
    assert targets(watched.folder)["torchserve"] == ["127.0.0.1:20002"]


def embedded(state_dir: Path, run: str, age: float, **addresses: str) -> None:
    """What a run leaves in its folder."""
    file = state_dir / "run" / run / "addresses.json"
    file.parent.mkdir(parents=True)
    file.write_text(json.dumps(addresses))
    os.utime(file, (time.time() - age,) * 2)


@pytest.mark.parametrize(
    ("host", "reached"), [("", "127.0.0.1:8000"), ("0.0.0.0", "127.0.0.1:8000"), ("::", "[::1]:8000"), ("10.0.0.7", "10.0.0.7:8000")]
)
def test_the_gateway_is_reached_where_make_run_listens(tmp_path: Path, host: str, reached: str) -> None:
    assert watch(tmp_path, GATEWAY_HOST=host).gateway == reached


def test_a_port_that_is_none_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(CannotRun, match=r"^PROMETHEUS_PORT is '99999'; give a port from 1 to 65535$"):
        watch(tmp_path, PROMETHEUS_PORT="99999")


# The program, with others in the place of Prometheus and Alertmanager.


@dataclass
class Monitor:
    """`make monitor` with ports of its own."""

    state_dir: Path
    files: Path = MONITORING
    path: str = os.environ["PATH"]
    gateway_port: int = 1
    prometheus_port: int = field(default_factory=free_port)
    alertmanager_port: int = field(default_factory=free_port)

    def start(self) -> subprocess.Popen[str]:
        told = {
            "PATH": self.path,
            "GATEWAY_HOST": "",
            "GATEWAY_PORT": str(self.gateway_port),
            "GATEWAY_STATE_DIR": str(self.state_dir),
            "PROMETHEUS_PORT": str(self.prometheus_port),
            "ALERTMANAGER_PORT": str(self.alertmanager_port),
        }
        command = [sys.executable, "-m", "monitoring.run", "--files", str(self.files)]
        return subprocess.Popen(
            command, cwd=MONITORING.parent, env={**os.environ, **told}, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )

    def says(self) -> str:
        """What it says where it cannot run."""
        process = self.start()
        out, err = process.communicate(timeout=60)
        assert process.returncode == 1
        assert out == ""
        return str(err)


@pytest.fixture
def programs(tmp_path: Path) -> Path:
    """A folder with programs that say something and end."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in ("prometheus", "prometheus-alertmanager"):
        (folder / name).write_text("#!/bin/sh\necho level=error what is wrong\nexit 3\n")
        (folder / name).chmod(0o755)
    return folder


def test_a_program_that_is_missing_is_one_line_with_the_command_that_installs_it(tmp_path: Path, programs: Path) -> None:
    (programs / "prometheus-alertmanager").unlink()
    assert Monitor(tmp_path, path=str(programs)).says() == f"digitserve: no alertmanager on PATH; install it: {APT}\n"
    (programs / "prometheus").unlink()
    assert Monitor(tmp_path, path=str(programs)).says() == f"digitserve: no prometheus on PATH; install it: {APT}\n"


@pytest.mark.parametrize("setting", ["PROMETHEUS_PORT", "ALERTMANAGER_PORT"])
def test_a_port_that_is_taken_is_one_line(tmp_path: Path, programs: Path, setting: str) -> None:
    monitor = Monitor(tmp_path, path=str(programs))
    port = monitor.prometheus_port if setting == "PROMETHEUS_PORT" else monitor.alertmanager_port
    with socket.create_server(("127.0.0.1", port)):
        said = monitor.says()
    assert said == f"digitserve: port {port} on 127.0.0.1 cannot be had (Address already in use); set {setting} to a free one\n"


def test_a_program_that_ends_is_one_line_with_its_last(tmp_path: Path, programs: Path) -> None:
    said = Monitor(tmp_path, path=f"{programs}:{os.environ['PATH']}").says()
    assert "ended with exit code 3: level=error what is wrong (log: " in said
    assert said.count("\n") == 1


# The whole, with the real ones.


@dataclass
class Stub:
    """A gateway that tells a few series and hears alerts."""

    port: int
    cache_up: int = 1
    heard: list[dict[str, Any]] = field(default_factory=list)

    def has_heard(self, alert: str, status: str) -> bool:
        return any(each["status"] == status and each["labels"]["alertname"] == alert for each in self.heard)


@pytest.fixture
def stub() -> Iterator[Stub]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            text = f'gateway_cache_up{{tier="redis"}} {told.cache_up}\ngateway_ready 1\nts_inference_requests_total 7\n'
            self._answer(text.encode())

        def do_POST(self) -> None:
            said = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            assert self.path == "/v1/alerts"
            told.heard += said["alerts"]
            self._answer(b"")

        def _answer(self, body: bytes) -> None:
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", free_port()), Handler)
    told = Stub(server.server_port)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    yield told
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def quick(tmp_path: Path) -> Path:
    """The committed files with shorter times."""
    folder = tmp_path / "files"
    shutil.copytree(MONITORING, folder, ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    for name, changes in SHORTER.items():
        text = (folder / name).read_text()
        for committed, shorter in changes.items():
            assert committed in text
            text = text.replace(committed, shorter)
        (folder / name).write_text(text)
    return folder


@pytest.mark.system
def test_an_alert_reaches_the_gateway_and_resolves(tmp_path: Path, stub: Stub, quick: Path) -> None:
    installed("prometheus"), installed("alertmanager", "prometheus-alertmanager")
    state_dir = tmp_path / "state"
    embedded(state_dir, "run-a", 0, gateway=f"http://127.0.0.1:{stub.port}", torchserve_metrics=f"http://127.0.0.1:{stub.port}")
    monitor = Monitor(state_dir, quick, gateway_port=stub.port)
    process = monitor.start()
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == f"prometheus watches 127.0.0.1:{stub.port} on http://127.0.0.1:{monitor.prometheus_port}\n"
        wait_until(lambda: asked(monitor, "sum by (job) (up)") == {"gateway": 1, "torchserve": 1}, HEARD_WITHIN_SECONDS, "both are scraped")
        stub.cache_up = 0
        wait_until(lambda: stub.has_heard("CacheDown", "firing"), HEARD_WITHIN_SECONDS, "the alert arrives")
        assert not stub.has_heard("CacheDown", "resolved")
        stub.cache_up = 1
        wait_until(lambda: stub.has_heard("CacheDown", "resolved"), HEARD_WITHIN_SECONDS, "its end arrives")
        assert not stub.has_heard("Watchdog", "firing")  # it has a receiver of its own
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 0
        assert process.stderr is not None
        assert process.stderr.read() == ""
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        process.communicate(timeout=30)
    for port in (monitor.prometheus_port, monitor.alertmanager_port):
        with socket.socket() as probe:
            assert probe.connect_ex(("127.0.0.1", port)) != 0


def asked(monitor: Monitor, expr: str) -> dict[str, float]:
    """An instant query's values, by job."""
    url = f"http://127.0.0.1:{monitor.prometheus_port}/api/v1/query"
    answer = httpx.get(url, params={"query": expr}, trust_env=False).json()
    return {sample["metric"]["job"]: float(sample["value"][1]) for sample in answer["data"]["result"]}
