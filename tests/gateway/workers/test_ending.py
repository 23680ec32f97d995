"""Gateways behind one port answer what is in flight and leave nothing behind, however they end."""

import contextlib
import os
import signal
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import numpy as np
import pytest
from numpy.typing import NDArray

from gateway.known import read_known_digits
from tests.gateway.conftest import digit_png, picture, png
from tests.gateway.embedded.processes import all_gone, wait_until
from tests.gateway.torchserve_double import TorchServeDouble
from tests.gateway.workers.parents import Parent, Parents
from tests.gateway.workers.serving import SERVE, answer, predict, started

pytestmark = pytest.mark.integration

RUN = [sys.executable, "-m", "gateway", "run"]


def test_what_is_in_flight_is_answered_before_they_end(parent: Parent, double: TorchServeDouble) -> None:
    descendants, folder = parent.descendants(), parent.folder()
    known = {pixels.tobytes() for pixels in read_known_digits().pixels}
    begun: set[bytes] = set()
    at_once = double.answer
    assert at_once is not None

    def slowly(pixels: NDArray[np.uint8]) -> httpx.Response:
        if asked := {each.tobytes() for each in pixels} - known:  # a known digit would keep them waiting past their deadline
            begun.update(asked)
            time.sleep(1)
        return at_once(pixels)

    double.answer = slowly
    with ThreadPoolExecutor(2) as pool:
        answers = [pool.submit(predict, parent, png(picture(digit) // 2)) for digit in (3, 7)]
        wait_until(lambda: len(begun) == 2, seconds=5)
        parent.process.terminate()
        assert [answer.result().status for answer in answers] == [200, 200]
    assert parent.process.wait(10) == 0
    assert all_gone(descendants)()
    assert not folder.exists()


def test_nothing_outlives_a_parent_that_is_killed(parent: Parent) -> None:
    descendants = parent.descendants()
    parent.process.kill()
    wait_until(all_gone(descendants), seconds=6)


@pytest.mark.parametrize("ending", ["interrupted", "killed"])
def test_a_run_on_one_machine_passes_the_setting_on_and_leaves_nothing(parents: Parents, torchserve_url: str, ending: str) -> None:
    parent = started(parents, RUN, torchserve_url)
    parent.wait_for("try: curl")
    assert predict(parent, digit_png(7)).json["digit"] == 7
    descendants = parent.descendants()
    if ending == "interrupted":
        os.killpg(parent.process.pid, signal.SIGINT)  # as a terminal does
        assert parent.process.wait(timeout=20) == 0
    else:
        parent.process.kill()
    wait_until(all_gone(descendants), seconds=8)
    if ending == "interrupted":
        assert list((parent.state_dir / "run").iterdir()) == []


def test_a_setting_that_cannot_be_used_is_one_line(parents: Parents) -> None:
    parent = parents.start(SERVE, torchserve_url="http://127.0.0.1:1")
    assert parent.process.wait(timeout=30) == 1
    [line] = parent.said.splitlines()
    assert line.startswith("digitserve: GATEWAY_TORCHSERVE_URL names 1 instances")


def test_one_worker_is_the_same_process(parents: Parents, torchserve_url: str) -> None:
    parent = parents.start(SERVE, workers=1, torchserve_url=torchserve_url, torchserve_management_url=torchserve_url)

    def serves() -> bool:
        with contextlib.suppress(OSError):
            return answer(parent, "/readyz").status == 200
        return False

    wait_until(serves, seconds=30)
    assert parent.descendants() == []
    assert not (parent.state_dir / "run").exists()
    second = parents.start(SERVE, port=parent.port, workers=2)
    assert second.process.wait(timeout=20) == 1
    [line] = second.said.splitlines()
    assert "is taken" in line
