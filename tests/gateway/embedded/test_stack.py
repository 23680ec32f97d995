"""Whole runs: up together, watched over, and gone together however they are ended."""

import os
import re
import signal
import socket
import sys
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
import redis

from gateway.embedded import Embedding, run
from gateway.embedded.candidate import Candidate
from gateway.embedded.child import Plan
from gateway.embedded.plans import Plans
from gateway.embedded.ports import free_ports
from gateway.embedded.stack import _watched
from gateway.embedded.supervisor import Supervisor
from tests.gateway.embedded.processes import all_gone, lives, wait_until
from tests.gateway.embedded.runs import DOUBLE, NOWHERE, Run, Runs

TRY = "\ntry: curl -s --data-binary @"


def redis_of(run: Run) -> str:
    return str(run.get("/environment")["GATEWAY_REDIS_URL"])


def answers(url: str) -> Callable[[], bool]:
    def ping() -> bool:
        try:
            with redis.Redis.from_url(url) as client:
                return bool(client.ping())
        except redis.ConnectionError:
            return False

    return ping


def is_up(run: Run) -> Callable[[], bool]:
    def ready() -> bool:
        try:
            return bool(run.get("/readyz")["ready"])
        except httpx.HTTPError:
            return False

    return ready


def test_a_candidate_is_watched_at_its_own_management_address(tmp_path: Path) -> None:
    async def served() -> str | None:
        return None

    plan = Plan("torchserve-candidate", ["sleep", "300"], os.environ)
    plans = Plans([], None, "http://a:1", "http://a:2", None, candidate=plan, candidate_management_url="http://b:2")
    candidate = Candidate(plan, tmp_path / "digits.mar", served, print)
    first, beside = _watched(plans, Supervisor([], print), candidate)
    assert (first.management_url, first.is_first) == ("http://a:2", True)
    assert (beside.management_url, beside.is_first, beside.restart) == ("http://b:2", False, candidate.restart)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_run_says_where_it_serves_and_a_signal_ends_all_of_it(runs: Runs, number: signal.Signals) -> None:
    run = runs.start("ready")
    run.wait_for(TRY)
    assert f"digitserve is serving on {run.url} (model ab12cd34ef56)\n" in run.said
    assert re.search(rf"^try: curl -s --data-binary @\S*known/7\.png {run.url}/v1/predict$", run.said, re.MULTILINE)
    assert f"redis is at {redis_of(run)}\n" in run.said
    wait_until(answers(redis_of(run)))
    descendants = run.descendants()
    assert len(descendants) == 4  # two leashes, two children
    run.process.send_signal(number)
    assert run.process.wait(timeout=20) == 0
    wait_until(all_gone(descendants), seconds=5)
    assert list((runs.state_dir / "run").iterdir()) == []


@pytest.mark.parametrize("manner", ["ready", "stubborn"])
def test_a_killed_run_leaves_no_process_after_five_seconds(runs: Runs, manner: str) -> None:
    run = runs.start(manner)
    run.wait_for(TRY)
    descendants = run.descendants()
    run.process.kill()
    wait_until(all_gone(descendants), seconds=5)


def test_a_gateway_deaf_to_sigterm_is_gone_after_five_seconds_too(runs: Runs) -> None:
    run = runs.start("stubborn")
    run.wait_for(TRY)
    descendants = run.descendants()
    run.process.terminate()
    wait_until(all_gone(descendants), seconds=5)
    assert run.process.wait(timeout=20) == 0


def test_killed_children_come_back_at_the_same_addresses(runs: Runs) -> None:
    run = runs.start("ready")
    run.wait_for(TRY)
    url = redis_of(run)
    os.kill(run.descendant("-server"), signal.SIGKILL)
    run.wait_for("redis was ended by SIGKILL; starting it again in 0.5 s")
    wait_until(answers(url))
    os.kill(run.descendant("gateway_double"), signal.SIGKILL)
    run.wait_for("gateway was ended by SIGKILL; starting it again in 0.5 s")
    wait_until(is_up(run))
    assert redis_of(run) == url


