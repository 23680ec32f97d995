"""Two real gateways behind one port are one to whoever asks: in answers, in metrics, and when one of them is killed."""

import contextlib
import http.client
import json
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import httpx
import numpy as np
import psutil
import pytest
from numpy.typing import NDArray
from prometheus_client.multiprocess import MultiProcessCollector

from gateway.known import read_known_digits
from tests.gateway.conftest import digit_png, picture, png
from tests.gateway.embedded.processes import all_gone, wait_until
from tests.gateway.test_metrics import Samples, samples, total
from tests.gateway.torchserve_double import TorchServeDouble
from tests.gateway.torchserve_server import torchserve_server
from tests.gateway.workers.parents import Parent, Parents

pytestmark = pytest.mark.integration

SERVE = [sys.executable, "-m", "gateway", "serve"]
RUN = [sys.executable, "-m", "gateway", "run"]


@pytest.fixture
def double() -> TorchServeDouble:
    return TorchServeDouble()


@pytest.fixture
def torchserve_url(double: TorchServeDouble) -> Iterator[str]:
    with torchserve_server(double) as url:
        yield url


@pytest.fixture
def parent(parents: Parents, torchserve_url: str) -> Parent:
    """Both workers ready, on a TorchServe that is a double."""
    return started(parents, SERVE, torchserve_url, canary_seconds=0.2)


@pytest.fixture(scope="module")
def lasting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Parent]:
    with torchserve_server(TorchServeDouble()) as url, Parents(tmp_path_factory.mktemp("lasting")) as parents:
        yield started(parents, SERVE, url, canary_seconds=0.2)


@pytest.fixture
def shared(lasting: Parent) -> Parent:
    """The same for tests that it outlives: what they count may have been counted before, and both workers are ready again."""
    wait_until(lambda: both_serve(lasting), seconds=60)
    return lasting


def started(parents: Parents, command: list[str], torchserve_url: str, **settings: object) -> Parent:
    parent = parents.start(command, torchserve_url=torchserve_url, torchserve_management_url=torchserve_url, **settings)
    wait_until(lambda: both_serve(parent), seconds=60)
    return parent


def both_serve(parent: Parent) -> bool:
    """Whether two workers listen and each says that it is ready."""
    assert parent.process.poll() is None, parent.said
    workers = parent.workers()
    with contextlib.suppress(OSError, psutil.Error, http.client.HTTPException):
        listening = [pid for pid in workers.values() if any(its.status == psutil.CONN_LISTEN for its in tcp(pid))]
        return len(listening) == 2 and all(get(parent, "/readyz", pid).status == 200 for pid in listening)
    return False


def tcp(pid: int) -> list[Any]:
    """The sockets of a process."""
    return psutil.Process(pid).net_connections("tcp4")


@dataclass(frozen=True)
class Answer:
    status: int
    text: str

    @property
    def json(self) -> Any:
        return json.loads(self.text)


def connected(parent: Parent) -> contextlib.closing[http.client.HTTPConnection]:
    return contextlib.closing(http.client.HTTPConnection("127.0.0.1", parent.port, timeout=10))


def ask(connection: http.client.HTTPConnection, path: str, body: bytes | None = None, kind: str = "image/png") -> Answer:
    connection.request("GET" if body is None else "POST", path, body, {"Content-Type": kind})
    response = connection.getresponse()
    return Answer(response.status, response.read().decode())


def answer(parent: Parent, path: str, body: bytes | None = None, kind: str = "image/png") -> Answer:
    """Of whichever is asked, on a connection of its own."""
    with connected(parent) as connection:
        return ask(connection, path, body, kind)


def get(parent: Parent, path: str, pid: int) -> Answer:
    """Of this very process."""
    for _ in range(100):
        with connected(parent) as connection:
            said = ask(connection, path)
            if connection.sock.getsockname() in [its.raddr for its in tcp(pid)]:
                return said
    raise AssertionError(f"process {pid} was given none of 100 connections")


def metrics(parent: Parent, pid: int) -> Samples:
    return samples(get(parent, "/metrics", pid).text)


def predict(parent: Parent, upload: bytes) -> Answer:
    return answer(parent, "/v1/predict", upload)


def own(parent: Parent, place: int, name: str) -> float:
    """The sum over all cells of a counter that one worker keeps."""
    file = str(parent.folder() / f"counter_{place}.db")
    return sum(
        sample.value
        for metric in MultiProcessCollector.merge([file])  # type: ignore[no-untyped-call]
        for sample in metric.samples
        if sample.name == name
    )


