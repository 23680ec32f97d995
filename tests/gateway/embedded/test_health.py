"""When TorchServe is started again, second by second on a clock of the test's own."""

import asyncio
import itertools
import os
import time
from functools import partial
from pathlib import Path

import httpx
import pytest

from gateway.embedded.child import Child, Plan
from gateway.embedded.health import Limits, RestartJudge, Watched, watch_model
from gateway.embedded.supervisor import Supervisor


class Clock:
    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


def watched() -> tuple[RestartJudge, Clock]:
    clock = Clock()
    return RestartJudge(clock), clock


def observe(watch: RestartJudge, clock: Clock, seconds: float, *, workers: int | None = 1, complaint: str | None = None) -> str | None:
    """The first verdict within so many seconds of the same observation each 2 s."""
    end = clock.seconds + seconds
    while clock.seconds < end:
        clock.seconds += 2
        watch.saw_workers(workers)
        watch.saw_gateway(complaint)
        if (verdict := watch.verdict()) is not None:
            return verdict
    return None


def test_a_model_that_is_well_is_left_alone() -> None:
    watch, clock = watched()
    assert observe(watch, clock, 3600) is None


def test_no_ready_worker_for_thirty_seconds() -> None:
    watch, clock = watched()
    assert observe(watch, clock, 10) is None
    assert observe(watch, clock, 30, workers=0) is None
    assert observe(watch, clock, 2, workers=0) == "had no worker READY for 30 s"


def test_no_answer_for_thirty_seconds() -> None:
    watch, clock = watched()
    assert observe(watch, clock, 10) is None
    assert observe(watch, clock, 30, workers=None) is None
    assert observe(watch, clock, 2, workers=None) == "did not say whether its workers are READY for 30 s"


def test_a_worker_that_comes_back_in_time_is_forgiven() -> None:
    watch, clock = watched()
    for _ in range(10):
        assert observe(watch, clock, 4) is None
        assert observe(watch, clock, 28, workers=0) is None


def test_ready_workers_that_predict_nothing_for_forty_five_seconds() -> None:
    watch, clock = watched()
    assert observe(watch, clock, 10) is None
    assert observe(watch, clock, 46, complaint="frozen") is None
    assert observe(watch, clock, 2, complaint="frozen") == "gave no right prediction for 45 s (frozen)"


def test_one_right_prediction_starts_the_count_anew() -> None:
    watch, clock = watched()
    assert observe(watch, clock, 10) is None
    for _ in range(3):
        assert observe(watch, clock, 40, complaint="slow") is None
        assert observe(watch, clock, 2) is None


def test_a_start_may_take_two_minutes_and_complaints_during_it_do_not_count() -> None:
    watch, clock = watched()
    assert observe(watch, clock, 110, workers=None, complaint="no worker is READY") is None
    assert observe(watch, clock, 40, complaint="not asked yet") is None


def test_a_start_that_never_comes_to_a_worker() -> None:
    watch, clock = watched()
    assert observe(watch, clock, 200, workers=0) == "had no worker READY 120 s after its start"


def test_after_a_restart_nothing_seen_before_counts() -> None:
    watch, clock = watched()
    assert observe(watch, clock, 10) is None
    assert observe(watch, clock, 60, workers=0) is not None
    watch.started()
    assert observe(watch, clock, 100, workers=None) is None


def test_a_run_restarts_a_torchserve_whose_workers_are_gone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Management says READY twice, then never; TorchServe itself lives on."""
    monkeypatch.setattr("gateway.embedded.health.PAUSE_SECONDS", 0.01)
    said: list[str] = []
    looks = itertools.count()

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/readyz":
            return httpx.Response(200, json={"ready": True, "checks": {}})
        return httpx.Response(200, json=[{"workers": [{"status": "READY"}] if next(looks) < 2 else []}])

    async def scenario() -> None:
        supervisor = Supervisor([Plan("torchserve", ["sleep", "300"], os.environ, log=tmp_path / "log")], said.append)
        supervisor.start()
        first = supervisor.child("torchserve")
        keeping = asyncio.create_task(supervisor.keep())
        async with httpx.AsyncClient(transport=httpx.MockTransport(answer)) as http:
            watch = RestartJudge(time.monotonic, Limits(not_ready_seconds=0.3))
            life, restart = partial(supervisor.child, "torchserve"), partial(supervisor.restart, "torchserve")
            watched = Watched(life, restart, "http://management.test")
            watching = asyncio.create_task(watch_model(watch, watched, http, "http://gateway.test"))
            while supervisor.child("torchserve") is first:
                await asyncio.sleep(0.01)
            for task in (keeping, watching):
                task.cancel()
            await asyncio.wait({keeping, watching})
        await supervisor.stop()

    asyncio.run(asyncio.wait_for(scenario(), timeout=30))
    assert said == ["torchserve had no worker READY for 0.3 s; starting it again in 0.5 s"]


@pytest.mark.parametrize(
    ("served", "loaded", "is_first", "restarted"),
    [
        ("old", "old", True, True),
        ("new", "old", True, False),
        ("new", "new", False, True),
        ("old", "new", False, False),
        (None, "old", True, True),
        (None, "new", False, False),
    ],
)
def test_the_gateways_complaint_is_about_the_torchserve_that_serves(
    monkeypatch: pytest.MonkeyPatch, served: str | None, loaded: str, is_first: bool, restarted: bool
) -> None:
    """Its workers are READY, and the gateway gets no right prediction of the version that it serves, after one look at which it does."""
    monkeypatch.setattr("gateway.embedded.health.PAUSE_SECONDS", 0.01)
    looks = itertools.count()

    def answer(request: httpx.Request) -> httpx.Response:
        match request.url.path:
            case "/readyz":
                ok = next(looks) < 1
                return httpx.Response(200 if ok else 503, json={"ready": ok, "checks": {"model": {"ok": ok, "reason": "frozen"}}})
            case "/v1/model":
                return httpx.Response(503) if served is None else httpx.Response(200, json={"version": served})
            case _:
                return httpx.Response(200, json=[{"modelVersion": loaded, "workers": [{"status": "READY"}]}])

    async def scenario() -> list[str]:
        child, said = Child(Plan("torchserve", ["sleep", "300"], os.environ)), list[str]()

        async def restart(reason: str) -> None:
            said.append(reason)

        async with httpx.AsyncClient(transport=httpx.MockTransport(answer)) as http:
            watch = RestartJudge(time.monotonic, Limits(unpredicting_seconds=0.1))
            watched = Watched(lambda: child, restart, "http://management.test", is_first=is_first)
            watching = asyncio.create_task(watch_model(watch, watched, http, "http://gateway.test"))
            enough = time.monotonic() + (20 if restarted else 0.5)
            while not said and time.monotonic() < enough:
                await asyncio.sleep(0.01)
            watching.cancel()
            await asyncio.wait({watching})
        await child.stop()
        return said

    assert asyncio.run(scenario())[:1] == ["gave no right prediction for 0.1 s (frozen)"] * restarted
