"""The README's first command, as a user gives it: it ends up serving, and the curl that it prints answers the right digit."""

import os
import shlex
import signal
import subprocess
from pathlib import Path

import httpx
import psutil
import pytest

from tests.ports import free_port
from tests.stack.conftest import ROOT, wait_until

SERVING_SECONDS = 60.0
CURLS_OWN = {"Content-Type": "application/x-www-form-urlencoded"}


@pytest.mark.timeout(120)
def test_make_run_prints_a_curl_that_works_and_ctrl_c_leaves_nothing(tmp_path: Path) -> None:
    log = tmp_path / "log"
    environment = os.environ | {"GATEWAY_PORT": str(free_port()), "GATEWAY_STATE_DIR": str(tmp_path / "state")}
    with log.open("wb") as out:
        make = subprocess.Popen(["make", "run"], cwd=ROOT, env=environment, stdout=out, stderr=out, start_new_session=True)
    family: list[psutil.Process] = []
    try:

        def printed() -> bool:
            assert make.poll() is None, log.read_text()
            return "try: " in log.read_text()

        wait_until(printed, SERVING_SECONDS, "make run")
        family = psutil.Process(make.pid).children(recursive=True)
        command = log.read_text().split("try: ")[1].splitlines()[0]
        program, _, _, picture, url = shlex.split(command)
        assert (program, picture[0]) == ("curl", "@")
        answered = httpx.post(url, content=(ROOT / picture[1:]).read_bytes(), headers=CURLS_OWN)  # as curl sends it, which may be absent
        assert answered.json()["digit"] == 7
    finally:
        os.killpg(make.pid, signal.SIGINT)
    make.wait(20)
    _, left = psutil.wait_procs(family, 5)
    assert left == []