def both_own(parent: Parent, name: str) -> list[float]:
    return [own(parent, place, name) for place in (1, 2)]


def test_both_answer_and_either_tells_of_both(shared: Parent) -> None:
    workers = shared.workers()
    before, own_before = metrics(shared, workers[1]), both_own(shared, "digits_predictions_total")
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda number: predict(shared, digit_png(number % 10)), range(60)))
    assert [answer.json["digit"] for answer in answers] == [number % 10 for number in range(60)]
    wait_until(lambda: sum(both_own(shared, "digits_predictions_total")) == sum(own_before) + 60, seconds=5)
    assert all(now - then > 5 for now, then in zip(both_own(shared, "digits_predictions_total"), own_before, strict=True))
    for pid in workers.values():
        seen = metrics(shared, pid)
        for name, labels in (
            ("digits_predictions_total", {}),
            ("gateway_requests_total", {"route": "/v1/predict", "status": "200"}),
            ("gateway_request_duration_seconds_count", {"route": "/v1/predict"}),
        ):
            assert total(seen, name, **labels) == total(before, name, **labels) + 60
        assert total(seen, "gateway_ready") == 1
        assert total(seen, "gateway_info") == 1
        resident = sum(psutil.Process(worker).memory_info().rss for worker in workers.values())
        assert total(seen, "process_resident_memory_bytes") == pytest.approx(resident, rel=0.2)


def test_what_one_answered_another_takes_labels_for(shared: Parent) -> None:
    answered = predict(shared, digit_png(7)).json
    label = json.dumps({"prediction_id": answered["prediction_id"], "label": 7}).encode()
    for _ in range(8):
        assert answer(shared, "/v1/feedback", label, "application/json").status == 200
    assert total(metrics(shared, shared.workers()[1]), "digits_feedback_total", label="7", predicted="7") == 1


def test_one_sends_canaries_and_another_takes_over_when_it_is_killed(shared: Parent) -> None:
    before = both_own(shared, "digits_canary_total")
    wait_until(lambda: sum(both_own(shared, "digits_canary_total")) >= sum(before) + 5)
    assert total(metrics(shared, shared.workers()[1]), "digits_canary_total") >= sum(before) + 5
    sent = both_own(shared, "digits_canary_total")
    [sender] = [place for place in (1, 2) if sent[place - 1] > before[place - 1]]
    os.kill(shared.workers()[sender], signal.SIGKILL)
    wait_until(lambda: own(shared, 3 - sender, "digits_canary_total") >= sent[2 - sender] + 5)
    assert own(shared, sender, "digits_canary_total") <= sent[sender - 1] + 3


def test_counts_never_fall_while_workers_are_killed_and_replaced(shared: Parent) -> None:
    stop = threading.Event()
    answered: list[int] = []

    def load() -> None:
        while not stop.wait(0.005):
            with contextlib.suppress(*CUT_OFF):
                answered.append(predict(shared, digit_png(len(answered) % 10)).status)

    scrapes: list[Samples] = []

    def both_serve_meanwhile() -> bool:
        scrapes.append(scraped(shared))
        return both_serve(shared)

    thread = threading.Thread(target=load)
    thread.start()
    try:
        for place in (1, 2):
            scrapes += [scraped(shared) for _ in range(20)]
            os.kill(shared.workers()[place], signal.SIGKILL)
            scrapes += [scraped(shared) for _ in range(20)]
            wait_until(both_serve_meanwhile, seconds=30)
        scrapes.append(scraped(shared))
    finally:
        stop.set()
        thread.join()
    assert set(answered) == {200}
    for before, after in pairwise(scrapes):
        fallen = [cell for cell, number in before.items() if is_count(cell[0]) and after.get(cell, -1.0) < number]
        assert fallen == []
    assert total(scrapes[-1], "digits_predictions_total") > total(scrapes[0], "digits_predictions_total")
    assert not any("pid" in dict(labels) for _, labels in scrapes[-1])


CUT_OFF = (OSError, http.client.HTTPException)
"""What becomes of who is on the way in a worker that is killed."""


def scraped(parent: Parent) -> Samples:
    """By whoever lives."""
    for _ in range(10):
        with contextlib.suppress(*CUT_OFF):
            said = answer(parent, "/metrics")
            assert said.status == 200
            return samples(said.text)
    raise AssertionError("nobody answers")


def is_count(name: str) -> bool:
    return name.endswith(("_total", "_bucket", "_count", "_sum"))


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
