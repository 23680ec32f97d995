"""Two real versions side by side: traffic moves from one to the other and back, with no request that fails."""

import json
import os
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from loadtests.programs import wait_until
from model.gate_report import CRITERIA, FILE, FORMAT, PASS, read_secret, signed
from tests.stack.conftest import ROOT, Stack
from tests.stack.test_faults import load

pytestmark = pytest.mark.system

SERVED_SECONDS = 30


def rollout(stack: Stack, *arguments: str) -> str:
    """What the command says."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GATEWAY_")}
    environment |= {"GATEWAY_STATE_DIR": str(stack.log.parent)}
    command = [sys.executable, "-m", "gateway", "rollout", "--url", stack.url, *arguments]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture
def candidate(ready_stack: Stack, tmp_path: Path) -> Iterator[str]:
    """The version of a network like the released one, deployed beside it, with a gate's word in `tmp_path`."""
    state, released = ready_stack.log.parent, tmp_path / "released"
    shutil.copytree(ROOT / "model" / "released", released)
    facts = json.loads((released / "release.json").read_text())
    (released / "release.json").write_text(json.dumps(facts | {"accept_threshold": facts["accept_threshold"] + 1e-6}))
    build = [sys.executable, "-m", "model", "archive", "--released", str(released), "--out", str(state / "archive" / "candidate")]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    version = (state / "archive" / "candidate" / "digits.version").read_text().strip()
    told = {
        "format": FORMAT,
        "candidate": {"version": version},
        "current": {"version": ready_stack.get("/v1/model").json()["version"]},
        "criteria": [{"name": name, "passed": True} for name in CRITERIA],
        "decision": PASS,
    }
    (tmp_path / FILE).write_text(json.dumps(signed(told, read_secret(state / "secret"))))
    yield version
    shutil.rmtree(state / "archive" / "candidate")


def test_traffic_goes_over_and_back_with_no_request_that_fails(ready_stack: Stack, candidate: str, tmp_path: Path) -> None:
    stack, served = ready_stack, str(ready_stack.get("/v1/model").json()["version"])
    wait_until(lambda: "torchserve-candidate starts" in stack.log.read_text(), 10, "the candidate's start")
    rollout(stack, "shadow", candidate, "--report", str(tmp_path / FILE))
    with load(stack, 1_000_000) as answers:
        rollout(stack, "share", "50")
        wait_until(lambda: versions(answers[-20:]) == {served, candidate}, SERVED_SECONDS, "answers of both")
        rollout(stack, "promote")
        promoted = len(answers)
        wait_until(lambda: len(answers) > promoted + 20, SERVED_SECONDS, "answers of the promoted version")
        rollout(stack, "rollback")
        back = len(answers)
        wait_until(lambda: len(answers) > back + 20, SERVED_SECONDS, "answers of the former version")
    assert Counter(answer.status_code for answer in answers).keys() == {200}
    assert versions(answers[promoted + 1 : promoted + 20]) == {candidate}
    assert versions(answers[back + 1 :]) == {served}


def versions(answers: list[httpx.Response]) -> set[str]:
    return {answer.json()["model"]["version"] for answer in list(answers)}