def test_two_runs_on_one_state_folder_do_not_meet(runs: Runs) -> None:
    first, second = runs.start("ready"), runs.start("ready")
    first.wait_for(TRY)
    second.wait_for(TRY)
    assert redis_of(first) != redis_of(second)
    first.process.terminate()
    first.process.wait(timeout=20)
    assert answers(redis_of(second))()
    assert len(list((runs.state_dir / "run").iterdir())) == 1


def test_a_gateway_that_dies_at_the_first_start_ends_the_run_in_one_line(runs: Runs) -> None:
    run = runs.start("dying")
    assert run.process.wait(timeout=30) == 1
    said, why = run.said.splitlines()
    assert said == "the double is unwell"
    assert why == "digitserve: gateway ended with exit code 3 before it served; what it said is above"


def test_a_child_that_dies_at_the_first_start_is_quoted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def dying(program: Path, port: int, folder: Path, environment: dict[str, str]) -> Plan:
        return Plan("redis", ["sh", "-c", "for i in $(seq 30); do echo line $i; done; exit 5"], environment, tmp_path, tmp_path / "log")

    monkeypatch.setattr("gateway.embedded.plans.redis_plan", dying)
    embedding = Embedding("127.0.0.1", free_ports(1)[0], None, NOWHERE, None, tmp_path, tmp_path, tmp_path / "7.png")
    assert run(embedding, (sys.executable, str(DOUBLE), "unwell")) == 1
    why, *lines, where = capfd.readouterr().err.splitlines()
    assert why == "digitserve: redis ended with exit code 5 before it served"
    assert lines == [f"    line {number}" for number in range(11, 31)]
    assert where == f"all logs of this run are in {tmp_path / 'run' / 'failed'}"
    assert (tmp_path / "run" / "failed").is_dir()


def test_a_taken_port_is_one_line(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        assert run(Embedding("127.0.0.1", port, None, None, None, tmp_path, tmp_path, tmp_path)) == 1
    line = f"digitserve: port {port} on 127.0.0.1 is taken (by another program); set GATEWAY_PORT to a free one\n"
    assert capfd.readouterr() == ("", line)


def test_a_file_of_ours_that_cannot_be_read_is_one_line(
    archive_in_name: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("gateway.embedded.torchserve.HANDLER", tmp_path / "nowhere")
    assert run(Embedding("127.0.0.1", free_ports(1)[0], None, None, None, tmp_path, archive_in_name, tmp_path)) == 1
    (line,) = capfd.readouterr().err.splitlines()
    assert line.startswith("digitserve: cannot run: ")


def test_a_start_that_comes_to_nothing_is_given_up_with_what_was_missing(
    archive_in_name: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("gateway.embedded.stack.FIRST_START_SECONDS", 2.0)
    monkeypatch.setattr("gateway.embedded.stack.PATIENCE_SECONDS", 0.5)
    embedding = Embedding("127.0.0.1", free_ports(1)[0], None, None, None, tmp_path / "state", archive_in_name, tmp_path / "7.png")
    assert run(embedding, (sys.executable, str(DOUBLE), "unwell")) == 1
    said = capfd.readouterr()
    assert "still starting (model: a seven came back as a one)\n" in said.out
    assert said.err.startswith("digitserve: not ready after 2 s (model: a seven came back as a one)\n")


@pytest.fixture
def archive_in_name(tmp_path: Path) -> Path:
    """A file in the place of an archive."""
    archive = tmp_path / "digits.mar"
    archive.touch()
    return archive


@pytest.mark.integration
def test_the_whole_with_torchserve_heals_and_leaves_nothing(runs: Runs, archive: Path) -> None:
    run = runs.start("asking", archive)
    run.wait_for(TRY, seconds=90)
    descendants = run.descendants()
    java = run.descendant("org.pytorch.serve.ModelServer")
    os.kill(java, signal.SIGKILL)
    run.wait_for("torchserve was ended by SIGKILL; starting it again in 0.5 s")
    wait_until(is_up(run), seconds=90)
    descendants += run.descendants()
    assert not lives(java)
    run.process.kill()
    wait_until(all_gone(descendants), seconds=5)
