"""Two real gateways behind one port are one to whoever asks: in answers, in metrics, and when one of them is killed."""

import contextlib
import http.client
import json
import os
import signal
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import psutil
import pytest
from prometheus_client.multiprocess import MultiProcessCollector

from tests.gateway.conftest import digit_png
from tests.gateway.embedded.processes import wait_until
from tests.gateway.test_metrics import Samples, samples, total
from tests.gateway.torchserve_double import TorchServeDouble
from tests.gateway.torchserve_server import torchserve_server
from tests.gateway.workers.parents import Parent, Parents
from tests.gateway.workers.serving import SERVE, answer, both_serve, get, predict, started

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def lasting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Parent]:
    with torchserve_server(TorchServeDouble()) as url, Parents(tmp_path_factory.mktemp("lasting")) as parents:
        yield started(parents, SERVE, url, canary_seconds=0.2)


@pytest.fixture
def shared(lasting: Parent) -> Parent:
    """The same for tests that it outlives: what they count may have been counted before, and both workers are ready again."""
    wait_until(lambda: both_serve(lasting), seconds=60)
    return lasting


def metrics(parent: Parent, pid: int) -> Samples:
    return samples(get(parent, "/metrics", pid).text)


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
